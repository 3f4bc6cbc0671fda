namespace Kvmscope.Exports;

/// <summary>
/// Makes items on this thread and uses them on another. What waits in between is limited by what the items weigh, so that one thread goes
/// on while the other is busy with many items at once, and memory is bounded.
/// </summary>
/// <param name="use">Uses one; what it throws is thrown by <see cref="Run"/>.</param>
/// <param name="weigh">What an item weighs.</param>
/// <param name="most">What waits weighs no more than this; a single item may.</param>
internal sealed class Relay<T>(Action<T> use, Func<T, long> weigh, long most)
{
    private readonly Queue<(T Item, long Weight)> _waiting = [];
    private long _weight;
    private bool _isEnded, _hasFailed;

    /// <summary>Passes all items on, in order; returns when they are used.</summary>
    /// <param name="items">Where they come from; not enumerated further once one could not be used.</param>
    public void Run(IEnumerable<T> items)
    {
        var user = Task.Run(UseAll);
        try
        {
            foreach (T item in items)
                if (!TryPass(item)) break;
        }
        finally
        {
            lock (_waiting)
            {
                _isEnded = true;
                Monitor.Pulse(_waiting);
            }
            user.GetAwaiter().GetResult();
        }
    }

    // One thread waits at a time: one for room, the other for an item.
    private bool TryPass(T item)
    {
        long weight = weigh(item);
        lock (_waiting)
        {
            while (_waiting.Count > 0 && _weight + weight > most && !_hasFailed) Monitor.Wait(_waiting);
            if (_hasFailed) return false;
            _waiting.Enqueue((item, weight));
            _weight += weight;
            Monitor.Pulse(_waiting);
            return true;
        }
    }

    private void UseAll()
    {
        try
        {
            while (TryTake(out T item)) use(item);
        }
        catch
        {
            lock (_waiting)
            {
                _hasFailed = true;
                Monitor.Pulse(_waiting);
            }
            throw;
        }
    }

    private bool TryTake(out T item)
    {
        lock (_waiting)
        {
            while (_waiting.Count == 0 && !_isEnded) Monitor.Wait(_waiting);
            bool isTaken = _waiting.TryDequeue(out (T Item, long Weight) next);
            (item, _weight) = (next.Item, _weight - next.Weight);
            Monitor.Pulse(_waiting);
            return isTaken;
        }
    }
}
