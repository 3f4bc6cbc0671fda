using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>What <c>explain</c> shows.</summary>
/// <param name="Reasons">Exit reasons, by ISA.</param>
/// <param name="Parts">Parts of the wall clock.</param>
/// <param name="IsList">Whether each is one line of a list; else each has a page.</param>
public sealed record Explanation(IReadOnlyList<ExitCode> Reasons, IReadOnlyList<PartNames.PartInfo> Parts, bool IsList)
{
    /// <summary>Further names of a reason, each once.</summary>
    public static IReadOnlyList<string> Aliases(ExitReasonInfo info) =>
        [.. new[] { info.KernelName, info.TraceName, info.DropIn }.Concat(info.Aliases.Split(' '))
            .Where(a => a.Length > 0 && a != info.Name).Distinct()];
}
