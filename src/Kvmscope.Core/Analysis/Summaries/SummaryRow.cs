using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Summaries;

/// <summary>
/// One group of a <see cref="Summary"/>. It is about its group as long as the summary is asked the same; do not keep it for longer.
/// </summary>
public sealed class SummaryRow
{
    private readonly List<ReasonShare> _reasons = new(MostReasons);
    private readonly ReflectedRounds _rounds = new();
    private readonly RowBasis _basis;
    private ulong _idleNs, _workNs, _workCount, _basisTimed, _basisMaxNs, _longestNs, _idleVmmNs;
    private TimeParts _parts;
    private bool _hasParts, _hasRounds, _hasBasis, _hasCells, _hasWork;

    internal SummaryRow(GroupKey key, RowBasis basis, WallClock wall) => (Key, _basis, Wall) = (key, basis, wall);

    /// <summary>How many reasons a row names.</summary>
    public const int MostReasons = 6;

    /// <summary>Which group; what is not kept apart is <see cref="GroupKey.None"/> or the default.</summary>
    public GroupKey Key { get; }

    /// <summary>How many vCPUs the VM has, or the scope in the sum of all; 1 for a vCPU; 0 for others, and where it is not known.</summary>
    public int Vcpus { get; internal set; }

    /// <summary>All exits.</summary>
    public ulong Count { get; private set; }

    /// <summary>Of <see cref="Count"/>, those of L2.</summary>
    public ulong L2Count { get; private set; }

    /// <summary>Of <see cref="Count"/>, those of reasons that were idle for most of their time (<see cref="Idleness"/>).</summary>
    public ulong IdleCount { get; private set; }

    /// <summary>Handling time of busy exits, and the busy part of others, ns.</summary>
    public ulong BusyNs { get; private set; }

    /// <summary>Handling time of all exits, ns.</summary>
    public ulong TotalNs { get; private set; }

    /// <summary>Exits with a handling time, of all.</summary>
    public ulong Timed { get; private set; }

    /// <summary>Of one reason, whether most of its time was idle; of others, whether they made only such exits.</summary>
    public bool IsIdle { get; private set; }

    /// <summary>
    /// The longest handling time, ns; null where none was timed. Without the reasons that were idle for most of their time, as reports have
    /// it for busy exits, unless the row is about one reason or is idle. In the sum of all, without any that was idle for some of its time.
    /// </summary>
    public ulong? MaxNs { get; internal set; }

    /// <summary>The median of the same exits, ns; null before <see cref="Summary.AddDetail"/>, and where no histogram was kept.</summary>
    public ulong? P50Ns { get; private set; }

    /// <summary>The 99th percentile of the same exits, ns; as for <see cref="P50Ns"/>.</summary>
    public ulong? P99Ns { get; private set; }

    /// <summary>
    /// Where the time went: of a VM or vCPU its wall clock, as <see cref="WallRow"/> says (<see cref="Summary.HasWallClocks"/>); of other
    /// groups the time of their exits; null without the split.
    /// </summary>
    public TimeParts? Parts { get; private set; }

    /// <summary>
    /// The wall clock of the row's vCPU or VM, or of all of the scope where rows have neither, ns; 0 where it is not known.
    /// </summary>
    public ulong WallNs { get; private set; }

    /// <summary>
    /// Of <see cref="Parts"/>, what the vCPUs wanted to run and did not: in KVM, in the VMM except for idle reasons, and in the run queue;
    /// ns; null without the split.
    /// </summary>
    public ulong? LostNs { get; private set; }

    /// <summary>
    /// What became of L2's exits; null where none was reflected, or it was not asked for. Its histogram is empty before
    /// <see cref="Summary.AddDetail"/>.
    /// </summary>
    public ReflectedRounds? Rounds => _hasRounds ? _rounds : null;

    /// <summary>Exits that ended and were not reflected.</summary>
    public ulong Handled => ReflectedRounds.HandledOf(Timed, Rounds);

    /// <summary>
    /// Of a VM or vCPU, its reasons with busy time, the largest first, at most <see cref="MostReasons"/>; empty before
    /// <see cref="Summary.AddDetail"/>, and where rows are reasons.
    /// </summary>
    public IReadOnlyList<ReasonShare> Reasons => _reasons;

    /// <summary>The reading of its summary that it was made in.</summary>
    internal long Reading { get; private set; }

    /// <summary>The first of its cells; each has the next one.</summary>
    internal int FirstCell { get; set; }

    /// <summary>The wall clock that it is part of.</summary>
    internal WallClock Wall { get; }

    /// <summary>Empties it for the next reading.</summary>
    internal void Begin(long reading)
    {
        Reading = reading;
        FirstCell = SummaryCell.None;
        Vcpus = 0;
        Count = L2Count = IdleCount = BusyNs = TotalNs = Timed = WallNs = 0;
        MaxNs = P50Ns = P99Ns = LostNs = null;
        Parts = null;
        IsIdle = _hasParts = _hasRounds = _hasBasis = _hasCells = _hasWork = false;
        _idleNs = _workNs = _workCount = _basisTimed = _basisMaxNs = _longestNs = _idleVmmNs = 0;
        _parts = default;
        _reasons.Clear();
    }

