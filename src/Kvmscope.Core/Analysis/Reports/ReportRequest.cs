using Kvmscope.Core.Model;
using Kvmscope.Core.Symbols;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>What to show of an interval.</summary>
public sealed record ReportRequest
{
    private readonly GroupBy? _by;
    private readonly bool? _idleApart;

    /// <summary>What is shown.</summary>
    public required ReportKind Kind { get; init; }

    /// <summary>The command's name, as machine formats carry it.</summary>
    public required string Command { get; init; }

    /// <summary>What has its own row; by default each reason, and for <see cref="ReportKind.Hist"/> nothing (one block).</summary>
    public GroupBy By
    {
        get => _by ?? (Kind == ReportKind.Hist ? GroupBy.None : GroupBy.Reason);
        init => _by = value;
    }

    /// <summary>The order of rows; null is the number of exits for <see cref="ReportKind.Count"/>, else the total time.</summary>
    public SortKey? Sort { get; init; }

    /// <summary>Also total, share and percentiles of the handling time (<see cref="ReportKind.Time"/>).</summary>
    public bool Stats { get; init; }

    /// <summary>
    /// Whether L1 and L2 are shown apart also where no exit of L2 was seen (<see cref="ReportKind.Count"/>, <see cref="ReportKind.Time"/>).
    /// </summary>
    public bool Levels { get; init; }

    /// <summary>Where the vCPUs' wall clock went (<see cref="ReportKind.Time"/>).</summary>
    public bool Split { get; init; }

    /// <summary>Whether all exits are in the interval; with filters there is no wall clock to split.</summary>
    public bool HasAllExits { get; init; } = true;

    /// <summary>Whether the interval is from a recording: then waiting does not bring what is missing.</summary>
    public bool IsRecorded { get; init; }

    /// <summary>Whether the recorder had all exits; if not, other filters here do not bring them back.</summary>
    public bool WasAllRecorded { get; init; } = true;

    /// <summary>What became of L2's exits (<see cref="ReportKind.Time"/>).</summary>
    public bool Nested { get; init; }

    /// <summary>
    /// With <see cref="GroupBy.Qualifier"/>, <see cref="GroupBy.Page"/>, <see cref="GroupBy.Rip"/>: how many of a reason have their own
    /// rows; the rest is <c>other</c>.
    /// </summary>
    public int Top { get; init; } = DefaultTop;

    /// <summary>Whether to say what the figures suggest (<see cref="Advice"/>).</summary>
    public bool Explain { get; init; }

    /// <summary>Whether VMs are kept apart; false for a recording that was made without.</summary>
    public bool HasVms { get; init; } = true;

    /// <summary>
    /// Whether the split, qualifiers and rounds are needed, whatever the table shows: for advice, which needs all exits too.
    /// </summary>
    public bool NeedsAll => Explain && HasAllExits;

    /// <summary>The default of <see cref="Top"/>.</summary>
    public const int DefaultTop = 10;

    /// <summary>Whether it is about returns to the VMM. Live, vCPUs are kept apart: those that do not return are counted.</summary>
    public bool OfReturns => By.HasFlag(GroupBy.Vmm);

    /// <summary>The grouping that an interval must have for this request.</summary>
    public Grouping Grouping =>
        By.HasFlag(GroupBy.Vcpu) || (OfReturns && !IsRecorded) ? Grouping.Vcpu
        : (Split && WallsBy == Grouping.Vm) || By.HasFlag(GroupBy.Vm) || (NeedsAll && HasVms) ? Grouping.Vm
        : Grouping.Host;

    /// <summary>Which wall clocks are rows of their own: those of VMs, unless vCPUs are asked for, or one sum of all.</summary>
    internal Grouping WallsBy => By.HasFlag(GroupBy.Vcpu) ? Grouping.Vcpu : By == GroupBy.None ? Grouping.Host : Grouping.Vm;

    /// <summary>What exits of a reason must be kept apart by in an interval for this request.</summary>
    public ExitParts Parts => PartsOf(By) | (NeedsAll ? ExitParts.Qualifier : ExitParts.None);

    /// <summary>With <see cref="GroupBy.Page"/>: the size of a page as a power of two; null as in the interval.</summary>
    public int? PageShift { get; init; }

    /// <summary>With <see cref="GroupBy.Rip"/>: names of the guest's instructions; null for none.</summary>
    public SymbolTable? Symbols { get; init; }

    /// <summary>The parts of exits by which rows are grouped.</summary>
    internal static ExitParts PartsOf(GroupBy by) => (by.HasFlag(GroupBy.Qualifier) ? ExitParts.Qualifier : 0)
        | (by.HasFlag(GroupBy.Page) ? ExitParts.Page : 0) | (by.HasFlag(GroupBy.Rip) ? ExitParts.Rip : 0);

    /// <summary>What rows are grouped by: as requested, and by reason too where the table is about reasons.</summary>
    internal GroupBy RowsBy => Split ? ReasonsBy : Nested ? By | GroupBy.Reason : By;

    // What the rows under the wall clocks are grouped by: by default each reason, summed over all vCPUs.
    private GroupBy ReasonsBy => _by is { } by && by.HasFlag(GroupBy.Reason) ? by : (By & ~(GroupBy.Vm | GroupBy.Vcpu)) | GroupBy.Reason;

    /// <summary>The requested order, or that of the kind.</summary>
    internal SortKey Order => Sort ?? (Kind == ReportKind.Count ? SortKey.Count : SortKey.Time);

    /// <summary>
    /// Whether idle exits come last: how long a vCPU waited would hide what the others cost. By default for
    /// <see cref="ReportKind.Time"/>, except where halts are a part of what is split.
    /// </summary>
    internal bool IdleApart
    {
        get => _idleApart ?? (Kind == ReportKind.Time && !Split);
        init => _idleApart = value;
    }
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

/// <summary>What has its own row or block.</summary>
[Flags]
public enum GroupBy
{
    /// <summary>Nothing: one sum.</summary>
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

    /// <summary>Each page of the guest's memory, of each reason; includes <see cref="Reason"/>.</summary>
    Page = 32,

    /// <summary>Each instruction of the guest, of each reason; includes <see cref="Reason"/>.</summary>
    Rip = 64,

    /// <summary>What KVM_RUN returned with to the VMM: rows are returns then, and not exits (<see cref="VmmReport"/>).</summary>
    Vmm = 256,
}

/// <summary>What rows are ordered by: the largest first, except <see cref="Code"/>.</summary>
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
