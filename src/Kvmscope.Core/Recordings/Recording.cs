using System.Globalization;
using System.Text.Json;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Recordings;

/// <summary>A recording that is read. It may still be written to: it has what was there when it was opened.</summary>
public sealed class Recording
{
    private readonly Stream _file;
    private readonly string _name;
    private readonly RecordingIndex _index;
    private readonly DateTimeOffset _began;

    private Recording(Stream file, string name, RecordingIndex index, RecordingHeader header)
    {
        (_file, _name, _index, Header) = (file, name, index, header);
        _began = header.Started;
    }

    /// <summary>Where, when and how it was made.</summary>
    public RecordingHeader Header { get; }

    /// <summary>How many intervals it has.</summary>
    public int Intervals => _index.Intervals.Count;

    /// <summary>All of it.</summary>
    /// <exception cref="KvmscopeException">Its start or its end is missing (1).</exception>
    public IntervalRange All => Range(null, null);

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
                return (index, index.Header is { } place ? Member.ReadAt(file, place, HeaderJson.Read) : null);
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

    /// <summary>When an interval began, by the monotonic clock since the start: never before the end of the interval before it.</summary>
    public DateTimeOffset BeginOf(int interval) => TimeOf(_index.Intervals[interval].Head.FromNs);

    /// <summary>When an interval ended, by the monotonic clock since the start.</summary>
    public DateTimeOffset EndOf(int interval) => TimeOf(_index.Intervals[interval].Head.ToNs);

    /// <summary>The intervals that are mostly between two times.</summary>
    /// <exception cref="KvmscopeException">Intervals are missing at its start or its end (1); reading it finds gaps in between.</exception>
    public IntervalRange Range(DateTimeOffset? from, DateTimeOffset? to)
    {
        int first = from is { } begin ? Search(begin) : 0;
        int end = Math.Max(first, to is { } last ? Search(last) : Intervals);
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

    /// <summary>
    /// The largest jump of the host's wall clock against its monotonic clock between two ends of intervals, and when; null if less than a
    /// second.
    /// </summary>
    public (DateTimeOffset At, TimeSpan By)? ClockJump()
    {
        const long leastNs = 1_000_000_000;
        long largest = 0;
        int where = -1;
        for (int i = 1; i < Intervals; i++)
        {
            MemberHead head = _index.Intervals[i].Head, before = _index.Intervals[i - 1].Head;
            long jump = Math.Max((head.WallNs - before.WallNs) - (head.ToNs - before.ToNs), -long.MaxValue);
            if (Math.Abs(jump) > Math.Abs(largest)) (largest, where) = (jump, i);
        }
        return Math.Abs(largest) < leastNs ? null : (EndOf(where), TimeSpan.FromTicks(largest / 100));
    }

    /// <summary>Adds up intervals, with as few reads as the spans allow.</summary>
    /// <exception cref="KvmscopeException">Something that it needs is damaged (1).</exception>
    public IntervalSum Sum(IntervalRange range, Grouping grouping, ExitParts parts = ExitParts.All, Func<GroupKey, bool>? wants = null)
    {
        var sum = new IntervalSum(grouping, parts, wants);
        Visit(range, sum.Add, sum.Add);
        return sum;
    }

    /// <summary>The slow exits of some intervals, in order.</summary>
    /// <exception cref="KvmscopeException">Something that it needs is damaged (1).</exception>
    public IEnumerable<SlowExit> Slow(IntervalRange range)
    {
        var reader = new IntervalJsonReader(_began.Offset, static _ => { });
        CheckNumbers(range);
        for (int i = range.First; i < range.End; i++)
        {
            Interval interval = Read(_index.Intervals[i], reader) ?? throw DamagedAt(i);
            foreach (SlowExit exit in interval.Slow) yield return exit;
        }
    }

    // By numbers, not by indexes: if intervals are lost, indexes have no gap, but numbers have.
    private void Visit(IntervalRange range, Action<Interval> take, Action<Row> takeRow)
    {
        if (range.Count == 0) return;
        var reader = new IntervalJsonReader(_began.Offset, takeRow);
        long number = NumberOf(range.First), end = NumberOf(range.End - 1) + 1;
        while (number < end)
        {
            int taken = TakeAt(number, end, reader, take);
            if (taken == 0) throw MissingAt(number);
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
    private bool Misses(int before, DateTimeOffset? from, DateTimeOffset? to)
    {
        long number = before < Intervals ? NumberOf(before) : _index.End ?? 0;
        long count = number - (before > 0 ? NumberOf(before - 1) + 1 : 0);
        if (count <= 0) return false;
        DateTimeOffset begin = before > 0 ? EndOf(before - 1) : _began, end = before < Intervals ? BeginOf(before) : TimeOf(_index.EndNs);
        double each = (end - begin) / TimeSpan.FromTicks(1) / count;
        if (each <= 0) return true;
        double first = from is { } time ? Math.Max(0, Math.Ceiling(((time - begin).Ticks / each) - 0.5)) : 0;
        return first < count && (to is not { } last || (first + 0.5) * each < (last - begin).Ticks);
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

    private int Search(DateTimeOffset time)
    {
        int low = 0, high = Intervals;
        while (low < high)
        {
            int middle = (low + high) / 2;
            DateTimeOffset begin = BeginOf(middle);
            if (begin + ((EndOf(middle) - begin) / 2) < time) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private DateTimeOffset TimeOf(long ns) => _began + TimeSpan.FromTicks((ns - Header.MonotonicNs) / 100);

    private KvmscopeException DamagedAt(int interval) => Damaged(BeginOf(interval), EndOf(interval), "its checksum is wrong");

    private KvmscopeException GapBefore(int interval) =>
        Damaged(interval == 0 ? _began : EndOf(interval - 1), interval < Intervals ? BeginOf(interval) : null, "intervals are missing");

    private KvmscopeException Damaged(DateTimeOffset from, DateTimeOffset? to, string how)
    {
        const string form = "yyyy-MM-ddTHH:mm:ss.fff";
        string[] rest =
        [
            .. from > BeginOf(0) ? [$"--to {from.ToString(form, CultureInfo.InvariantCulture)} for what is before"] : Array.Empty<string>(),
            .. to < EndOf(Intervals - 1)
                ? [$"--from {to.Value.ToString(form, CultureInfo.InvariantCulture)} for what is after"]
                : Array.Empty<string>(),
        ];
        return RecordingError.Damaged(_name, $"at {from.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)}: {how}",
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
