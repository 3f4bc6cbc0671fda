using System.Text.Json;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;

namespace Kvmscope.Core.Recordings;

/// <summary>A recording that is read. It may still be written to: it has what was there when it was opened.</summary>
public sealed class Recording
{
    private readonly Stream _file;
    private readonly string _name;
    private readonly RecordingIndex _index;
    private readonly HostZone _zone;
    private RecordedClock? _clock;

    private Recording(Stream file, string name, RecordingIndex index, RecordingHeader header)
    {
        (_file, _name, _index, Header) = (file, name, index, header);
        _zone = header.Zone;
    }

    /// <summary>Its name in errors.</summary>
    public string Name => _name;

    /// <summary>Where, when and how it was made.</summary>
    public RecordingHeader Header { get; }

    /// <summary>How many intervals it has.</summary>
    public int Intervals => _index.Intervals.Count;

    /// <summary>All of it.</summary>
    /// <exception cref="KvmscopeException">Its start or its end is missing (1).</exception>
    public IntervalRange All => Range((long?)null, null);

    /// <summary>The host's wall clock over it; the axis is CLOCK_MONOTONIC.</summary>
    public RecordedClock Clock => _clock ??= new RecordedClock(Stretches(), _zone);

    /// <summary>How many intervals it had when it was made, as far as that is known.</summary>
    internal long Numbers => Math.Max(_index.End ?? 0, Intervals == 0 ? 0 : NumberOf(Intervals - 1) + 1);

    /// <summary>Whether it is complete; else it is still being written, or the recorder was killed.</summary>
    public bool HasEnd => _index.End is not null;

    /// <summary>Bytes after the last complete interval: what was being written when the recorder was killed.</summary>
    public long TailBytes => _index.TailBytes;

    /// <summary>Damaged bytes that belong to no known member.</summary>
    public long DamagedBytes => _index.DamagedBytes;

    /// <summary>How many members were read so far: the cost of a view.</summary>
    internal long MembersRead { get; private set; }

    /// <summary>Opens a recording.</summary>
    /// <param name="file">It must be seekable; the caller closes it.</param>
    /// <param name="name">Its name in errors.</param>
    /// <exception cref="KvmscopeException">It is not a recording (2), one of a newer version (2), or its header is damaged (1).</exception>
    public static Recording Open(Stream file, string name)
    {
        (RecordingIndex index, RecordingHeader? header) = Find(file, name);
        if (index.Header is null)
        {
            throw index.Intervals.Count > 0
                ? RecordingError.Damaged(
                    name, "at its begin", "Without its header nothing can be shown; zcat prints the intervals that are whole.")
                : RecordingError.NotOne(name, "it does not begin with a header");
        }
        if (header is null) throw RecordingError.Damaged(name, "at its begin", "Without its header nothing can be shown.");
        if (index.AnotherAt is { } at) throw RecordingError.MoreThanOne(name, at);
        if (header.Version > RecordingHeader.CurrentVersion)
            throw new KvmscopeException(ExitStatus.Usage,
                $"'{name}' was made by a newer kvmscope ({header.Program}): its format is {header.Version}, and this version reads up " +
                    $"to {RecordingHeader.CurrentVersion}",
                "Use that version, or a newer one.");
        return new Recording(file, name, index, header);
    }

    private static (RecordingIndex Index, RecordingHeader? Header) Find(Stream file, string name)
    {
        try
        {
            if (file.Length == 0) throw RecordingError.NotOne(name, "it is empty");
            RecordingIndex index = RecordingIndex.Read(file);
            try
            {
                return (index, index.Header is { } place ? Member.ReadAt(file, place, HeaderJson.Read, RecordingLimits.HeaderBytes) : null);
            }
            catch (JsonException)
            {
                return (index, null);
            }
        }
        catch (IOException error)
        {
            throw RecordingError.Unreadable(name, error);
        }
    }

    /// <summary>The number of an interval as the recorder counted; equal to its index if none is damaged.</summary>
    public long NumberOf(int interval) => _index.Intervals[interval].Head.First;

    /// <summary>What the host's clock showed when an interval began; it may have been set since the interval before.</summary>
    public DateTimeOffset BeginOf(int interval) => Show(WallBegin(interval));

    /// <summary>What the host's clock showed when an interval ended.</summary>
    public DateTimeOffset EndOf(int interval) => Show(_index.Intervals[interval].Head.WallNs);