    /// <summary>Adds exits.</summary>
    internal void Add(in SummaryCell cell)
    {
        _hasCells = true;
        Count += cell.Count;
        if (cell.Key.Level == ExitLevel.L2) L2Count += cell.Count;
        Timed += cell.Timed;
        TotalNs += cell.TotalNs;
        BusyNs += cell.Busy.Ns;
        _longestNs = Math.Max(_longestNs, cell.MaxNs);
        if (cell.Busy.IsMostlyIdle) (IdleCount, _idleNs) = (IdleCount + cell.Count, _idleNs + cell.TotalNs);
        else (_hasWork, _workCount, _workNs) = (true, _workCount + cell.Count, _workNs + cell.TotalNs);
        if (IsOfBasis(cell))
        {
            _hasBasis = true;
            _basisTimed += cell.Timed;
            _basisMaxNs = Math.Max(_basisMaxNs, cell.MaxNs);
        }
        if (!cell.HasParts) return;
        _hasParts = true;
        _parts.Add(cell.Parts);
        if (cell.IsIdleReason) _idleVmmNs += cell.Parts[TimePart.Vmm];
    }

    /// <summary>Adds reflected exits, without their histogram.</summary>
    internal void Add(ReflectedRounds rounds)
    {
        if (!_hasRounds) _rounds.Clear();
        _hasRounds = true;
        _rounds.AddCounters(rounds);
    }

    /// <summary>Makes what follows from the sums.</summary>
    /// <param name="ofWallClock">Whether its parts are a wall clock.</param>
    internal void Finish(bool ofWallClock)
    {
        IsIdle = _basis == RowBasis.All
            ? _idleNs != _workNs ? _idleNs > _workNs : IdleCount > _workCount
            : _hasCells && !_hasWork;
        WallNs = Wall.Ns;
        if (ofWallClock && (Wall.Ns > 0 || _hasParts))
        {
            _parts.Add(Wall.Parts);
            Parts = WallClockBuilder.Level(_parts, WallNs);
        }
        else if (_hasParts && !ofWallClock) Parts = _parts;
        if (Parts is { } parts) LostNs = LostTime.Of(parts, _idleVmmNs);
    }

    /// <summary>Makes what follows from the sums, of the sum of rows whose parts are wall clocks.</summary>
    internal void FinishSum(List<SummaryRow> rows)
    {
        Finish(ofWallClock: false);
        TimeParts parts = default;
        ulong lostNs = 0;
        foreach (SummaryRow row in rows)
        {
            if (row.Parts is not { } more) continue;
            parts.Add(more);
            lostNs += row.LostNs.GetValueOrDefault();
        }
        (Parts, LostNs) = (parts, lostNs);
    }

    /// <summary>The exits of its longest: how many have a handling time, and the longest.</summary>
    internal (ulong Timed, ulong Ns) Longest => HasAll ? (Timed, _longestNs) : (_basisTimed, _basisMaxNs);

    /// <summary>Makes the percentiles.</summary>
    internal void SetPercentiles(Histogram bins)
    {
        P50Ns = bins.Quantile(0.5, Longest.Ns);
        P99Ns = bins.Quantile(0.99, Longest.Ns);
    }

    /// <summary>Empties the histogram of reflected exits.</summary>
    internal void ClearBins() => _rounds.ClearBins();

    /// <summary>Adds the histogram of reflected exits.</summary>
    internal void AddBins(ReflectedRounds rounds) => _rounds.AddBins(rounds);

    /// <summary>Makes the reasons from what has any busy time; reorders it.</summary>
    internal void SetReasons(List<ReasonShare> all)
    {
        _reasons.Clear();
        while (_reasons.Count < MostReasons && all.Count > 0)
        {
            int largest = 0;
            for (int i = 1; i < all.Count; i++)
                if (all[i].CompareTo(all[largest]) > 0) largest = i;
            _reasons.Add(all[largest]);
            all[largest] = all[^1];
            all.RemoveAt(all.Count - 1);
        }
    }

    /// <summary>Whether these of its exits are in its longest and its percentiles.</summary>
    internal bool HasInFigures(in SummaryCell cell) => HasAll || IsOfBasis(cell);

    private bool HasAll => !_hasBasis && _basis != RowBasis.WhollyBusy;

    private bool IsOfBasis(in SummaryCell cell) => _basis switch
    {
        RowBasis.All => true,
        RowBasis.MostlyBusy => !cell.Busy.IsMostlyIdle,
        _ => cell.Busy.IsWhole,
    };
}

/// <summary>Which exits the longest and the percentiles of a row are of.</summary>
internal enum RowBasis
{
    /// <summary>All: the row is about one reason.</summary>
    All,

    /// <summary>Those that were not idle for most of their time; where there are none, all.</summary>
    MostlyBusy,

    /// <summary>Those that were not idle at all: it is the sum of all.</summary>
    WhollyBusy,
}

/// <summary>How much one reason has of a group's exits.</summary>
/// <param name="Code">The reason.</param>
/// <param name="Count">Its exits.</param>
/// <param name="BusyNs">Their busy handling time, ns.</param>
public readonly record struct ReasonShare(ExitCode Code, ulong Count, ulong BusyNs)
{
    /// <summary>More busy time is more, then more exits, then the lower code.</summary>
    internal int CompareTo(in ReasonShare other)
    {
        int order = BusyNs.CompareTo(other.BusyNs);
        if (order == 0) order = Count.CompareTo(other.Count);
        return order != 0 ? order : other.Code.Code.CompareTo(Code.Code);
    }
}
