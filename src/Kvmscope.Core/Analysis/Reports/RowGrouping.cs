using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>
/// How rows become groups. First they are added up in cells, which keep reasons and levels apart, because a reason is idle or not
/// (<see cref="Idleness"/>) for each of them; then cells become groups.
/// </summary>
/// <param name="by">What has its own group (<see cref="Whole"/>).</param>
internal readonly struct RowGrouping(GroupBy by)
{
    private readonly bool _byReason = by.HasFlag(GroupBy.Reason), _byLevel = by.HasFlag(GroupBy.Level);

    /// <summary>Which vCPUs are kept apart.</summary>
    internal Grouping Grouping { get; } =
        by.HasFlag(GroupBy.Vcpu) ? Grouping.Vcpu : by.HasFlag(GroupBy.Vm) ? Grouping.Vm : Grouping.Host;

    /// <summary>What exits of a reason are kept apart by.</summary>
    internal ExitParts Parts { get; } = ReportRequest.PartsOf(by);

    /// <summary>Whether reasons are kept apart.</summary>
    internal bool ByReason => _byReason;

    /// <summary>
    /// Whether groups are VMs or vCPUs and nothing else: only there does one without exits say something. It is there, and made none.
    /// </summary>
    internal bool IsOfVcpus { get; } = by != GroupBy.None && (by & ~(GroupBy.Vm | GroupBy.Vcpu)) == GroupBy.None;

    /// <summary>What is meant, with what it includes.</summary>
    internal static GroupBy Whole(GroupBy by)
    {
        if (by.HasFlag(GroupBy.Vcpu)) by |= GroupBy.Vm;
        if (ReportRequest.PartsOf(by) != ExitParts.None) by |= GroupBy.Reason;
        return by;
    }

    /// <summary>The cell of a row.</summary>
    internal GroupKey CellOf(GroupKey row) => row.At(Grouping).Keep(Parts);

    /// <summary>The group of a cell.</summary>
    internal GroupKey GroupOf(GroupKey cell) =>
        cell with { Code = _byReason ? cell.Code : default, Level = _byLevel ? cell.Level : default };
}
