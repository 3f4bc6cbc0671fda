using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>The exits of an interval that have been open for long: what hangs. A vCPU that is halted does not.</summary>
internal static class LongOpen
{
    /// <summary>From here on, an open exit is worth a line: longer than any that a running guest makes.</summary>
    internal const ulong OverNs = 1_000_000_000;

    /// <summary>The oldest first.</summary>
    internal static IReadOnlyList<OpenAge> Of(Interval interval) =>
    [
        .. (interval.OpenAges ?? []).Where(open => open.Ns > OverNs && !ExitReasons.IsIdle(open.Key.Code))
            .OrderByDescending(open => open.Ns).ThenBy(open => open.Key.Vm).ThenBy(open => open.Key.Vcpu),
    ];
}
