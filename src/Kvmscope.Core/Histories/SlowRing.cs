using Kvmscope.Core.Model;

namespace Kvmscope.Core.Histories;

/// <summary>The last slow exits, in order of the places at which they ended.</summary>
/// <param name="most">How many at most.</param>
internal sealed class SlowRing(int most)
{
    // 200 bytes, and a reference.
    private const long OfExit = 208;

    private readonly Lock _lock = new();
    private (long Ns, SlowExit Exit)[] _ring = [];
    private int _first, _count;
    private long _droppedUntil = long.MinValue;

    /// <summary>What it takes in memory.</summary>
    internal long Bytes => _ring.Length * OfExit;

    /// <summary>The place of the last one that was forgotten because there were too many.</summary>
    internal long DroppedUntil
    {
        get
        {
            lock (_lock) return _droppedUntil;
        }
    }

    /// <summary>Adds those of an interval; of too many, the last.</summary>
    /// <param name="interval">The interval.</param>
    /// <param name="vms">Its VMs as they are kept.</param>
    internal void Add(Interval interval, VmIdentity[] vms)
    {
        if (interval.Slow.Count == 0) return;
        lock (_lock)
        {
            if (interval.Slow.Count > most) _droppedUntil = interval.ToNs;
            if (most == 0) return;
            long last = _count == 0 ? long.MinValue : this[_count - 1].Ns;
            for (int i = Math.Max(0, interval.Slow.Count - most); i < interval.Slow.Count; i++)
            {
                SlowExit exit = interval.Slow[i];
                // It is known by the wall clock, which may have been set meanwhile; it ended in this interval, and after the one before it.
                long ns = interval.ToNs - ((interval.To - exit.At).Ticks * 100);
                ns = last = Math.Max(last, Math.Clamp(ns, interval.FromNs + 1, Math.Max(interval.FromNs + 1, interval.ToNs)));
                int at = Array.FindIndex(vms, vm => vm.Ordinal == exit.Vm.Ordinal);
                Add(ns, at < 0 ? exit : exit with { Vm = vms[at] });
            }
        }
    }

    /// <summary>Forgets those that ended until a place.</summary>
    internal void ForgetUntil(long place)
    {
        lock (_lock)
        {
            while (_count > 0 && this[0].Ns <= place)
            {
                this[0] = default;
                _first = (_first + 1) % _ring.Length;
                _count--;
            }
        }
    }

    /// <summary>The last that ended after one place and until another.</summary>
    internal IReadOnlyList<SlowExit> Between(long from, long to, int atMost)
    {
        lock (_lock)
        {
            int end = After(to), first = Math.Max(After(from), end - Math.Max(0, atMost));
            var found = new SlowExit[Math.Max(0, end - first)];
            for (int i = 0; i < found.Length; i++) found[i] = this[first + i].Exit;
            return found;
        }
    }

    private ref (long Ns, SlowExit Exit) this[int index] => ref _ring[(_first + index) % _ring.Length];

    // The index of the first that ended after a place.
    private int After(long place)
    {
        int low = 0, high = _count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (this[middle].Ns <= place) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private void Add(long ns, SlowExit exit)
    {
        if (_count == most)
        {
            _droppedUntil = Math.Max(_droppedUntil, this[0].Ns);
            _first = (_first + 1) % _ring.Length;
            _count--;
        }
        else if (_count == _ring.Length)
        {
            var larger = new (long, SlowExit)[Math.Min(most, Math.Max(16, _count * 2))];
            for (int i = 0; i < _count; i++) larger[i] = this[i];
            (_ring, _first) = (larger, 0);
        }
        this[_count++] = (ns, exit);
    }
}
