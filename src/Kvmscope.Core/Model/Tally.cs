using System.Runtime.CompilerServices;

namespace Kvmscope.Core.Model;

/// <summary>Durations that were measured: how many, their sum, the longest, their histogram.</summary>
public abstract class Durations
{
    private Histogram? _bins;

    /// <summary>How many were measured. Equals the sum of <see cref="Bins"/>, where a histogram was kept.</summary>
    public ulong Timed { get; set; }

    /// <summary>Their sum in ns.</summary>
    public ulong TotalNs { get; set; }

    /// <summary>The longest in ns; 0 where none was measured.</summary>
    public ulong MaxNs { get; set; }

    /// <summary>Their histogram; made when it is first asked for.</summary>
    public Histogram Bins => _bins ??= new Histogram();

    /// <summary>Whether any histogram was kept; where not, it is empty.</summary>
    public bool HasBins => _bins is { Counts.IsEmpty: false };

    /// <summary>The longest in ns, or null where none was measured.</summary>
    public ulong? LongestNs => Timed == 0 || (MaxNs == 0 && !HasBins) ? null : MaxNs;

    /// <summary>The average in whole ns, or null where none was measured.</summary>
    public ulong? AverageNs => Timed == 0 ? null : (TotalNs / Timed) + (TotalNs % Timed >= Timed - (Timed / 2) ? 1UL : 0);

    /// <summary>The quantile in ns (<see cref="Histogram.Quantile"/>), or null where no histogram was kept.</summary>
    public ulong? Quantile(double q) => _bins?.Quantile(q, MaxNs);

    /// <summary>Adds one that was measured.</summary>
    internal void AddDuration(ulong ns)
    {
        Timed++;
        TotalNs += ns;
        MaxNs = Math.Max(MaxNs, ns);
        Bins.Add(HistogramLayout.BinOf(ns), 1);
    }

    /// <summary>Adds others.</summary>
    protected void AddDurations(Durations more)
    {
        AddFigures(more);
        AddBins(more);
    }

    /// <summary>Adds others without their histogram.</summary>
    protected void AddFigures(Durations more)
    {
        Timed += more.Timed;
        TotalNs += more.TotalNs;
        MaxNs = Math.Max(MaxNs, more.MaxNs);
    }

    /// <summary>Empties the histogram and keeps its memory.</summary>
    internal void ClearBins() => _bins?.Clear();

    /// <summary>Adds the histogram of others.</summary>
    internal void AddBins(Durations more)
    {
        if (more.HasBins) Bins.Add(more.Bins);
    }

    /// <summary>Adds the difference of two readings of cumulative counters; the longest is that of the later reading alone.</summary>
    /// <returns>False where any counter is less than it was; nothing is added then.</returns>
    protected bool TryAddDifference(Durations now, Durations before)
    {
        if (now.Timed < before.Timed || now.TotalNs < before.TotalNs) return false;
        if (before.HasBins && !now.HasBins) return false;
        if (now.HasBins && !Bins.TryAddDifference(now.Bins, before.Bins)) return false;
        Timed += now.Timed - before.Timed;
        TotalNs += now.TotalNs - before.TotalNs;
        MaxNs = Math.Max(MaxNs, now.MaxNs);
        return true;
    }

    /// <summary>Empties it for the next use; keeps its memory.</summary>
    public virtual void Clear()
    {
        Timed = TotalNs = MaxNs = 0;
        _bins?.Clear();
    }
}

/// <summary>
/// The counters of a group of exits; all sums and differences are made here. In an interval they are what happened in it; in the kernel's
/// tables they are cumulative, except the longest.
/// </summary>
public class Tally : Durations
{
    private TimeParts? _parts;

    /// <summary>
    /// Exits seen (kvm_exit), whether or not they were followed by an entry; <see cref="Durations.Timed"/> is of those that were.
    /// </summary>
    public ulong Count { get; set; }

    /// <summary>Of <see cref="Count"/>, exits with which a vCPU ended: no entry follows them, so they have no handling time.</summary>
    public ulong Final { get; set; }

    /// <summary>
    /// Where the handling time went, including open exits; null without the split. The guest's part is 0, and the time of an exit without
    /// an end is unattributed. In an interval parts may be negative (<see cref="TimeParts.Less"/>) until they are settled.
    /// </summary>
    public TimeParts? Parts
    {
        get => _parts;
        set => _parts = value;
    }

    /// <summary>Whether there are <see cref="Parts"/>.</summary>
    internal bool HasParts => _parts.HasValue;

    /// <summary>The same, not copied; all 0 without the split.</summary>
    internal ref readonly TimeParts PartsOrNone => ref Nullable.GetValueRefOrDefaultRef(in _parts);

    /// <summary>What became of reflected exits; null where nested rounds were not asked for, at L1, and where none was reflected.</summary>
    public ReflectedRounds? Rounds { get; set; }

    /// <summary>Whether anything is in it.</summary>
    public bool HasAny => Count != 0 || Timed != 0 || Final != 0 || Parts is { IsZero: false } || Rounds is { IsEmpty: false };

