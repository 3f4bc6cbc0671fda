using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>An interval, grouped and ordered as requested.</summary>
/// <param name="Request">The request.</param>
/// <param name="Interval">The interval; its accounting has the exits of the report.</param>
/// <param name="Rows">The groups, in order.</param>
/// <param name="Total">The sum of all.</param>
/// <param name="Busy">All except what was idle (<see cref="Idleness"/>).</param>
public sealed record Report(ReportRequest Request, Interval Interval, IReadOnlyList<ReportRow> Rows, ReportRow Total, ReportRow Busy)
{
    /// <summary>
    /// For machine formats: the groups that were asked for, where <see cref="Rows"/> are finer, in order. A percentile of a group cannot be
    /// made of those of its rows.
    /// </summary>
    internal IReadOnlyList<ReportRow> Groups { get; init; } = [];

    /// <summary>The wall clocks, by VM and vCPU; empty without the split.</summary>
    public IReadOnlyList<WallRow> Walls { get; init; } = [];

    /// <summary>
    /// Whether exits of which only a part was idle are in <see cref="Busy"/>: with the rest of their time, and without percentiles and a
    /// maximum.
    /// </summary>
    public bool BusyHasRest { get; init; }

    /// <summary>Whether levels are known: where no ISA has them, columns for them would be empty.</summary>
    public bool HasLevels => Interval.Rows.Count == 0 || Interval.Rows.Any(r => Exits.IsaInfo.Of(r.Key.Code.Isa).HasLevels);

    /// <summary>Whether any exit of L1 is in the report.</summary>
    public bool HasL1 => Total.L1.Count > 0;

    /// <summary>Whether any exit of L2 is in the report.</summary>
    public bool HasL2 => Total.L2.Count > 0;

    /// <summary>Whether VMs of different processes have the same name.</summary>
    public bool NamesRepeat
    {
        get
        {
            Dictionary<string, int> pids = [];
            foreach (ReportRow row in Rows)
                if (row.Vm is { } vm && !pids.TryAdd(vm.Name, vm.Pid) && pids[vm.Name] != vm.Pid) return true;
            return false;
        }
    }
}

/// <summary>One group of a report; keys that the report is not grouped by are null.</summary>
public sealed class ReportRow
{
    private TallySum _l1, _l2;
    private Tally? _total;
    private ulong _busyL1, _busyL2, _idleNs, _workNs, _idleCount, _workCount;

    /// <summary>What tells it from the other rows of a report, and is the same in the reports of later intervals.</summary>
    internal (GroupKey Key, bool Idle) Group { get; init; }

    /// <summary>The VM.</summary>
    public VmIdentity? Vm { get; init; }

    /// <summary>The vCPU's id.</summary>
    public int? Vcpu { get; init; }

    /// <summary>The reason.</summary>
    public ExitCode? Code { get; init; }

    /// <summary>The level.</summary>
    public ExitLevel? Level { get; init; }

    /// <summary>
    /// Whether these exits are idle waiting, for most of their time; null where idle and busy exits are added up, and where there are none.
    /// </summary>
    public bool? Idle { get; internal set; }

    /// <summary>The reason's argument; none where rows are not grouped by it.</summary>
    public Qualifier Qualifier { get; init; }

    /// <summary>Page and instruction; null where rows are grouped by neither.</summary>
    public Place? Place { get; init; }

    /// <summary>Where the time went, open exits included; null without the split.</summary>
    public TimeParts? Parts => Total.Parts;

    /// <summary>What became of reflected exits; null where there were none, or they were not requested.</summary>
    public ReflectedRounds? Rounds => Total.Rounds;

    /// <summary>The sum of both levels.</summary>
    public Tally Total => _total ??= Sum();

    /// <summary>Exits of L1.</summary>
    public Tally L1 => _l1.Value;

    /// <summary>Exits of L2.</summary>
    public Tally L2 => _l2.Value;

    /// <summary>What of the time of a level was busy, in ns; of both where null.</summary>
    internal ulong BusyNs(ExitLevel? level) => level switch
    {
        ExitLevel.L2 => _busyL2,
        ExitLevel.L1 => _busyL1,
        _ => _busyL1 + _busyL2,
    };

    /// <summary>A row of several levels or qualifiers is idle or not as most of it is.</summary>
    internal void DecideIdle()
    {
        if (Idle is not null) Idle = _idleNs != _workNs ? _idleNs > _workNs : _idleCount > _workCount;
    }

    internal void Add(in ReportPart part, ExitLevel level)
    {
        Add(part.All, level);
        if (level == ExitLevel.L2) _busyL2 += part.BusyNs;
        else _busyL1 += part.BusyNs;
        if (part.IsIdle) (_idleNs, _idleCount) = (_idleNs + part.All.TotalNs, _idleCount + part.All.Count);
        else (_workNs, _workCount) = (_workNs + part.All.TotalNs, _workCount + part.All.Count);
    }

    internal void Add(Tally tally, ExitLevel level)
    {
        _total = null;
        if (level == ExitLevel.L2) _l2.Add(tally);
        else _l1.Add(tally);
    }

    internal void Add(ReportRow row)
    {
        if (row._l1.HasAny) Add(row.L1, ExitLevel.L1);
        if (row._l2.HasAny) Add(row.L2, ExitLevel.L2);
        (_busyL1, _busyL2) = (_busyL1 + row._busyL1, _busyL2 + row._busyL2);
    }

    // Most rows have one level only.
    private Tally Sum()
    {
        if (!_l2.HasAny) return L1;
        if (!_l1.HasAny) return L2;
        var sum = new Tally();
        sum.Add(L1);
        sum.Add(L2);
        return sum;
    }
}

/// <summary>The figures of a row's reflected exits of L2; null without a round.</summary>
internal static class Rounds
{
    /// <summary>Exits that were reflected to L1.</summary>
    internal static ulong Reflected(ReportRow row) => row.Rounds?.Reflected ?? 0;

    /// <summary>Exits that this host handled: those that ended and were not reflected.</summary>
    internal static ulong Handled(ReportRow row) => ReflectedRounds.HandledOf(row.Total.Timed, row.Rounds);

    /// <summary>The average round in ns.</summary>
    internal static ulong? AverageNs(ReportRow row) => row.Rounds is { Timed: > 0 } rounds ? rounds.AverageNs : null;

    /// <summary>The 99th percentile of the rounds in ns.</summary>
    internal static ulong? P99Ns(ReportRow row) => row.Rounds is { Timed: > 0 } rounds ? rounds.Quantile(0.99) : null;

    /// <summary>The part of the rounds' time in which L1 itself ran, from 0 to 1.</summary>
    internal static double? L1TimeShare(ReportRow row) => row.Rounds?.L1TimeShare;

    /// <summary>Exits of L1 per round, on average.</summary>
    internal static double? L1Exits(ReportRow row) => row.Rounds?.L1ExitsPerRound;
}
