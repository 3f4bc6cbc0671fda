namespace Kvmscope.Server.Metrics.Otlp;

/// <summary>A pusher at work.</summary>
public sealed class OtlpPush : IDisposable
{
    private readonly HttpMessageHandler _handler;
    private readonly CancellationTokenSource _stop = new();
    private readonly OtlpPusher _pusher;
    private readonly Task _running;

    /// <summary>Begins to push.</summary>
    /// <param name="source">The series.</param>
    /// <param name="options">Where to.</param>
    /// <param name="clock">The time.</param>
    /// <param name="complain">Gets the first problem of each kind, one line; from any thread.</param>
    public OtlpPush(MetricsSource source, OtlpOptions options, TimeProvider clock, Action<string> complain)
    {
        _handler = OtlpTls.Handler(options.Tls);
        _pusher = new OtlpPusher(source, options, _handler, clock, complain);
        _running = Task.Run(() => _pusher.RunAsync(_stop.Token));
    }

    /// <summary>Sends the last figures, which have so much time, and ends.</summary>
    public Task EndAsync(TimeSpan time)
    {
        _pusher.LastTime = time;
        _stop.Cancel();
        return _running;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        EndAsync(TimeSpan.Zero).GetAwaiter().GetResult();
        _handler.Dispose();
        _stop.Dispose();
    }
}
