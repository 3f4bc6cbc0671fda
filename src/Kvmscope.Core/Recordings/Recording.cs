using System.Globalization;
using System.Text.Json;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Recordings;

/// <summary>A recording that is read. It may be written to meanwhile: what it holds is what was there when it was opened.</summary>
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
    public IntervalRange All => new(0, Intervals);

    /// <summary>Whether it was ended; else it is being made, or the recorder was killed.</summary>
    public bool HasEnd => _index.End is not null;

    /// <summary>Bytes behind the last whole interval: what was being written when the recorder was killed.</summary>
    public long TailBytes => _index.TailBytes;

    /// <summary>Bytes that are damaged so that not even their place is known.</summary>
    public long DamagedBytes => _index.DamagedBytes;

    /// <summary>How many members were read so far: what a view costs.</summary>
    internal long MembersRead { get; private set; }

    /// <summary>Opens a recording.</summary>
    /// <param name="file">It can seek, and stays the caller's.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <exception cref="KvmscopeException">It is no recording (2), one of a newer version (2), or its header is damaged (1).</exception>
    public static Recording Open(Stream file, string name)
    {
        if (file.Length == 0) throw RecordingError.NotOne(name, "it is empty");
        RecordingIndex index = RecordingIndex.Read(file);
        if (index.Header is not { } place)
        {
            throw index.Intervals.Count > 0
                ? RecordingError.Damaged(name, "at its begin", "Without its header nothing can be shown; zcat prints the intervals that are whole.")
                : RecordingError.NotOne(name, "it does not begin with a header");
        }
        RecordingHeader? header;
        try
        {
            header = Member.ReadAt(file, place, HeaderJson.Read);
        }
        catch (JsonException)
        {
            header = null;
        }
        if (header is null) throw RecordingError.Damaged(name, "at its begin", "Without its header nothing can be shown.");
        if (header.Version > RecordingHeader.CurrentVersion)
            throw new KvmscopeException(ExitStatus.Usage,
                $"'{name}' was made by a newer kvmscope ({header.Program}): its format is {header.Version}, and this version reads up to {RecordingHeader.CurrentVersion}",
                "Use that version, or a newer one.");
        return new Recording(file, name, index, header);
    }

    /// <summary>The number of an interval as the recorder counted; it is the place itself where none is damaged.</summary>
    public long NumberOf(int interval) => _index.Intervals[interval].Head.First;

    /// <summary>When an interval began, by the monotonic clock from the start on: never before the interval before it.</summary>
    public DateTimeOffset BeginOf(int interval) => TimeOf(_index.Intervals[interval].Head.FromNs);

    /// <summary>When an interval ended, by the monotonic clock from the start on.</summary>
    public DateTimeOffset EndOf(int interval) => TimeOf(_index.Intervals[interval].Head.ToNs);

    /// <summary>The intervals of which the greater part lies between two times.</summary>
    public IntervalRange Range(DateTimeOffset? from, DateTimeOffset? to)
    {
        int first = from is { } begin ? Search(begin) : 0;
        int end = to is { } last ? Search(last) : Intervals;
        return new IntervalRange(first, Math.Max(0, end - first));
    }

    /// <summary>The largest jump of the host's wall clock against its monotonic clock between two ends of intervals, and when; null below a second.</summary>
    public (DateTimeOffset At, TimeSpan By)? ClockJump()
    {
        const long leastNs = 1_000_000_000;
        long largest = 0;
        int where = -1;
        for (int i = 1; i < Intervals; i++)
        {
            MemberHead head = _index.Intervals[i].Head, before = _index.Intervals[i - 1].Head;
            long jump = (head.WallNs - before.WallNs) - (head.ToNs - before.ToNs);
            if (Math.Abs(jump) > Math.Abs(largest)) (largest, where) = (jump, i);
        }
        return Math.Abs(largest) < leastNs ? null : (EndOf(where), TimeSpan.FromTicks(largest / 100));
    }

    /// <summary>Adds up intervals, with as few reads as the spans allow.</summary>
    /// <exception cref="KvmscopeException">Something that is needed is damaged (1).</exception>
    public IntervalSum Sum(IntervalRange range, Grouping grouping, bool withQualifiers = true, Func<RowKey, bool>? wants = null)
    {
        var sum = new IntervalSum(grouping, withQualifiers, wants);
        Visit(range, sum.Add, sum.Add);
        return sum;
    }

    /// <summary>The slow exits of some intervals, in order.</summary>
    /// <exception cref="KvmscopeException">Something that is needed is damaged (1).</exception>
    public IEnumerable<SlowExit> Slow(IntervalRange range)
    {
        var reader = new IntervalJsonReader(_began.Offset, static _ => { });
        CheckEnds(range);
        for (int i = range.First; i < range.End; i++)
        {
            CheckGap(i, range);
            RecordedInterval interval = Read(_index.Intervals[i], reader) ?? throw DamagedAt(i);
            foreach (SlowExit exit in interval.Slow) yield return exit;
        }
    }

    private void Visit(IntervalRange range, Action<RecordedInterval> take, Action<RecordedRow> takeRow)
    {
        var reader = new IntervalJsonReader(_began.Offset, takeRow);
        CheckEnds(range);
        for (int i = range.First; i < range.End;)
        {
            int first = i;
            i = Longest(i, range, out MemberPlace place);
            if (TryTake(place, reader, take)) continue;
            if (place.Head.Kind == MemberKind.Interval) throw DamagedAt(first);
            // A damaged span is no loss: what it sums up is there too.
            for (int j = first; j < i; j++)
            {
                CheckGap(j, range);
                if (!TryTake(_index.Intervals[j], reader, take)) throw DamagedAt(j);
            }
        }
    }

    // The longest span that begins at interval i and ends in the range, else the interval itself; returns what comes after it.
    private int Longest(int i, IntervalRange range, out MemberPlace place)
    {
        long number = _index.Intervals[i].Head.First;
        for (int depth = RecordingWriter.MaxDepth; depth > 0; depth--)
        {
            if (number % RecordingWriter.Length(depth) != 0 || _index.Span(depth, number) is not { } span) continue;
            int after = IndexOf(number + span.Head.Intervals);
            if (after > range.End) continue;
            place = span;
            return after;
        }
        CheckGap(i, range);
        place = _index.Intervals[i];
        return i + 1;
    }

    // Intervals that are damaged so that not even their heads are there leave a gap in the numbers.
    private void CheckGap(int i, IntervalRange range)
    {
        if (i + 1 < range.End && _index.Intervals[i + 1].Head.First != _index.Intervals[i].Head.First + 1) throw GapBefore(i + 1);
    }

    private void CheckEnds(IntervalRange range)
    {
        if (range.Count == 0) return;
        if (range.First == 0 && _index.Intervals[0].Head.First != 0) throw GapBefore(0);
        if (range.End == Intervals && _index.End is { } count && count != _index.Intervals[^1].Head.First + 1) throw GapBefore(Intervals);
    }

    // The place of the first interval with this number or a greater one.
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

    // The rows go straight into the sum: a member is inflated and checked as a whole before the first of them is read.
    private bool TryTake(MemberPlace place, IntervalJsonReader reader, Action<RecordedInterval> take)
    {
        if (Read(place, reader) is not { } interval) return false;
        take(interval);
        return true;
    }

    private RecordedInterval? Read(MemberPlace place, IntervalJsonReader reader)
    {
        MembersRead++;
        try
        {
            return Member.ReadAt(_file, place, reader.Read);
        }
        catch (Exception error) when (error is JsonException or OverflowException)
        {
            throw new KvmscopeException(ExitStatus.Failed, $"the recording '{_name}' holds what this version does not understand: {error.Message}",
                "It was not written by kvmscope, or by a version of which this one knows nothing.", error);
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
        string before = string.Create(CultureInfo.InvariantCulture, $"--to {from.ToString(form, CultureInfo.InvariantCulture)} for what is before");
        string after = to is { } time ? $", --from {time.ToString(form, CultureInfo.InvariantCulture)} for what is after" : "";
        return RecordingError.Damaged(_name, $"at {from.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)}: {how}", $"The rest can be shown: {before}{after}.");
    }
}