    /// <summary>CLOCK_MONOTONIC when an interval began, ns.</summary>
    internal long BeginNs(int interval) => _index.Intervals[interval].Head.FromNs;

    /// <summary>How long an interval was, ns.</summary>
    public long LengthNs(int interval) => _index.Intervals[interval].Head.ToNs - _index.Intervals[interval].Head.FromNs;

    /// <summary>The intervals that are mostly between two times of the host's clock; where one was there twice, its first.</summary>
    /// <exception cref="KvmscopeException">Intervals are missing at its start or its end (1); reading it finds gaps in between.</exception>
    public IntervalRange Range(DateTimeOffset? from, DateTimeOffset? to) =>
        Range(from is { } begin ? Clock.PlacesOf(begin)[0] : null, to is { } end ? Clock.PlacesOf(end)[0] : null);

    /// <summary>The intervals that are mostly between two times of CLOCK_MONOTONIC, ns.</summary>
    /// <exception cref="KvmscopeException">Intervals are missing at its start or its end (1); reading it finds gaps in between.</exception>
    public IntervalRange Range(long? from, long? to)
    {
        int first = from is { } begin ? Search(begin, EdgeOf) : 0;
        int end = Math.Max(first, to is { } last ? Search(last, EdgeOf) : Intervals);
        if (Misses(first, from, to)) throw GapBefore(first);
        if (end > first && Misses(end, from, to)) throw GapBefore(end);
        return new IntervalRange(first, end - first);
    }

    /// <summary>
    /// Checks that no interval is missing. For callers that ask for parts of the range one after the other, as the parts would hide the
    /// gap; one sum over all of it finds gaps itself, and may fill them from a span. Reads only heads.
    /// </summary>
    /// <exception cref="KvmscopeException">Intervals are missing (1).</exception>
    public void CheckNumbers(IntervalRange range)
    {
        for (int i = range.First + 1; i < range.End; i++)
            if (NumberOf(i) != NumberOf(i - 1) + 1) throw GapBefore(i);
    }

    /// <summary>The parts of a range in which no interval is missing. Reads only heads.</summary>
    internal IEnumerable<IntervalRange> Runs(IntervalRange range)
    {
        int first = range.First;
        for (int i = range.First + 1; i <= range.End; i++)
        {
            if (i < range.End && NumberOf(i) == NumberOf(i - 1) + 1) continue;
            yield return new IntervalRange(first, i - first);
            first = i;
        }
    }

    /// <summary>
    /// What happened to the host's clock between two ends of intervals: what it went further, or less far, than the monotonic one, and how
    /// much of it the host was suspended.
    /// </summary>
    public IReadOnlyList<ClockStep> ClockSteps()
    {
        var steps = new List<ClockStep>();
        for (int i = 0; i < Intervals; i++)
        {
            MemberHead head = _index.Intervals[i].Head;
            long suspended = head.SuspendedMs * 1_000_000L;
            Int128 jump = (Int128)head.WallNs - WallBegin(i) - ((Int128)head.ToNs - head.FromNs) - suspended;
            long by = (long)Int128.Clamp(jump, -long.MaxValue, long.MaxValue);
            if (suspended >= ClockStep.LeastNs) Add(i, suspended, ClockStepKind.Suspended);
            if (Math.Abs(by) < ClockStep.LeastNs) continue;
            Add(i, by, by > 0 && Header.BootNs is null ? ClockStepKind.SetOrSuspended : ClockStepKind.Set);
        }
        return steps;

        void Add(int interval, long by, ClockStepKind kind) =>
            steps.Add(new ClockStep(BeginOf(interval), EndOf(interval), TimeSpan.FromTicks(by / 100), kind));
    }

    /// <summary>Where the wall clock went evenly, on the axis of CLOCK_MONOTONIC.</summary>
    internal IReadOnlyList<ClockStretch> Stretches() => RecordedClock.Stretches(Points());

