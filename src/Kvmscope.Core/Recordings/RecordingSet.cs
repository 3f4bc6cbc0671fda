using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;

namespace Kvmscope.Core.Recordings;

/// <summary>
/// One recording, or several of one host as one: in the order in which they were made, with the gaps between them. At most a few indexes
/// are in memory at once, whatever the number of recordings.
/// <para>
/// Times on its axis are ns since its begin: CLOCK_MONOTONIC within a boot; between two boots the wall clock. With several recordings what
/// is damaged is left out (<see cref="Damage"/>); in one it is an error.
/// </para>
/// </summary>
public sealed class RecordingSet
{
    private const int MostOpen = 2;

    private readonly List<Placed> _parts = [];
    private readonly Func<RecordingPart, Recording> _open;
    private readonly List<(int Part, Recording Recording)> _opened = [];
    private readonly RunningVms? _running;
    private VmNumbers? _vms;
    private readonly List<string> _damage = [];
    private (int First, int Last) _chosen;

    // One of the recordings: where it begins on the axis, the index and the number of its first interval, and whether it continues another.
    private sealed record Placed(RecordingPart Part, long At, int Base, long Number, int Recorder, bool Continues)
    {
        internal long End => At + Part.ToNs - Part.FromNs;

        internal long NsAt(long place) => place - At + Part.FromNs;
    }

    /// <summary>Puts recordings in order.</summary>
    /// <param name="parts">At least one, each with an interval.</param>
    /// <param name="open">Opens one; it may be asked for the same again.</param>
    /// <exception cref="KvmscopeException">They are of two hosts (status 2).</exception>
    public RecordingSet(IEnumerable<RecordingPart> parts, Func<RecordingPart, Recording> open)
        : this(parts, open, null)
    {
    }

    /// <summary>Puts recordings in order whose VMs have the numbers that they have in a trace that is running.</summary>
    internal RecordingSet(IEnumerable<RecordingPart> parts, Func<RecordingPart, Recording> open, RunningVms? running)
    {
        (_open, _running) = (open, running);
        foreach (RecordingPart part in InOrder(parts)) Place(part);
        foreach (Placed placed in _parts) RecordingPart.CheckHosts(_parts[0].Part, placed.Part);
        if (!IsOne) _vms = new VmNumbers(running);
        _chosen = (0, _parts.Count - 1);
        Clock = new RecordedClock(Stretches(), HostZone.Join([.. _parts.Select(p => (p.Part.Clock.Begin, p.Part.Header.Zone))]));
        Header = MergedHeader();
    }

    /// <summary>Where, when and how the chosen recordings were made: the first's, with the VMs of all.</summary>
    public RecordingHeader Header { get; private set; }

    /// <summary>The wall clock.</summary>
    public RecordedClock Clock { get; }

    /// <summary>How many intervals all have.</summary>
    public int Intervals => _parts[^1].Base + _parts[^1].Part.Intervals;

    /// <summary>The chosen recordings, in order.</summary>
    public IEnumerable<RecordingPart> Chosen => ChosenParts.Select(p => p.Part);

    /// <summary>All intervals of the chosen recordings.</summary>
    /// <exception cref="KvmscopeException">There is one recording, and its start or its end is missing (1).</exception>
    public IntervalRange All => IsOne ? Range(null, null) : RangeOf(_parts[_chosen.First], _parts[_chosen.Last]);

    /// <summary>All intervals of the chosen recordings that are there, whether or not others are missing.</summary>
    internal IntervalRange Known => RangeOf(_parts[_chosen.First], _parts[_chosen.Last]);

    /// <summary>What was damaged and left out so far, one sentence for each.</summary>
    public IReadOnlyList<string> Damage => _damage;

    private bool IsOne => _parts.Count == 1 && _running is null;

    private IEnumerable<Placed> ChosenParts => _parts.Skip(_chosen.First).Take(_chosen.Last - _chosen.First + 1);

