using Kvmscope.Core.Captures;

namespace Kvmscope.Interchange;

/// <summary>
/// Puts the events of perf.data in the order of time. The tracer writes the buffers of the CPUs one after the other and then ends the
/// round; what comes later is not older than the newest event of the round before (tools/perf/util/ordered-events.c). Where a round is
/// larger than the room, its oldest half goes ahead.
/// </summary>
/// <param name="room">How many events are kept.</param>
internal sealed class EventOrder(int room = EventOrder.UsualRoom)
{
    private const int UsualRoom = 1 << 19, FirstRoom = 1 << 10;

    private CapturedEvent[] _events = new CapturedEvent[FirstRoom];
    private (long Ns, int At)[] _order = new (long, int)[FirstRoom];
    private int _count, _next, _ready;
    private long _limit = long.MinValue, _newest = long.MinValue, _last = long.MinValue;

    /// <summary>Whether an event has to be taken before the next one is added.</summary>
    internal bool IsReady => _next < _ready;

    /// <summary>Events that came after newer ones had gone ahead.</summary>
    internal long Late { get; private set; }

    /// <summary>Adds the next event of the file. None may be ready.</summary>
    internal void Add(in CapturedEvent e)
    {
        if (_count == _events.Length) Array.Resize(ref _events, _count * 2);
        _events[_count++] = e;
        _newest = Math.Max(_newest, e.Ns);
        if (_count >= room) Release(all: false, half: true);
    }

    /// <summary>A round has ended.</summary>
    internal void EndRound()
    {
        Release(all: false, half: false);
        _limit = _newest;
    }

    /// <summary>No event follows.</summary>
    internal void End() => Release(all: true, half: false);

    /// <summary>The next event that is ready.</summary>
    internal bool TryTake(ref CapturedEvent e)
    {
        if (_next == _ready) return false;
        e = _events[_order[_next].At];
        if (e.Ns < _last) Late++;
        _last = Math.Max(_last, e.Ns);
        if (++_next == _ready) Forget();
        return true;
    }

    private void Release(bool all, bool half)
    {
        if (_count == 0) return;
        if (_order.Length < _count) _order = new (long, int)[_events.Length];
        for (int i = 0; i < _count; i++) _order[i] = (_events[i].Ns, i);
        // By time, and at the same time as they came.
        _order.AsSpan(0, _count).Sort(static (a, b) => a.Ns != b.Ns ? a.Ns.CompareTo(b.Ns) : a.At.CompareTo(b.At));
        _ready = all ? _count : half ? _count / 2 : 0;
        if (!all && !half)
            while (_ready < _count && _order[_ready].Ns <= _limit) _ready++;
    }

    // Moves what is left to the beginning, as it came.
    private void Forget()
    {
        if (_ready < _count)
        {
            Span<(long Ns, int At)> left = _order.AsSpan(_ready, _count - _ready);
            left.Sort(static (a, b) => a.At.CompareTo(b.At));
            for (int i = 0; i < left.Length; i++) _events[i] = _events[left[i].At];
        }
        _count -= _ready;
        _next = _ready = 0;
    }
}
