using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Selections;

/// <summary>Looks up exit reasons as they were typed.</summary>
public static class ReasonSelector
{
    /// <summary>The codes that a name or number stands for, at most one for each ISA; empty where there is none.</summary>
    /// <param name="text">As typed.</param>
    /// <param name="isa">The ISA; where it is not known, all count.</param>
    public static IReadOnlyList<ExitCode> Find(string text, Isa isa)
    {
        List<ExitCode> codes = [];
        foreach (IsaInfo candidate in IsaInfo.Candidates(isa))
            if (ExitReasons.TryParse(text, candidate.Isa, out ulong code)) codes.Add(new ExitCode(candidate.Isa, code));
        return codes;
    }

    /// <summary>The code of a reason.</summary>
    /// <exception cref="KvmscopeException">There is none (status 2, with near names).</exception>
    public static ulong Code(string text, Isa isa)
    {
        if (Find(text, isa) is [var first, ..]) return first.Code;
        (string problem, string hint) = Unknown(text, isa);
        throw new KvmscopeException(ExitStatus.Usage, problem, hint);
    }

    /// <summary>What is wrong with a reason that is not found, and what may have been meant.</summary>
    internal static (string Problem, string Hint) Unknown(string text, Isa isa)
    {
        string[] near = [.. IsaInfo.Candidates(isa).SelectMany(i => ExitReasons.Suggest(text, i.Isa)).Distinct().Take(3)];
        string scope = isa == Isa.None ? "" : $" of {IsaInfo.Of(isa).DisplayName}";
        return ($"'{text}' is not an exit reason{scope}",
            near.Length > 0 ? $"Did you mean {WordList.Or(near)}?" : "Give a name such as HLT or CPUID, or a number.");
    }
}