    private IEnumerable<(long Ns, long Wall)> Points()
    {
        long last = Header.MonotonicNs;
        yield return (last, RecordedClock.WallNs(Header.Started));
        for (int i = 0; i < Intervals; i++)
        {
            MemberHead head = _index.Intervals[i].Head;
            // After lost intervals the clock is known again when the next one begins. A foreign file may say that time went back.
            if (head.FromNs > last) yield return (head.FromNs, WallBegin(i));
            last = Math.Max(last, head.ToNs);
            yield return (last, head.WallNs);
        }
        if (_index.EndNs > last && _index.End > Numbers - 1) yield return (_index.EndNs, _index.EndWallNs);
    }

    // That of the end before, where there is one: the clock may have been set in the interval.
    private long WallBegin(int interval)
    {
        MemberHead head = _index.Intervals[interval].Head;
        if (interval > 0 && NumberOf(interval) == NumberOf(interval - 1) + 1) return _index.Intervals[interval - 1].Head.WallNs;
        if (head.First == 0) return RecordedClock.WallNs(Header.Started);
        return (long)Int128.Clamp((Int128)head.WallNs - ((Int128)head.ToNs - head.FromNs), long.MinValue, long.MaxValue);
    }

    private DateTimeOffset Show(long wall) => _zone.Show(RecordedClock.OfWall(wall));

    /// <summary>Adds up intervals, with as few reads as the spans allow.</summary>
    /// <exception cref="KvmscopeException">Something that it needs is damaged (1).</exception>
    public IntervalSum Sum(IntervalRange range, Grouping grouping, ExitParts parts = ExitParts.All, Func<GroupKey, bool>? wants = null)
    {
        var sum = new IntervalSum(grouping, parts, wants, RecordingLimits.Summed);
        Visit(range, sum.Add, sum.Add);
        return sum;
    }

    /// <summary>The slow exits of some intervals, in order, each with CLOCK_MONOTONIC when it ended.</summary>
    /// <param name="range">The intervals.</param>
    /// <param name="vms">Numbers VMs over several recordings.</param>
    /// <param name="lose">Takes the error where an interval is damaged or missing; null to throw it.</param>
    /// <exception cref="KvmscopeException">Something that it needs is damaged (1).</exception>
    internal IEnumerable<(SlowExit Exit, long Ns)> Slow(IntervalRange range, VmNumbers? vms = null, Action<KvmscopeException>? lose = null)
    {
        var reader = new IntervalJsonReader(_zone, static _ => { }, vms, ofSlow: true);
        if (lose is null) CheckNumbers(range);
        for (int i = range.First; i < range.End; i++)
        {
            if (lose is not null && i > range.First && NumberOf(i) != NumberOf(i - 1) + 1) lose(GapBefore(i));
            Interval? interval = Read(_index.Intervals[i], reader);
            if (interval is null && lose is null) throw DamagedAt(i);
            if (interval is null) lose!(DamagedAt(i));
            foreach (SlowExit exit in interval?.Slow ?? [])
                yield return (exit, interval!.ToNs - ((interval.To - exit.At).Ticks * 100));
        }
    }

    /// <summary>Reads intervals, or sums of them. By numbers, not by indexes: if intervals are lost, indexes have no gap.</summary>
    /// <param name="range">The intervals.</param>
    /// <param name="take">Takes each after its rows.</param>
    /// <param name="takeRow">Takes each row; the object is reused.</param>
    /// <param name="vms">Numbers VMs over several recordings.</param>
    /// <param name="lose">Takes the error where an interval is damaged or missing, and no span has it; null to throw it.</param>
    internal void Visit(
        IntervalRange range, Action<Interval> take, Action<Row> takeRow, VmNumbers? vms = null, Action<KvmscopeException>? lose = null)
    {
        if (range.Count == 0) return;
        var reader = new IntervalJsonReader(_zone, takeRow, vms);
        long number = NumberOf(range.First), end = NumberOf(range.End - 1) + 1;
        while (number < end)
        {
            int taken = TakeAt(number, end, reader, take);
            if (taken == 0)
            {
                KvmscopeException error = MissingAt(number);
                if (lose is null) throw error;
                lose(error);
                int at = IndexOf(number);
                number = at < Intervals && NumberOf(at) == number ? number + 1 : at < Intervals ? NumberOf(at) : end;
            }
            number += taken;
        }
    }

