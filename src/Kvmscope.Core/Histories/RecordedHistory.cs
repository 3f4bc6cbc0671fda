using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Histories;

/// <summary>
/// Recordings as a history: one file, or the chosen ones of several. What was there when they were opened is shown; what is damaged is
/// left out, and named in <see cref="Notes"/> once it was needed. Steps that were read last stay in memory, so that going back and forth
/// reads nothing. Several threads may ask; they wait for each other.
/// </summary>
public sealed class RecordedHistory : IHistory
{
    /// <summary>Of up to so many intervals all detail is read and kept: another question about them reads nothing.</summary>
    private const int MostExact = 10;

    // Of a long time so many members are read at most, where its steps may be longer.
    private const int MostReads = 4000;

    private readonly Lock _lock = new();
    private readonly RecordingSet _set;
    private readonly IntervalRange _range;
    private readonly RecordingHeader _header;
    private readonly WantedExits _wanted;
    private readonly ExitParts _parts;
    private StepCache _steps = new();
    private SlowCache _slow;
    private readonly List<string> _errors = [];

    /// <summary>Makes it.</summary>
    /// <param name="set">The recordings, of which those are chosen that are shown.</param>
    /// <param name="range">The intervals that are shown; null for all of the chosen recordings.</param>
    /// <param name="wanted">Which exits are shown; null for all.</param>
    /// <exception cref="ArgumentException">There are no intervals.</exception>
    public RecordedHistory(RecordingSet set, IntervalRange? range = null, WantedExits? wanted = null)
    {
        (_set, _range, _header, _wanted) = (set, range ?? set.Known, set.Header, wanted ?? new WantedExits());
        if (_range.Count <= 0) throw new ArgumentException("there are no intervals", nameof(range));
        _parts = (_header.HasQualifiers ? ExitParts.Qualifier : 0) | (_header.PageShift is null ? 0 : ExitParts.Page)
            | (_header.HasRips ? ExitParts.Rip : 0);
        From = set.PlacesOf(_range.First).From;
        To = set.PlacesOf(_range.End - 1).To;
        _slow = new SlowCache(set);
    }

    /// <inheritdoc/>
    public long From { get; }

    /// <inheritdoc/>
    public long To { get; }

    /// <inheritdoc/>
    public long StepNs => _header.IntervalNs;

    /// <summary>What was needed so far and could not be read, one sentence for each; foreign text.</summary>
    public IReadOnlyList<string> Notes
    {
        get
        {
            lock (_lock) return [.. _set.Damage.Select(text => $"{text}: it is left out"), .. _errors];
        }
    }

    /// <inheritdoc/>
    public HistoryDetail DetailAt(long place) => new(StepNs, _header.Grouping, _parts);

    /// <inheritdoc/>
    public long EdgeBefore(long place)
    {
        lock (_lock)
        {
            // The first interval that does not end before it.
            int at = Math.Min(_range.End, _set.Touching(place - 1, null).First);
            return at > _range.First ? _set.PlacesOf(at - 1).To : From;
        }
    }

    /// <inheritdoc/>
    public long EdgeAfter(long place)
    {
        lock (_lock)
        {
            int at = Math.Max(_range.First, _set.Touching(place, null).First);
            return at < _range.End ? _set.PlacesOf(at).To : To;
        }
    }

    /// <inheritdoc/>
    public long StepFor(long from, long to)
    {
        long intervals = (Math.Min(to, To) - Math.Max(from, From)) / Math.Max(1, StepNs), step = StepNs;
        for (int depth = 1; depth <= RecordingWriter.MaxDepth && intervals * StepNs > MostReads * step; depth++)
            step = StepNs * RecordingWriter.Length(depth);
        return step;
    }

    /// <inheritdoc/>
    public long EdgeNear(long place, long slack)
    {
        lock (_lock)
        {
            int at = Math.Min(_range.End, _set.Touching(place - 1, null).First);
            if (at <= _range.First) return From;
            long most = slack / Math.Max(1, StepNs);
            for (int depth = RecordingWriter.MaxDepth; depth > 0; depth--)
            {
                int next = _set.SpanFrom(at, depth);
                if (next - at <= most && next <= _range.End) return _set.PlacesOf(next - 1).To;
            }
            return _set.PlacesOf(at - 1).To;
        }
    }