    /// <summary>Adds others.</summary>
    public void Add(Tally more)
    {
        Count += more.Count;
        Final += more.Final;
        AddDurations(more);
        if (more.HasParts) AddParts(more.PartsOrNone);
        if (more.Rounds is { } rounds) (Rounds ??= new ReflectedRounds()).Add(rounds);
    }

    /// <summary>Adds to where the time went.</summary>
    public void AddParts(in TimeParts parts)
    {
        if (HasParts) Unsafe.AsRef(in PartsOrNone).Add(parts);
        else _parts = parts;
    }

    /// <summary>
    /// Adds what happened between two readings of cumulative counters. Where a counter shrank, all restarted at zero in between, and the
    /// later reading is added as a whole.
    /// </summary>
    /// <returns>Whether the counters went on; false where they restarted.</returns>
    public bool AddDifference(Tally now, Tally before)
    {
        if (now.Count < before.Count || !TryAddDifference(now, before))
        {
            Add(now);
            return false;
        }
        Count += now.Count - before.Count;
        Final += now.Final - Math.Min(now.Final, before.Final);
        if (now.HasParts) AddParts(now.PartsOrNone.Less(before.PartsOrNone));
        if (now.Rounds is { } rounds) (Rounds ??= new ReflectedRounds()).AddDifference(rounds, before.Rounds);
        return true;
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        Count = Final = 0;
        Parts = null;
        Rounds = null;
    }
}

/// <summary>
/// L2 exits of one reason that were reflected to L1, and the rounds that they began: from the exit until L2 runs again on that vCPU.
/// <see cref="Durations.Timed"/> counts the rounds that ended.
/// </summary>
public sealed class ReflectedRounds : Durations
{
    /// <summary>Exits after which L1 ran: the exit was flagged L2 and the next entry was not.</summary>
    public ulong Reflected { get; set; }

    /// <summary>
    /// Of the ended rounds' time, handling of exits by this host (L0) in ns: the reflected exit and L1's; the rest is L1's own time.
    /// </summary>
    public ulong HandlingNs { get; set; }

    /// <summary>Exits of L1 in the ended rounds, the VM entry instruction's included.</summary>
    public ulong L1Exits { get; set; }

    /// <summary>Whether none was reflected and none ended.</summary>
    internal bool IsEmpty => Reflected == 0 && Timed == 0;

    /// <summary>The part of the ended rounds' time in which L1 itself ran, from 0 to 1; null where none ended.</summary>
    public double? L1TimeShare => Timed == 0 || TotalNs == 0 ? null : (double)(TotalNs - Math.Min(TotalNs, HandlingNs)) / TotalNs;

    /// <summary>Exits of L1 per ended round, on average; null where none ended.</summary>
    public double? L1ExitsPerRound => Timed == 0 ? null : (double)L1Exits / Timed;

    /// <summary>Exits that this host handled: those that ended and were not reflected.</summary>
    /// <param name="timed">How many exits ended.</param>
    /// <param name="rounds">Those that were reflected; null for none.</param>
    internal static ulong HandledOf(ulong timed, ReflectedRounds? rounds) => timed - Math.Min(timed, rounds?.Reflected ?? 0);

    /// <summary>Adds others.</summary>
    public void Add(ReflectedRounds more)
    {
        AddCounters(more);
        AddBins(more);
    }

    /// <summary>Adds others without their histogram (<see cref="Durations.AddBins"/>).</summary>
    internal void AddCounters(ReflectedRounds more)
    {
        AddFigures(more);
        Reflected += more.Reflected;
        HandlingNs += more.HandlingNs;
        L1Exits += more.L1Exits;
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        Reflected = HandlingNs = L1Exits = 0;
    }

    /// <summary>
    /// Adds the difference of two readings; the later one as a whole where there is no earlier one, or the counters restarted.
    /// </summary>
    public void AddDifference(ReflectedRounds now, ReflectedRounds? before)
    {
        if (before is null || now.Reflected < before.Reflected || !TryAddDifference(now, before))
        {
            Add(now);
            return;
        }
        Reflected += now.Reflected - before.Reflected;
        HandlingNs += Less(now.HandlingNs, before.HandlingNs);
        L1Exits += Less(now.L1Exits, before.L1Exits);
    }

    private static ulong Less(ulong now, ulong before) => now >= before ? now - before : now;
}

/// <summary>A sum of tallies. A single one is used as it is and not copied: most groups of a fine grouping have only one.</summary>
internal struct TallySum
{
    private static readonly Tally s_empty = new();

    private Tally? _sum;
    private bool _isOwn;

    /// <summary>Whether anything was added.</summary>
    internal readonly bool HasAny => _sum is not null;

    /// <summary>The sum; do not change it.</summary>
    internal readonly Tally Value => _sum ?? s_empty;

    /// <summary>Adds one that does not change any more.</summary>
    internal void Add(Tally more)
    {
        if (_sum is null)
        {
            _sum = more;
            return;
        }
        if (!_isOwn)
        {
            Tally own = new();
            own.Add(_sum);
            (_sum, _isOwn) = (own, true);
        }
        _sum.Add(more);
    }
}