    /// <summary>Chooses the recordings of a time; others are not read, and may be made in other ways.</summary>
    /// <param name="from">On the axis; null for the begin.</param>
    /// <param name="to">On the axis; null for the end.</param>
    /// <exception cref="KvmscopeException">Two of them overlap, or were not made alike (status 2).</exception>
    public void Choose(long? from, long? to)
    {
        int first = _parts.FindIndex(p => p.End > (from ?? long.MinValue)), last = _parts.FindLastIndex(p => p.At < (to ?? long.MaxValue));
        // A time between two: neither has anything of it.
        if (first < 0 || last < first) (first, last) = (Math.Max(0, last), Math.Max(0, last));
        _chosen = (first, last);
        Placed longest = _parts[first];
        foreach (Placed part in ChosenParts.Skip(1))
        {
            CheckOrder(longest, part);
            RecordingPart.CheckOptions(_parts[first].Part, part.Part);
            if (part.End > longest.End) longest = part;
        }
        Header = MergedHeader();
    }

    /// <summary>The intervals that are mostly between two places on the axis.</summary>
    /// <exception cref="KvmscopeException">There is one recording, and intervals are missing at the edges (1).</exception>
    public IntervalRange Range(long? from, long? to)
    {
        if (IsOne) return Open(0).Range(Ns(0, from), Ns(0, to));
        int first = from is { } begin ? IndexOf(begin, Recording.EdgeOf) : 0;
        int end = to is { } last ? IndexOf(last, Recording.EdgeOf) : Intervals;
        return new IntervalRange(first, Math.Max(0, end - first));
    }

    /// <summary>The first interval that is not mostly before a place on the axis, of all recordings.</summary>
    public int EdgeAt(long place) => IndexOf(place, Recording.EdgeOf);

    /// <summary>The intervals that have anything of the time between two places on the axis.</summary>
    public IntervalRange Touching(long? from, long? to)
    {
        int first = from is { } begin ? IndexOf(begin, static (head, ns) => head.ToNs <= ns) : 0;
        int end = to is { } last ? IndexOf(last, static (head, ns) => head.FromNs < ns) : Intervals;
        return new IntervalRange(first, Math.Max(0, end - first));
    }

    /// <summary>The parts of some intervals between which nothing is missing, in order.</summary>
    /// <exception cref="KvmscopeException">There is one recording, and intervals are missing in it (1).</exception>
    public IEnumerable<IntervalRange> Pieces(IntervalRange range)
    {
        if (IsOne)
        {
            Open(0).CheckNumbers(range);
            return [range];
        }
        var pieces = new List<IntervalRange>();
        foreach ((int part, IntervalRange local) in Split(range))
        {
            bool isNext = pieces.Count > 0 && _parts[part].Continues && local.First == 0;
            foreach (IntervalRange run in Open(part).Runs(local))
            {
                var piece = new IntervalRange(run.First + _parts[part].Base, run.Count);
                if (isNext && pieces[^1].End == piece.First) pieces[^1] = pieces[^1] with { Count = pieces[^1].Count + piece.Count };
                else pieces.Add(piece);
                isNext = false;
            }
        }
        return pieces;
    }

    /// <summary>Some intervals by the recordings that they are in, in order.</summary>
    public IEnumerable<(RecordingPart Part, IntervalRange Range)> PartsOf(IntervalRange range) => Split(range)
        .Select(s => (_parts[s.Part].Part, new IntervalRange(_parts[s.Part].Base + s.Local.First, s.Local.Count)));

    /// <summary>Where nothing was recorded between the recordings of some intervals.</summary>
    public IEnumerable<RecordingGap> Gaps(IntervalRange range)
    {
        int before = -1;
        foreach ((int part, _) in Split(range))
        {
            // Two recorders one right after the other leave none.
            if (before >= 0 && !_parts[part].Continues && _parts[part].At > _parts[before].End)
                yield return new RecordingGap(_parts[before].Part.Clock.End, _parts[part].Part.Clock.Begin,
                    TimeSpan.FromTicks((_parts[part].At - _parts[before].End) / 100),
                    _parts[before].Part.Header.BootId != _parts[part].Part.Header.BootId);
            before = part;
        }
    }

    /// <summary>The number of an interval as the recorders counted, those of earlier recordings included.</summary>
    public long NumberOf(int interval)
    {
        (int part, int local) = Locate(interval);
        return _parts[part].Number + Open(part).NumberOf(local);
    }