    /// <inheritdoc/>
    public Interval? Sum(long from, long to, Grouping grouping, ExitParts parts, Action? check = null)
    {
        lock (_lock)
        {
            Renumber();
            IntervalRange range = RangeOf(from, to);
            if (range.Count <= 0) return null;
            // What is not there needs no reading of its own; all that is there is all.
            if (grouping > _header.Grouping) grouping = _header.Grouping;
            if ((parts & _parts) == _parts) parts = ExitParts.All;
            if (_steps.Find(range, grouping, parts) is { } recent) return recent;
            try
            {
                Interval sum = Read(range, grouping, parts, check);
                if (sum.Intervals == 0) return null;
                _steps.Keep(range, grouping, parts, sum);
                return sum;
            }
            catch (KvmscopeException error)
            {
                Note(error);
                return null;
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<SlowExit> Slow(long from, long to, int most, Func<bool>? goesOn = null)
    {
        if (_header.SlowNs == 0 || most <= 0) return [];
        lock (_lock)
        {
            Renumber();
            IntervalRange touching = _set.Touching(from, to);
            int first = Math.Max(_range.First, touching.First), last = Math.Min(_range.End, touching.End) - 1;
            var found = new List<SlowExit>();
            for (int i = last; i >= first && found.Count < most && goesOn?.Invoke() != false; i--)
            {
                IReadOnlyList<(SlowExit Exit, long Place)> exits = _slow.Of(i, Note);
                for (int at = exits.Count - 1; at >= 0 && found.Count < most; at--)
                {
                    (long place, SlowExit exit) = (exits[at].Place, exits[at].Exit);
                    if (place > from && place <= to && _wanted.Slow?.Invoke(exit) != false) found.Add(exit);
                }
            }
            found.Reverse();
            return found;
        }
    }

    /// <inheritdoc/>
    public DateTimeOffset TimeAt(long place) => _set.Clock.At(Math.Clamp(place, From, To));

    /// <inheritdoc/>
    public long? PlaceOf(DateTimeOffset time)
    {
        if (!_set.Clock.Has(time)) return null;
        long place = _set.Clock.PlacesOf(time)[^1];
        return place < From || place > To ? null : place;
    }

    private IntervalRange RangeOf(long from, long to)
    {
        int first = from <= From ? _range.First : Math.Max(_range.First, _set.EdgeAt(from));
        int end = to >= To ? _range.End : Math.Min(_range.End, _set.EdgeAt(to));
        return new IntervalRange(first, end - first);
    }

    private Interval Read(IntervalRange range, Grouping grouping, ExitParts parts, Action? check)
    {
        if (range.Count > MostExact) return SumOf(range, grouping, parts, check);
        Interval exact = _steps.FindExact(range) ?? SumOf(range, Grouping.Vcpu, ExitParts.All, check);
        _steps.KeepExact(range, exact);
        if (grouping == _header.Grouping && parts == ExitParts.All) return exact;
        var sum = new IntervalSum(grouping, parts);
        sum.Add(exact);
        return sum.ToInterval();
    }

    // VMs are left out of a sum that keeps them apart.
    private Interval SumOf(IntervalRange range, Grouping grouping, ExitParts parts, Action? check)
    {
        if (_wanted.Vms is not null && grouping < Grouping.Vm) grouping = Grouping.Vm;
        return _set.SumOfKnown(range, grouping, parts, _wanted.Rows, check).ToInterval(_wanted.Vms);
    }

    // What is in the caches has numbers of VMs.
    private void Renumber()
    {
        if (_set.Renumber()) (_steps, _slow) = (new StepCache(), new SlowCache(_set));
    }

    private void Note(KvmscopeException error)
    {
        if (!_errors.Contains(error.Message)) _errors.Add(error.Message);
    }
}

/// <summary>Which exits of recordings are meant; what is null is all.</summary>
/// <param name="Rows">Rows and wall clocks, by their keys.</param>
/// <param name="Vms">VMs; only of recordings that keep them apart.</param>
/// <param name="Slow">Slow exits.</param>
public sealed record WantedExits(
    Func<GroupKey, bool>? Rows = null, Func<VmIdentity, bool>? Vms = null, Func<SlowExit, bool>? Slow = null);
