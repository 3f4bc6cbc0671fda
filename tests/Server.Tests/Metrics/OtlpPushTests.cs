using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Kvmscope.Core;
using Kvmscope.Server.Metrics.Otlp;
using Kvmscope.Server.Metrics.Otlp.Messages;
using static Kvmscope.Server.Tests.Certificates;
using static Kvmscope.Server.Tests.Metrics.MetricsWorld;

namespace Kvmscope.Server.Tests.Metrics;

/// <summary>Pushes through real sockets.</summary>
public sealed class OtlpPushTests
{
    private static readonly TimeSpan s_last = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<string> _complaints = [];
    private readonly MetricsWorld _world = new();

    public OtlpPushTests() => _world.Add([Vm(1, "web-1")], Row(Vm(1, "web-1"), Cpuid, 3, 1_500));

    [Fact]
    public async Task The_last_figures_are_sent_when_it_ends()
    {
        using var receiver = new OtlpReceiver();
        using (OtlpPush push = Push(receiver.Url, TimeSpan.FromHours(1))) await push.EndAsync(s_last);
        (string head, ExportMetricsServiceRequest message) = Assert.Single(receiver.Requests);
        Assert.StartsWith("POST /v1/metrics HTTP/1.1\r\n", head);
        Assert.Contains("\r\nAuthorization: Bearer x\r\n", head);
        Assert.Equal(3, Exits(message));
        Assert.Equal("1", _world.Scrape()["kvmscope_otlp_batches_total{outcome=\"sent\"}"]);
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task A_receiver_that_is_down_has_dropped_batches_and_one_complaint()
    {
        var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var url = new Uri($"http://{free.LocalEndpoint}");
        free.Stop();
        using OtlpPush push = Push(url, TimeSpan.FromMilliseconds(20));
        await Eventually.Until(() => Value("dropped") > 2);
        Assert.Equal(["OTLP: 127.0.0.1: Connection refused"], _complaints);
        Assert.Equal(0, Value("sent"));
    }

    [Theory]
    [InlineData("429 Too Many Requests\r\nRetry-After: 1")]
    [InlineData("503 Service Unavailable\r\nRetry-After: 1")]
    public async Task What_a_busy_receiver_did_not_take_is_sent_again(string answer)
    {
        using var receiver = new OtlpReceiver([answer]);
        using OtlpPush push = Push(receiver.Url, TimeSpan.FromHours(1));
        await push.EndAsync(s_last);
        Assert.Equal(2, receiver.Requests.Count);
        Assert.Equal(receiver.Requests.First().Message, receiver.Requests.Last().Message);
        Assert.Equal($"OTLP: 127.0.0.1 answers {answer[..3]}", Assert.Single(_complaints));
        Assert.Equal((1, 0, 0), (Value("sent"), Value("rejected"), Value("dropped")));
    }

    [Fact]
    public async Task One_that_does_not_answer_is_left_and_asked_again()
    {
        using var receiver = new OtlpReceiver([""]);
        using OtlpPush push = Push(receiver.Url, TimeSpan.FromHours(1), timeout: TimeSpan.FromMilliseconds(50));
        await push.EndAsync(s_last);
        Assert.Contains("OTLP: 127.0.0.1 does not answer in time", _complaints);
        Assert.Equal(1, Value("sent"));
    }

    [Fact]
    public async Task An_end_does_not_wait_for_a_receiver_that_hangs()
    {
        using var receiver = new OtlpReceiver([""]);
        using OtlpPush push = Push(receiver.Url, TimeSpan.FromHours(1));
        var since = System.Diagnostics.Stopwatch.StartNew();
        await push.EndAsync(TimeSpan.FromMilliseconds(100));
        // Not its timeout of 10 s.
        Assert.True(since.Elapsed < TimeSpan.FromSeconds(8), $"{since.Elapsed}");
        Assert.Equal(0, Value("sent"));
    }

    [Fact]
    public async Task HTTPS_is_with_the_CA_that_is_named_and_says_who_it_is()
    {
        using X509Certificate2 ca = Ca("a CA"), other = Ca("another CA"), server = Of(ca, "127.0.0.1", isServer: true),
            client = Of(ca, "host7", isServer: false);
        using var caFile = new TemporaryFile(ca.ExportCertificatePem());
        using var otherFile = new TemporaryFile(other.ExportCertificatePem());
        using var certificate = new TemporaryFile(client.ExportCertificatePem());
        using var key = new TemporaryFile(client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        using var receiver = new OtlpReceiver(tls: (server, ca));
        using (OtlpPush push = Push(receiver.Url, TimeSpan.FromHours(1), OtlpTls.Read(caFile.Path, certificate.Path, key.Path)))
            await push.EndAsync(s_last);
        Assert.Equal(3, Exits(Assert.Single(receiver.Requests).Message));
        Assert.Empty(_complaints);

        using OtlpPush wrong = Push(receiver.Url, TimeSpan.FromMilliseconds(20), OtlpTls.Read(otherFile.Path, certificate.Path, key.Path));
        await Eventually.Until(() => !_complaints.IsEmpty);
        Assert.Matches("^OTLP: 127.0.0.1: The remote certificate is invalid", Assert.Single(_complaints));
        Assert.Single(receiver.Requests);
    }

    [Theory]
    [InlineData("Authorization: Bearer abc\n# one\n\nX-Scope-OrgID:  7 \n", null)]
    [InlineData("Authorization Bearer secret-value", "line 1 is not a header")]
    [InlineData("A: b\nNa me: secret-value", "line 2 is not a header")]
    [InlineData("Name: secret\u00e9value", "no value of printable ASCII")]
    [InlineData("Name:", "no value of printable ASCII")]
    [InlineData("content-length: 3", "is set by kvmscope itself")]
    [InlineData("# nothing", "it has no header")]
    public void Headers_come_from_a_file(string text, string? fault)
    {
        using var file = new TemporaryFile(text);
        File.SetUnixFileMode(file.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (fault is null)
        {
            Assert.Equal([("Authorization", "Bearer abc"), ("X-Scope-OrgID", "7")], OtlpHeaders.Read(file.Path));
            return;
        }
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => OtlpHeaders.Read(file.Path));
        Assert.Equal(ExitStatus.Usage, error.Status);
        Assert.Contains(fault, error.Message);
        Assert.DoesNotContain("secret", error.Message + error.Hint);
    }

    [Fact]
    public void Headers_that_others_can_read_are_not_read()
    {
        using var file = new TemporaryFile("Authorization: Bearer abc");
        File.SetUnixFileMode(file.Path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains("every user can read", Assert.Throws<KvmscopeException>(() => OtlpHeaders.Read(file.Path)).Message);
    }

    private OtlpPush Push(Uri url, TimeSpan interval, OtlpTls? tls = null, TimeSpan? timeout = null) => new(_world.Source,
        new OtlpOptions(url) { Interval = interval, Tls = tls, Headers = [("Authorization", "Bearer x")], Timeout = timeout ?? s_last },
        TimeProvider.System, _complaints.Enqueue);

    private static long Exits(ExportMetricsServiceRequest message) => message.ResourceMetrics.Single().ScopeMetrics.Single().Metrics
        .Single(m => m.Name == "kvmscope_exits").Sum.DataPoints.Single().AsInt;

    private int Value(string outcome) =>
        int.Parse(_world.Scrape()[$"kvmscope_otlp_batches_total{{outcome=\"{outcome}\"}}"], CultureInfo.InvariantCulture);
}
