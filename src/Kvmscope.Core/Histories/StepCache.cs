using Kvmscope.Core.Histories.Packing;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Histories;

/// <summary>
/// What was read last of recordings: the last few answers as they are, and many steps with all their detail, packed. Not for several
/// threads at once.
/// </summary>
internal sealed class StepCache
{
    private const long MostBytes = 16 << 20, BytesOfHead = 1024, BytesOfVm = 256;
    private const int MostAnswers = 16, MostRows = 60_000;

    private readonly List<(IntervalRange Range, Grouping Grouping, ExitParts Parts, Interval Answer)> _answers = [];
    private readonly LinkedList<Step> _steps = [];
    private readonly Dictionary<IntervalRange, LinkedListNode<Step>> _places = [];
    private readonly IntervalPacker _packer = new(new ChunkPool());
    private readonly IntervalUnpacker _unpacker = new();
    private long _bytes;

    private readonly record struct Step(IntervalRange Range, Interval Head, VmIdentity[] Vms, PackedInterval Packed)
    {
        internal long Bytes => Packed.Bytes + BytesOfHead + (BytesOfVm * Vms.Length);
    }

    /// <summary>How many bytes the packed steps take.</summary>
    internal long Bytes => _bytes;

    /// <summary>An answer that was given before.</summary>
    internal Interval? Find(IntervalRange range, Grouping grouping, ExitParts parts)
    {
        int at = _answers.FindIndex(a => a.Range == range && a.Grouping == grouping && a.Parts == parts);
        if (at < 0) return null;
        var found = _answers[at];
        _answers.RemoveAt(at);
        _answers.Add(found);
        return found.Answer;
    }

    /// <summary>Keeps an answer, and forgets older ones.</summary>
    internal void Keep(IntervalRange range, Grouping grouping, ExitParts parts, Interval answer)
    {
        _answers.Add((range, grouping, parts, answer));
        while (_answers.Count > 1 && (_answers.Count > MostAnswers || _answers.Sum(a => a.Answer.Changes.Count) > MostRows))
            _answers.RemoveAt(0);
    }

    /// <summary>All detail of some intervals; null where it has to be read.</summary>
    internal Interval? FindExact(IntervalRange range)
    {
        if (!_places.TryGetValue(range, out LinkedListNode<Step>? step)) return null;
        _steps.Remove(step);
        _steps.AddLast(step);
        return _unpacker.Unpack(step.Value.Head, step.Value.Vms, step.Value.Packed);
    }

    /// <summary>Keeps all detail of some intervals.</summary>
    internal void KeepExact(IntervalRange range, Interval exact)
    {
        if (exact.Intervals == 0 || _places.ContainsKey(range)) return;
        var step = new Step(range, PackedInterval.HeadOf(exact), [.. exact.Vms], _packer.Pack(exact));
        _places.Add(range, _steps.AddLast(step));
        _bytes += step.Bytes;
        while (_bytes > MostBytes && _steps.First is { } oldest)
        {
            _bytes -= oldest.Value.Bytes;
            _places.Remove(oldest.Value.Range);
            _steps.RemoveFirst();
        }
    }
}

/// <summary>The slow exits of the intervals that were read last.</summary>
/// <param name="set">The recordings.</param>
internal sealed class SlowCache(RecordingSet set)
{
    private const int MostIntervals = 4096, MostExits = 20_000;

    private readonly Dictionary<int, IReadOnlyList<(SlowExit Exit, long Place)>> _ofIntervals = [];
    private readonly Queue<int> _order = [];
    private int _exits;

    /// <summary>Those of an interval, each with the place at which it ended.</summary>
    /// <param name="interval">Its index.</param>
    /// <param name="lose">Takes the error where it cannot be read.</param>
    internal IReadOnlyList<(SlowExit Exit, long Place)> Of(int interval, Action<KvmscopeException> lose)
    {
        if (_ofIntervals.TryGetValue(interval, out var known)) return known;
        List<(SlowExit Exit, long Place)> found = [];
        try
        {
            (long from, long to) = set.PlacesOf(interval);
            DateTimeOffset end = set.EndOf(interval);
            // It is known by the wall clock, which may have been set meanwhile.
            foreach (SlowExit exit in set.Slow(new IntervalRange(interval, 1), null, null))
                found.Add((exit, Math.Clamp(to - ((end - exit.At).Ticks * 100), from + 1, Math.Max(from + 1, to))));
        }
        catch (KvmscopeException error)
        {
            lose(error);
        }
        _ofIntervals.Add(interval, found);
        _order.Enqueue(interval);
        _exits += found.Count;
        while (_order.Count > 1 && (_order.Count > MostIntervals || _exits > MostExits))
            if (_ofIntervals.Remove(_order.Dequeue(), out var old)) _exits -= old.Count;
        return found;
    }
}
