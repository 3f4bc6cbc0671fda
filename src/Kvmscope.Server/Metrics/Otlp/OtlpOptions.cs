namespace Kvmscope.Server.Metrics.Otlp;

/// <summary>Where metrics are pushed to, and how often.</summary>
/// <param name="Url">The receiver; without a path it gets <c>/v1/metrics</c>.</param>
public sealed record OtlpOptions(Uri Url)
{
    /// <summary>How often.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long an answer may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Headers of every request.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>For HTTPS.</summary>
    public OtlpTls? Tls { get; init; }

    /// <summary>The host's name.</summary>
    public string Host { get; init; } = "";

    /// <summary>The version of kvmscope.</summary>
    public string Version { get; init; } = "";
}
