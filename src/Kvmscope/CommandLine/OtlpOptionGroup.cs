using System.CommandLine;
using System.Net;
using Kvmscope.Core;
using Kvmscope.Server.Metrics.Otlp;

namespace Kvmscope.CommandLine;

/// <summary>The options that say where metrics are pushed to.</summary>
internal sealed class OtlpOptionGroup
{
    private readonly Option<string> _url = OptionFactory.Value("--otlp", "URL",
        "Push the metrics to an OTLP receiver: HTTP, protobuf. Without a path it is /v1/metrics.");
    private readonly Option<string> _interval = OptionFactory.Value("--otlp-interval", "TIME", "How often (default: 1m).");
    private readonly Option<string> _headers = OptionFactory.Value("--otlp-headers", "FILE",
        "Headers of the requests, one 'Name: value' per line; others must not be able to read FILE.");
    private readonly Option<string> _ca = OptionFactory.Value("--otlp-ca", "FILE", "HTTPS: trust these CAs (PEM), not the system's.");
    private readonly Option<string> _certificate =
        OptionFactory.Value("--otlp-cert", "FILE", "HTTPS: the certificate of this host (PEM).");
    private readonly Option<string> _key = OptionFactory.Value("--otlp-key", "FILE", "With --otlp-cert: its key (PEM).");

    /// <summary>The options as --help shows them.</summary>
    public OptionGroup Group => new("OTLP", [_url, _interval, _headers, _ca, _certificate, _key]);

    /// <summary>The first of them that is given; null where none is.</summary>
    public string? Given(ParseResult result) => Array.Find([_url, _interval, _headers, _ca, _certificate, _key],
        option => result.GetResult(option) is { Implicit: false })?.Name;

    /// <summary>Reads them, and the files.</summary>
    /// <param name="result">What was typed.</param>
    /// <param name="host">The host's name.</param>
    /// <param name="warn">Takes what the user has to know.</param>
    /// <returns>Null where nothing is pushed.</returns>
    /// <exception cref="KvmscopeException">A value, a file or a combination makes no sense (status 2); there is no OpenSSL (status 1).
    /// </exception>
    public OtlpOptions? Read(ParseResult result, string host, Action<string> warn)
    {
        if (result.Text(_url) is not { } text)
            return Given(result) is { } option ? throw UsageError.Of($"{option} needs --otlp", "Add --otlp URL.") : null;
        Uri url = Url(text);
        string? ca = result.Text(_ca), certificate = result.Text(_certificate), key = result.Text(_key), headers = result.Text(_headers);
        if ((certificate is null) != (key is null)) throw UsageError.Of("--otlp-cert and --otlp-key belong together", "Give both.");
        bool isSecure = url.Scheme == Uri.UriSchemeHttps;
        if (!isSecure && (ca ?? certificate) is not null)
            throw UsageError.Of("--otlp-ca, --otlp-cert and --otlp-key are for HTTPS", "Give a URL that begins with https://.");
        var options = new OtlpOptions(url)
        {
            Interval = result.Text(_interval) is { } interval ? Interval(interval) : TimeSpan.FromMinutes(1),
            Headers = headers is null ? [] : OtlpHeaders.Read(headers),
            Tls = isSecure ? OtlpTls.Read(ca, certificate, key) : null,
            Host = host,
            Version = ProgramHelp.Version,
        };
        if (!isSecure && headers is not null && !IsLocal(url)) warn("without https, the headers of --otlp cross the network unencrypted.");
        return options;
    }

    private static Uri Url(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
            || url.Host.Length == 0 || url.Fragment.Length > 0)
            throw UsageError.Of($"--otlp '{text}' is not a URL of HTTP", "Give one such as http://collector:4318");
        // What is typed can be read by every user of this host.
        return url.UserInfo.Length == 0 ? url : throw UsageError.Of("--otlp has a name or a password in its URL",
            "Put it into the file of --otlp-headers: Authorization: Basic ...");
    }

    private static bool IsLocal(Uri url) =>
        url.Host == "localhost" || (IPAddress.TryParse(url.DnsSafeHost, out IPAddress? address) && IPAddress.IsLoopback(address));

    private TimeSpan Interval(string text)
    {
        double ns = Durations.Parse(_interval.Name, text);
        return ns >= 1e9 && ns <= TimeSpan.FromHours(1).TotalNanoseconds
            ? TimeSpan.FromMilliseconds(ns / 1e6)
            : throw UsageError.Of($"--otlp-interval '{text}' is out of range", "Give a time from 1s to 1h.");
    }
}