    // The longest member that starts with this interval, is complete and does not go beyond the end: a damaged span loses nothing, as what
    // it sums up is there too; nor does a damaged interval that is part of a span.
    private int TakeAt(long number, long end, IntervalJsonReader reader, Action<Interval> take)
    {
        for (int depth = RecordingWriter.MaxDepth; depth > 0; depth--)
        {
            int length = RecordingWriter.Length(depth);
            if (number % length != 0 || number + length > end || _index.Span(depth, number) is not { } span) continue;
            if (TryTake(span, reader, take)) return length;
        }
        int at = IndexOf(number);
        return at < Intervals && NumberOf(at) == number && TryTake(_index.Intervals[at], reader, take) ? 1 : 0;
    }

    private KvmscopeException MissingAt(long number)
    {
        int at = IndexOf(number);
        return at < Intervals && NumberOf(at) == number ? DamagedAt(at) : GapBefore(at);
    }

    // Whether lost intervals before this index (after the last one, the end says how many) are mostly between two times, so that they were
    // requested.
    private bool Misses(int before, long? from, long? to)
    {
        long number = before < Intervals ? NumberOf(before) : _index.End ?? 0;
        long count = number - (before > 0 ? NumberOf(before - 1) + 1 : 0);
        if (count <= 0) return false;
        long begin = before > 0 ? _index.Intervals[before - 1].Head.ToNs : Header.MonotonicNs;
        long end = before < Intervals ? _index.Intervals[before].Head.FromNs : _index.EndNs;
        double each = ((double)end - begin) / count;
        if (each <= 0) return true;
        double first = from is { } time ? Math.Max(0, Math.Ceiling((((double)time - begin) / each) - 0.5)) : 0;
        return first < count && (to is not { } last || (first + 0.5) * each < (double)last - begin);
    }

    // The index of the first interval with this number or a greater one.
    private int IndexOf(long number)
    {
        int low = 0, high = Intervals;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_index.Intervals[middle].Head.First < number) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    // The rows go straight into the sum: a member is inflated and checked completely before its first row is read.
    private bool TryTake(MemberPlace place, IntervalJsonReader reader, Action<Interval> take)
    {
        if (Read(place, reader) is not { } interval) return false;
        take(interval);
        return true;
    }

    private Interval? Read(MemberPlace place, IntervalJsonReader reader)
    {
        MembersRead++;
        try
        {
            return Member.ReadAt(_file, place, reader.Read);
        }
        catch (IOException error)
        {
            throw RecordingError.Unreadable(_name, error);
        }
        catch (Exception error) when (error is JsonException or OverflowException)
        {
            throw new KvmscopeException(
                ExitStatus.Failed, $"the recording '{_name}' contains something that this version does not understand: {error.Message}",
                "It was not written by kvmscope, or by an unknown version.", error);
        }
    }

    /// <summary>Whether an interval is mostly before a time.</summary>
    internal static bool EdgeOf(MemberHead head, long ns) => head.FromNs + ((head.ToNs - head.FromNs) / 2) < ns;

    /// <summary>The first interval that is not before a time of CLOCK_MONOTONIC.</summary>
    internal int Search(long ns, Func<MemberHead, long, bool> isBefore)
    {
        int low = 0, high = Intervals;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (isBefore(_index.Intervals[middle].Head, ns)) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private KvmscopeException DamagedAt(int interval) => Damaged(BeginOf(interval), EndOf(interval), "its checksum is wrong");

    private KvmscopeException GapBefore(int interval) => Damaged(
        interval == 0 ? Header.Started : EndOf(interval - 1), interval < Intervals ? BeginOf(interval) : null, "intervals are missing");

    private KvmscopeException Damaged(DateTimeOffset from, DateTimeOffset? to, string how)
    {
        string[] rest =
        [
            .. from > BeginOf(0) ? [$"--to {WallTime.Of(from)} for what is before"] : Array.Empty<string>(),
            .. to < EndOf(Intervals - 1) ? [$"--from {WallTime.Of(to.Value)} for what is after"] : Array.Empty<string>(),
        ];
        return RecordingError.Damaged(_name, $"at {WallTime.Of(from)}: {how}",
            rest.Length > 0 ? $"The rest can be shown: {string.Join(", ", rest)}." : "It has nothing else.");
    }
}

/// <summary>Some consecutive intervals of a recording.</summary>
/// <param name="First">The index of the first in the recording's intervals.</param>
/// <param name="Count">How many.</param>
public readonly record struct IntervalRange(int First, int Count)
{
    /// <summary>One after the last.</summary>
    public int End => First + Count;
}