    /// <summary>What the host's clock showed when an interval began.</summary>
    public DateTimeOffset BeginOf(int interval) => Of(interval, static (recording, local) => recording.BeginOf(local));

    /// <summary>What the host's clock showed when an interval ended.</summary>
    public DateTimeOffset EndOf(int interval) => Of(interval, static (recording, local) => recording.EndOf(local));

    /// <summary>How long an interval was, ns.</summary>
    public long LengthNs(int interval) => Of(interval, static (recording, local) => recording.LengthNs(local));

    /// <summary>
    /// Whether some intervals, or a part of them after a gap, go on from earlier ones, which may have left exits open.
    /// </summary>
    public bool IsContinued(IntervalRange range)
    {
        foreach (IntervalRange piece in IsOne ? [range] : Pieces(range))
        {
            (int part, int local) = Locate(piece.First);
            if (local > 0 || _parts[part].Part.Header.IsContinued) return true;
        }
        return false;
    }

    /// <summary>Adds up intervals, with as few reads as the spans allow.</summary>
    /// <param name="range">The intervals.</param>
    /// <param name="grouping">Which vCPUs are kept apart.</param>
    /// <param name="parts">What exits of a reason are kept apart by.</param>
    /// <param name="wants">Which rows are added; all where null.</param>
    /// <param name="expected">How many rows the sum is likely to have.</param>
    /// <exception cref="KvmscopeException">There is one recording, and something that it needs is damaged (1).</exception>
    public IntervalSum Sum(IntervalRange range, Grouping grouping, ExitParts parts = ExitParts.All, Func<GroupKey, bool>? wants = null,
        int expected = 0) => Sum(range, grouping, parts, wants, null, expected);

    private IntervalSum Sum(
        IntervalRange range, Grouping grouping, ExitParts parts, Func<GroupKey, bool>? wants, Action? check, int expected = 0)
    {
        var sum = new IntervalSum(grouping, parts, wants, RecordingLimits.Summed, expected);
        if (IsOne)
        {
            Open(0).Visit(range, sum.Add, sum.Add);
            return sum;
        }
        foreach ((int part, IntervalRange local) in Split(range)) Add(part, local, sum, check);
        return sum;
    }

    private void Add(int part, IntervalRange local, IntervalSum sum, Action? check)
    {
        Placed placed = _parts[part];
        Recording recording;
        try
        {
            recording = Open(part);
        }
        catch (KvmscopeException error)
        {
            // It was removed or cut since it was found; the others are there.
            Lose(error);
            return;
        }
        _vms?.Begin(placed.Recorder, placed.Part);
        var joiner = new Joiner(placed.Number, GoesOn(part, local.First) ? recording.BeginNs(local.First) : null);
        recording.Visit(local, Take, sum.Add, _vms, Lose);

        void Take(Interval interval)
        {
            check?.Invoke();
            sum.Add(joiner.Join(interval));
        }
    }

    /// <summary>Adds up intervals; of one recording too, what is damaged is left out (<see cref="Damage"/>).</summary>
    internal IntervalSum SumOfKnown(
        IntervalRange range, Grouping grouping, ExitParts parts, Func<GroupKey, bool>? wants = null, Action? check = null)
    {
        if (!IsOne) return Sum(range, grouping, parts, wants, check);
        var sum = new IntervalSum(grouping, parts, wants, RecordingLimits.Summed);
        // Its begin is no gap.
        long? end = range.First == 0 || GoesOn(0, range.First) ? Open(0).BeginNs(range.First) : null;
        var joiner = new Joiner(0, end);
        Open(0).Visit(range, Take, sum.Add, null, Lose);
        return sum;

        void Take(Interval interval)
        {
            check?.Invoke();
            sum.Add(joiner.Join(interval));
        }
    }

    /// <summary>Numbers VMs anew where a trace that is running has one that had another number so far.</summary>
    /// <returns>Whether it did.</returns>
    internal bool Renumber()
    {
        if (_vms is not { IsOutdated: true }) return false;
        _vms = new VmNumbers(_running);
        return true;
    }

