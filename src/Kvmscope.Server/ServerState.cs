using Kvmscope.Server.Http;
using Kvmscope.Server.Requests;
using Kvmscope.Server.Streams;

namespace Kvmscope.Server;

/// <summary>What all requests share.</summary>
/// <param name="source">What is served.</param>
/// <param name="settings">To whom.</param>
/// <param name="metrics">What scrapes are answered from; null where there is none.</param>
/// <param name="clock">The time.</param>
internal sealed class ServerState(ServedSource source, ServerSettings settings, IMetricsSource? metrics, TimeProvider clock) : IDisposable
{
    /// <summary>What is served.</summary>
    public ServedSource Source => source;

    /// <summary>To whom.</summary>
    public ServerSettings Settings => settings;

    /// <summary>Limits.</summary>
    public ServerLimits Limits => settings.Limits;

    /// <summary>What scrapes are answered from.</summary>
    public IMetricsSource? Metrics => metrics;

    /// <summary>The time.</summary>
    public TimeProvider Clock => clock;

    /// <summary>Reads the history.</summary>
    public Excerpts Excerpts { get; } = new(source);

    /// <summary>Who makes an answer.</summary>
    public Turns Turns { get; } = new(settings.Limits.Answers, settings.Limits.Waiting);

    /// <summary>Open streams, and what they wait for.</summary>
    public StreamHub Streams { get; } = new(settings.Limits, clock);

    /// <inheritdoc/>
    public void Dispose()
    {
        Turns.Dispose();
        Streams.Dispose();
    }
}
