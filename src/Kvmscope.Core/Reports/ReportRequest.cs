using Kvmscope.Core.Model;

namespace Kvmscope.Core.Reports;

/// <summary>What to show of an answer.</summary>
public sealed record ReportRequest
{
    private readonly GroupBy? _by;

    /// <summary>What is shown.</summary>
    public required ReportKind Kind { get; init; }

    /// <summary>The command's name, as machine formats carry it.</summary>
    public required string Command { get; init; }

    /// <summary>What has a row of its own: each reason, unless said; for <see cref="ReportKind.Hist"/> unless said nothing (one block).</summary>
    public GroupBy By
    {
        get => _by ?? (Kind == ReportKind.Hist ? GroupBy.None : GroupBy.Reason);
        init => _by = value;
    }

    /// <summary>What rows are ordered by; null is the number of exits for <see cref="ReportKind.Count"/>, else the total time.</summary>
    public SortKey? Sort { get; init; }

    /// <summary>Total, share and percentiles of the handling time as well (<see cref="ReportKind.Time"/>).</summary>
    public bool Stats { get; init; }

    /// <summary>The grouping that a snapshot must have for this request.</summary>
    public Grouping SnapshotGrouping =>
        By.HasFlag(GroupBy.Vcpu) ? Grouping.Vcpu : By.HasFlag(GroupBy.Vm) ? Grouping.Vm : Grouping.Host;

    /// <summary>The order that is asked for, or that of the kind.</summary>
    internal SortKey Order => Sort ?? (Kind == ReportKind.Count ? SortKey.Count : SortKey.Time);
}