    /// <summary>The first interval from one on at which a span may begin, or a recording ends.</summary>
    internal int SpanFrom(int interval, int depth)
    {
        if (interval >= Intervals) return interval;
        (int part, int local) = Locate(interval);
        int over = (int)(Open(part).NumberOf(local) % RecordingWriter.Length(depth));
        return over == 0 ? interval
            : _parts[part].Base + Math.Min(_parts[part].Part.Intervals, local + RecordingWriter.Length(depth) - over);
    }

    /// <summary>Where an interval begins and ends on the axis.</summary>
    internal (long From, long To) PlacesOf(int interval)
    {
        (int part, int local) = Locate(interval);
        long from = Open(part).BeginNs(local) - _parts[part].Part.FromNs + _parts[part].At;
        return (from, from + Open(part).LengthNs(local));
    }

    /// <summary>The slow exits that ended between two places on the axis, in order.</summary>
    /// <param name="range">The intervals that may have them.</param>
    /// <param name="from">On the axis; null for the begin.</param>
    /// <param name="to">On the axis; null for the end.</param>
    /// <exception cref="KvmscopeException">There is one recording, and something that it needs is damaged (1).</exception>
    public IEnumerable<SlowExit> Slow(IntervalRange range, long? from, long? to) => SlowAt(range, from, to).Select(slow => slow.Exit);

    /// <summary>The same, each with CLOCK_MONOTONIC when it ended.</summary>
    public IEnumerable<(SlowExit Exit, long Ns)> SlowAt(IntervalRange range, long? from, long? to)
    {
        foreach ((int part, IntervalRange local) in Split(range))
        {
            Placed placed = _parts[part];
            _vms?.Begin(placed.Recorder, placed.Part);
            long begin = from is { } first ? placed.NsAt(first) : long.MinValue, end = to is { } last ? placed.NsAt(last) : long.MaxValue;
            foreach ((SlowExit exit, long ns) in Open(part).Slow(local, _vms, IsOne ? null : Lose))
                if (ns >= begin && ns < end) yield return (exit, ns);
        }
    }

    private void Lose(KvmscopeException error)
    {
        if (!_damage.Contains(error.Message)) _damage.Add(error.Message);
    }

    internal static IEnumerable<RecordingPart> InOrder(IEnumerable<RecordingPart> parts)
    {
        // Within a boot by the clock that is never set; a file without a boot is one of its own.
        var boots = parts.GroupBy(p => p.Header.BootId.Length > 0 ? p.Header.BootId : p.Name)
            .Select(boot => boot.OrderBy(p => p.FromNs).ThenBy(p => p.ToNs).ToArray());
        return boots.OrderBy(boot => boot[0].Clock.Begin).SelectMany(boot => boot);
    }

    private void Place(RecordingPart part)
    {
        if (_parts.Count == 0)
        {
            _parts.Add(new Placed(part, 0, 0, 0, 0, false));
            return;
        }
        Placed before = _parts[^1];
        bool continues = part.Continues(before.Part);
        long at = part.Header.BootId.Length > 0 && part.Header.BootId == before.Part.Header.BootId
            ? before.At + part.FromNs - before.Part.FromNs
            : before.End + Math.Max(0, (part.Clock.Begin - before.Part.Clock.End).Ticks * 100);
        _parts.Add(new Placed(part, at, before.Base + before.Part.Intervals, before.Number + before.Part.Numbers,
            continues ? before.Recorder : before.Recorder + 1, continues));
    }

    private List<ClockStretch> Stretches()
    {
        var all = new List<ClockStretch>();
        foreach (Placed placed in _parts)
        {
            ClockStretch[] own = [.. placed.Part.StretchesAt(placed.At - placed.Part.FromNs)];
            // Between two recordings the clock went on, as far as is known.
            if (all.Count > 0 && placed.At >= all[^1].To) all.Add(new ClockStretch(all[^1].To, placed.At, all[^1].WallTo, own[0].WallFrom));
            all.AddRange(own);
        }
        return all;
    }

