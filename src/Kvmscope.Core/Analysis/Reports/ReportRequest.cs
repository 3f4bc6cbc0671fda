using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>What to show of an answer.</summary>
public sealed record ReportRequest
{
    private readonly GroupBy? _by;

    /// <summary>What is shown.</summary>
    public required ReportKind Kind { get; init; }

    /// <summary>The command's name, as machine formats carry it.</summary>
    public required string Command { get; init; }

    /// <summary>
    /// What has a row of its own: each reason, unless said; for <see cref="ReportKind.Hist"/> unless said nothing (one block).
    /// </summary>
    public GroupBy By
    {
        get => _by ?? (Kind == ReportKind.Hist ? GroupBy.None : GroupBy.Reason);
        init => _by = value;
    }

    /// <summary>What rows are ordered by; null is the number of exits for <see cref="ReportKind.Count"/>, else the total time.</summary>
    public SortKey? Sort { get; init; }

    /// <summary>Total, share and percentiles of the handling time as well (<see cref="ReportKind.Time"/>).</summary>
    public bool Stats { get; init; }

    /// <summary>Where the vCPUs' wall clock went (<see cref="ReportKind.Time"/>).</summary>
    public bool Split { get; init; }

    /// <summary>Whether all exits are in the answer; else, with filters, there is no wall clock to split.</summary>
    public bool HasAllExits { get; init; } = true;

    /// <summary>Whether the answer is of a recording, so that what is missing in it cannot be had by waiting.</summary>
    public bool IsRecorded { get; init; }

    /// <summary>Whether the recorder had all exits; where it had not, no other filters here would bring them back.</summary>
    public bool WasAllRecorded { get; init; } = true;

    /// <summary>What became of L2's exits (<see cref="ReportKind.Time"/>).</summary>
    public bool Nested { get; init; }

    /// <summary>With <see cref="GroupBy.Qualifier"/>: how many of a reason have rows of their own; the rest is <c>other</c>.</summary>
    public int Top { get; init; } = DefaultTop;

    /// <summary>Say what the figures suggest (<see cref="Advice"/>).</summary>
    public bool Explain { get; init; }

    /// <summary><see cref="Top"/>, unless said.</summary>
    public const int DefaultTop = 10;

    /// <summary>The grouping that an interval must have for this request.</summary>
    public Grouping Grouping =>
        By.HasFlag(GroupBy.Vcpu) ? Grouping.Vcpu : Split || By.HasFlag(GroupBy.Vm) ? Grouping.Vm : Grouping.Host;

    /// <summary>What rows are grouped by: what is asked for, and by reason too where the table is about reasons.</summary>
    internal GroupBy RowsBy => Split ? ReasonsBy : Nested ? By | GroupBy.Reason : By;

    // What the rows under the wall clocks are grouped by: each reason, of all vCPUs together unless said.
    private GroupBy ReasonsBy => _by is { } by && by.HasFlag(GroupBy.Reason) ? by : (By & ~(GroupBy.Vm | GroupBy.Vcpu)) | GroupBy.Reason;

    /// <summary>The order that is asked for, or that of the kind.</summary>
    internal SortKey Order => Sort ?? (Kind == ReportKind.Count ? SortKey.Count : SortKey.Time);
}

/// <summary>What is shown of the exits.</summary>
public enum ReportKind
{
    /// <summary>How many.</summary>
    Count,

    /// <summary>How many, and their handling times.</summary>
    Time,

    /// <summary>The distribution of their handling times.</summary>
    Hist,
}

/// <summary>What has a row (or a block) of its own.</summary>
[Flags]
public enum GroupBy
{
    /// <summary>Nothing: all together.</summary>
    None = 0,

    /// <summary>Each exit reason.</summary>
    Reason = 1,

    /// <summary>Each VM.</summary>
    Vm = 2,

    /// <summary>Each vCPU of each VM; includes <see cref="Vm"/>.</summary>
    Vcpu = 4,

    /// <summary>L1 and L2.</summary>
    Level = 8,

    /// <summary>Each argument of each reason; includes <see cref="Reason"/>.</summary>
    Qualifier = 16,
}

/// <summary>What rows are ordered by: the largest first, but <see cref="Code"/>.</summary>
public enum SortKey
{
    /// <summary>Number of exits.</summary>
    Count,

    /// <summary>Total handling time.</summary>
    Time,

    /// <summary>Average handling time.</summary>
    Average,

    /// <summary>Longest handling time.</summary>
    Max,

    /// <summary>The reason's number, the lowest first.</summary>
    Code,
}
