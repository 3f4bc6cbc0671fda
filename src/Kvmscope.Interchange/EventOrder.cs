using System.Runtime.CompilerServices;
using Kvmscope.Core.Captures;

namespace Kvmscope.Interchange;

/// <summary>
/// Puts the events of perf.data in the order of time. The tracer writes the buffers of the CPUs one after the other and then ends the
/// round; what comes later is not older than the newest event of the round before (tools/perf/util/ordered-events.c). Where a round is
/// larger than the room, its oldest half goes ahead. As each CPU's events are in order, there is only to merge.
/// </summary>
/// <param name="room">How many events are kept.</param>
internal sealed class EventOrder(int room = EventOrder.UsualRoom)
{
    private const int UsualRoom = 1 << 19, FirstRoom = 1 << 10;

    // As they came; where these are not in order, their order is in _order.
    private CapturedEvent[] _events = new CapturedEvent[FirstRoom];
    private (long Ns, int At)[] _order = [], _merged = [];
    private bool _isSorted = true;
    private int _count, _next, _ready;
    private long _limit = long.MinValue, _newest = long.MinValue, _last = long.MinValue;

    /// <summary>Events that came after newer ones had gone ahead.</summary>
    internal long Late { get; private set; }

    /// <summary>Where the next event of the file is to be written, before <see cref="Add()"/>. None may be ready.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref CapturedEvent Free()
    {
        if (_count == _events.Length) Array.Resize(ref _events, _count * 2);
        return ref _events[_count];
    }

    /// <summary>Adds the event that was written to <see cref="Free"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Add()
    {
        long ns = _events[_count].Ns;
        if (_count > 0 && ns < _events[_count - 1].Ns) _isSorted = false;
        _count++;
        _newest = Math.Max(_newest, ns);
        if (_count >= room) Release(_count / 2, long.MaxValue);
    }

    /// <summary>A round has ended.</summary>
    internal void EndRound()
    {
        Release(_count, _limit);
        _limit = _newest;
    }

    /// <summary>No event follows.</summary>
    internal void End() => Release(_count, long.MaxValue);

    /// <summary>The next event that is ready.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryTake(ref CapturedEvent e)
    {
        if (_next == _ready) return false;
        e = _events[_isSorted ? _next : _order[_next].At];
        if (e.Ns < _last) Late++;
        _last = Math.Max(_last, e.Ns);
        if (++_next == _ready) Forget();
        return true;
    }

    // Lets the oldest ones go, up to a number and a time.
    private void Release(int most, long limitNs)
    {
        if (!_isSorted) Sort();
        int from = 0;
        for (int to = most; from < to;)
        {
            int middle = (from + to) / 2;
            if (NsAt(middle) <= limitNs) from = middle + 1;
            else to = middle;
        }
        _ready = from;
    }

    private long NsAt(int place) => _isSorted ? _events[place].Ns : _order[place].Ns;

    // Merges the runs that are in order, two by two; of the same time, what came first is first.
    private void Sort()
    {
        if (_order.Length < _count) (_order, _merged) = (new (long, int)[_events.Length], new (long, int)[_events.Length]);
        for (int i = 0; i < _count; i++) _order[i] = (_events[i].Ns, i);
        for (bool isMerged = true; isMerged;)
        {
            isMerged = false;
            for (int begin = 0; begin < _count;)
            {
                int middle = EndOfRun(begin), end = middle < _count ? EndOfRun(middle) : middle;
                isMerged |= middle < end;
                Merge(begin, middle, end);
                begin = end;
            }
            (_order, _merged) = (_merged, _order);
        }
    }

    private int EndOfRun(int begin)
    {
        int end = begin + 1;
        while (end < _count && _order[end - 1].Ns <= _order[end].Ns) end++;
        return end;
    }

    private void Merge(int begin, int middle, int end)
    {
        for (int left = begin, right = middle, to = begin; to < end; to++)
            _merged[to] = right == end || (left < middle && _order[left].Ns <= _order[right].Ns) ? _order[left++] : _order[right++];
    }

    // Moves what is left to the beginning, as it came.
    private void Forget()
    {
        int left = 0;
        if (_isSorted)
        {
            left = _count - _ready;
            _events.AsSpan(_ready, left).CopyTo(_events);
        }
        else
        {
            (long Ns, int At) last = _order[_ready - 1];
            _isSorted = true;
            for (int i = 0; i < _count; i++)
            {
                long ns = _events[i].Ns;
                if (ns < last.Ns || (ns == last.Ns && i <= last.At)) continue;
                _isSorted &= left == 0 || _events[left - 1].Ns <= ns;
                _events[left++] = _events[i];
            }
        }
        _count = left;
        _next = _ready = 0;
    }
}
