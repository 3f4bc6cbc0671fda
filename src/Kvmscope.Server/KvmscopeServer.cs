using System.Collections.Frozen;
using System.Net;
using Kvmscope.Server.Endpoints;
using Kvmscope.Server.Http;
using Kvmscope.Server.Listening;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Kvmscope.Server;

/// <summary>Serves a source over HTTP.</summary>
public sealed class KvmscopeServer : IDisposable
{
    private readonly ServerState _state;
    private readonly KestrelServer _kestrel;

    /// <summary>Makes it; <see cref="Start"/> begins to answer.</summary>
    /// <param name="source">What is served.</param>
    /// <param name="settings">Where and to whom.</param>
    /// <param name="metrics">What scrapes are answered from; null where there is none.</param>
    /// <param name="clock">The time; null for that of this machine.</param>
    public KvmscopeServer(ServedSource source, ServerSettings settings, IMetricsSource? metrics = null, TimeProvider? clock = null)
    {
        _state = new ServerState(source, settings, metrics, clock ?? TimeProvider.System);
        var transport = new SocketTransportFactory(
            Options.Create(new SocketTransportOptions { CreateBoundListenSocket = _ => settings.Socket.Socket }),
            NullLoggerFactory.Instance);
        _kestrel = new KestrelServer(Options.Create(KestrelOptions(settings)), transport, NullLoggerFactory.Instance);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => _state.Settings.Socket.EndPoint;

    /// <summary>Begins to answer.</summary>
    public void Start() => _kestrel.StartAsync(new Dispatcher(_state), CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>Says that the next interval is in the history. It does not wait.</summary>
    public void Notify() => _state.Streams.Notify();

    /// <summary>Says that nothing more comes: streams end, and everything else is answered as before.</summary>
    /// <param name="why">Why, for people.</param>
    public void EndStreams(string why) => _state.Streams.End(why);

    /// <summary>Ends: streams are told, and what is being answered has this time.</summary>
    public void Stop(TimeSpan time)
    {
        _state.Streams.Stop();
        using var over = new CancellationTokenSource(time);
        try
        {
            _kestrel.StopAsync(over.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // Connections that did not end were ended.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _kestrel.Dispose();
        _state.Settings.Socket.Dispose();
        _state.Dispose();
    }

    /// <summary>All that is answered, by path.</summary>
    internal static FrozenDictionary<string, IEndpoint> Endpoints() => new IEndpoint[]
    {
        new HostEndpoint(), new VmsEndpoint(), new IntervalsEndpoint(), new HeatmapEndpoint(), new SlowEndpoint(), new ExplainEndpoint(),
        new StreamEndpoint(), new RecordingEndpoint(), new MetricsEndpoint(), new HealthEndpoint(), new ReadyEndpoint(),
    }.Concat(FileEndpoint.All()).ToFrozenDictionary(endpoint => endpoint.Path, StringComparer.Ordinal);

    private static KestrelServerOptions KestrelOptions(ServerSettings settings)
    {
        ServerLimits limits = settings.Limits;
        var options = new KestrelServerOptions
        {
            AddServerHeader = false,
            AllowSynchronousIO = false,
        };
        options.Limits.MaxConcurrentConnections = limits.Connections;
        options.Limits.MaxConcurrentUpgradedConnections = 0;
        options.Limits.MaxRequestBodySize = 0;
        options.Limits.MaxRequestBufferSize = Math.Max(limits.HeaderBytes, limits.LineBytes) * 2;
        options.Limits.MaxRequestHeaderCount = limits.Headers;
        options.Limits.MaxRequestHeadersTotalSize = limits.HeaderBytes;
        options.Limits.MaxRequestLineSize = limits.LineBytes;
        options.Limits.RequestHeadersTimeout = limits.HeaderTime;
        options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
        var clients = new ClientLimit(limits.ConnectionsPerClient);
        options.Listen(settings.Socket.EndPoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(clients.Limit);
            if (settings.Certificate is { } certificate) listen.Use(new TlsConnections(certificate, settings.ClientCas).Wrap);
        });
        return options;
    }
}
