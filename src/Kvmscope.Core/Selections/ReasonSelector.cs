using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Selections;

/// <summary>Looks up exit reasons as they were typed: a name, a number, or a <see cref="Glob"/> over the names.</summary>
public static class ReasonSelector
{
    /// <summary>
    /// The codes that a text stands for: of a name or a number at most one for each ISA, of a pattern all that it matches. Empty where
    /// there is none. A pattern is compared with the names that are shown, and only if it matches none of these with other spellings.
    /// </summary>
    /// <param name="text">As typed.</param>
    /// <param name="isa">The ISA; where it is not known, all count.</param>
    public static IReadOnlyList<ExitCode> Find(string text, Isa isa)
    {
        List<ExitCode> codes = [];
        foreach (IsaInfo candidate in IsaInfo.Candidates(isa))
        {
            if (ExitReasons.TryParse(text, candidate.Isa, out ulong code)) codes.Add(new ExitCode(candidate.Isa, code));
            else codes.AddRange(ExitReasonParser.Match(text, candidate).Select(matched => new ExitCode(candidate.Isa, matched)));
        }
        return codes;
    }

    /// <summary>The code of a reason.</summary>
    /// <exception cref="KvmscopeException">There is none (status 2, with near names).</exception>
    public static ulong Code(string text, Isa isa) => Codes(text, isa)[0];

    /// <summary>The codes of a text, of one ISA; at least one.</summary>
    /// <exception cref="KvmscopeException">There is none (status 2, with near names).</exception>
    public static IReadOnlyList<ulong> Codes(string text, Isa isa)
    {
        if (Find(text, isa) is [var first, ..] found) return [.. found.Where(c => c.Isa == first.Isa).Select(c => c.Code)];
        (string problem, string hint) = Unknown(text, isa);
        throw new KvmscopeException(ExitStatus.Usage, problem, hint);
    }

    /// <summary>What is wrong with a reason that is not found, and what may have been meant.</summary>
    internal static (string Problem, string Hint) Unknown(string text, Isa isa)
    {
        Glob? glob = Glob.Of(text);
        string[] near =
        [
            .. IsaInfo.Candidates(isa).SelectMany(i => ExitReasonParser.Suggest(glob?.Literal ?? text, i, isPart: glob is not null))
                .Distinct().Take(3),
        ];
        string scope = isa == Isa.None ? "" : $" of {IsaInfo.Of(isa).DisplayName}";
        return (glob is null ? $"'{text}' is not an exit reason{scope}" : $"no exit reason{scope} matches '{text}'",
            near.Length > 0 ? $"Did you mean {WordList.Or(near)}?"
            : glob is null ? "Give a name such as HLT or CPUID, or a number." : "'kvmscope explain' lists the names.");
    }
}