    private static void CheckOrder(Placed before, Placed next)
    {
        bool sameBoot = before.Part.Header.BootId == next.Part.Header.BootId;
        DateTimeOffset from = next.Part.Clock.Begin, to = before.Part.Clock.End;
        if (sameBoot ? next.At >= before.End : from >= to) return;
        if (next.Part.Clock.End < to) to = next.Part.Clock.End;
        throw new KvmscopeException(ExitStatus.Usage,
            $"'{before.Part.Name}' and '{next.Part.Name}' overlap, from {WallTime.Of(from)} to {WallTime.Of(to)}"
            + (sameBoot ? ": two recorders made them" : ": they are of two boots, and a clock was wrong, or of two hosts of one name"),
            "Give those of one recorder, or a time in which there is only one with --from and --to.");
    }

    private RecordingHeader MergedHeader()
    {
        RecordingHeader header = _parts[_chosen.First].Part.Header;
        return _chosen.First == _chosen.Last
            ? header
            : header with { Machines = [.. ChosenParts.SelectMany(p => p.Part.Header.Machines).DistinctBy(vm => (vm.Pid, vm.Name))] };
    }

    private static IntervalRange RangeOf(Placed first, Placed last) => new(first.Base, last.Base + last.Part.Intervals - first.Base);

    private long? Ns(int part, long? place) => place is { } at ? _parts[part].NsAt(at) : null;

    // The first interval that is not before a place.
    private int IndexOf(long place, Func<MemberHead, long, bool> isBefore)
    {
        foreach ((Placed placed, int i) in ChosenParts.Select((p, i) => (p, i + _chosen.First)))
            if (place < placed.End) return placed.Base + (place <= placed.At ? 0 : Open(i).Search(placed.NsAt(place), isBefore));
        return _parts[_chosen.Last].Base + _parts[_chosen.Last].Part.Intervals;
    }

    private IEnumerable<(int Part, IntervalRange Local)> Split(IntervalRange range)
    {
        for (int i = 0; i < _parts.Count; i++)
        {
            int first = Math.Max(range.First, _parts[i].Base), end = Math.Min(range.End, _parts[i].Base + _parts[i].Part.Intervals);
            if (first < end) yield return (i, new IntervalRange(first - _parts[i].Base, end - first));
        }
    }

    private (int Part, int Local) Locate(int interval)
    {
        int part = _parts.FindLastIndex(p => p.Base <= interval);
        return (part, interval - _parts[part].Base);
    }

    private T Of<T>(int interval, Func<Recording, int, T> of)
    {
        (int part, int local) = Locate(interval);
        return of(Open(part), local);
    }

    private Recording Open(int part)
    {
        int at = _opened.FindIndex(o => o.Part == part);
        if (at >= 0) return _opened[at].Recording;
        if (_opened.Count == MostOpen) _opened.RemoveAt(0);
        Recording recording = _open(_parts[part].Part);
        // One that grows has more.
        if (recording.Intervals < _parts[part].Part.Intervals) throw RecordingError.Shortened(recording.Name);
        _opened.Add((part, recording));
        return recording;
    }

    // Whether an interval goes on where the one before it, which may be in another recording, ended.
    private bool GoesOn(int part, int local) => local == 0
        ? _parts[part].Continues
        : Open(part).NumberOf(local) == Open(part).NumberOf(local - 1) + 1;

    // Numbers intervals of one of several recordings, and marks those before which nothing was recorded.
    private sealed class Joiner(long number, long? end)
    {
        private long? _end = end;

        internal Interval Join(Interval interval)
        {
            bool isGap = interval.FromNs != _end;
            _end = interval.ToNs;
            return interval with { First = interval.First + number, IsAfterGap = isGap };
        }
    }
}

/// <summary>A time between two recordings in which nothing was recorded.</summary>
/// <param name="From">What the host's clock showed when the one stopped.</param>
/// <param name="To">What it showed when the next began.</param>
/// <param name="Length">How long it was; by the wall clock if the host was started again meanwhile.</param>
/// <param name="IsReboot">Whether the host was started again meanwhile.</param>
public readonly record struct RecordingGap(DateTimeOffset From, DateTimeOffset To, TimeSpan Length, bool IsReboot);
