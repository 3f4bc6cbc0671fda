using System.Collections.Concurrent;

namespace Kvmscope.Server.Streams;

/// <summary>The open streams: how many there are, and what they wait for.</summary>
/// <param name="limits">How many there may be.</param>
/// <param name="clock">The time.</param>
internal sealed class StreamHub(ServerLimits limits, TimeProvider clock) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _clients = [];
    private readonly CancellationTokenSource _stopping = new();
    private TaskCompletionSource _next = NewSignal();
    private ConcurrentDictionary<string, Lazy<ReadOnlyMemory<byte>>> _newest = new();
    private long _dropped, _lastNotice = clock.GetTimestamp();
    private int _open;
    private volatile string? _over;

    /// <summary>How many are open.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>How many were dropped because their reader was slow.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Set when the server ends.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Why nothing more comes; null where more may come.</summary>
    public string? Over => _over;

    /// <summary>How long ago the last interval came, or the server began.</summary>
    public TimeSpan SinceLast => clock.GetElapsedTime(Interlocked.Read(ref _lastNotice));

    /// <summary>Done when the next interval is there, or nothing more comes; ask for it before looking at the history.</summary>
    public Task Next
    {
        get
        {
            lock (_lock) return _next.Task;
        }
    }

    /// <summary>Opens one; dispose it when it ends.</summary>
    /// <returns>Null where there are as many as may be.</returns>
    public IDisposable? TryOpen(string client)
    {
        lock (_lock)
        {
            int ofClient = _clients.GetValueOrDefault(client);
            if (_open >= limits.Streams || ofClient >= limits.StreamsPerClient) return null;
            _clients[client] = ofClient + 1;
            _open++;
        }
        return new Lease(this, client);
    }

    /// <summary>Says that the next interval is in the history.</summary>
    public void Notify()
    {
        Interlocked.Exchange(ref _lastNotice, clock.GetTimestamp());
        Volatile.Write(ref _newest, new());
        Signal();
    }

    /// <summary>Says that nothing more comes.</summary>
    public void End(string why)
    {
        _over ??= why;
        Signal();
    }

    /// <summary>Ends all streams.</summary>
    public void Stop()
    {
        End("the server ends");
        _stopping.Cancel();
    }

    /// <summary>Counts a stream that was dropped.</summary>
    public void CountDropped() => Interlocked.Increment(ref _dropped);

    /// <summary>An event about the newest interval: made once for all who ask the same.</summary>
    /// <param name="key">The same for the same question.</param>
    /// <param name="make">Makes it.</param>
    public ReadOnlyMemory<byte> Newest(string key, Func<ReadOnlyMemory<byte>> make) =>
        Volatile.Read(ref _newest).GetOrAdd(key, _ => new Lazy<ReadOnlyMemory<byte>>(make)).Value;

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    private void Signal()
    {
        TaskCompletionSource signal;
        lock (_lock) (signal, _next) = (_next, NewSignal());
        signal.TrySetResult();
    }

    private void Close(string client)
    {
        lock (_lock)
        {
            _open--;
            if (--_clients[client] == 0) _clients.Remove(client);
        }
    }

    // Waiters go on on threads of the pool, and not on the one that has an interval to give to others.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Lease(StreamHub hub, string client) : IDisposable
    {
        private int _isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0) hub.Close(client);
        }
    }
}
