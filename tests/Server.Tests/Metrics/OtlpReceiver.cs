using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Kvmscope.Server.Metrics.Otlp.Messages;

namespace Kvmscope.Server.Tests.Metrics;

/// <summary>What pushes come to: a socket of loopback, which reads them with the classes that protoc makes.</summary>
internal sealed class OtlpReceiver : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly SslServerAuthenticationOptions? _tls;
    private readonly ConcurrentBag<TcpClient> _clients = [];

    /// <summary>Begins to listen.</summary>
    /// <param name="answers">The first answers, all after the status; 200 after them. An empty one is none: the client waits.</param>
    /// <param name="tls">The certificate, and whose clients may come; null for HTTP.</param>
    internal OtlpReceiver(IEnumerable<string>? answers = null, (X509Certificate2 Own, X509Certificate2? ClientCa)? tls = null)
    {
        foreach (string answer in answers ?? []) Answers.Enqueue(answer);
        if (tls is { } with)
        {
            _tls = new SslServerAuthenticationOptions
            {
                ServerCertificate = with.Own,
                ClientCertificateRequired = with.ClientCa is not null,
                RemoteCertificateValidationCallback =
                    (_, client, _, _) => with.ClientCa is null || client?.Issuer == with.ClientCa.Subject,
            };
        }
        _listener.Start();
        _ = AcceptAsync();
    }

    internal Uri Url => new($"{(_tls is null ? "http" : "https")}://{_listener.LocalEndpoint}");

    internal ConcurrentQueue<string> Answers { get; } = [];

    internal ConcurrentQueue<(string Head, ExportMetricsServiceRequest Message)> Requests { get; } = [];

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        _clients.Add(client);
        try
        {
            Stream stream = client.GetStream();
            if (_tls is not null)
            {
                var secure = new SslStream(stream);
                await secure.AuthenticateAsServerAsync(_tls);
                stream = secure;
            }
            while (await ReadAsync(stream))
            {
                string answer = Answers.TryDequeue(out string? next) ? next : "200 OK";
                if (answer.Length == 0) return;
                await stream.WriteAsync(Encoding.Latin1.GetBytes($"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n"));
            }
        }
        catch (Exception error) when (error is IOException or AuthenticationException or ObjectDisposedException)
        {
            // It left.
        }
    }

    private async Task<bool> ReadAsync(Stream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one) == 0) return false;
            head.Append((char)one[0]);
        }
        string length = head.ToString().Split('\n').Single(l => l.StartsWith("Content-Length:", StringComparison.Ordinal)).Split(':')[1];
        var body = new byte[int.Parse(length.Trim(), CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body);
        using var packed = new GZipStream(new MemoryStream(body), CompressionMode.Decompress);
        Requests.Enqueue((head.ToString(), ExportMetricsServiceRequest.Parser.ParseFrom(packed)));
        return true;
    }

    public void Dispose()
    {
        _listener.Dispose();
        foreach (TcpClient client in _clients) client.Dispose();
    }
}
