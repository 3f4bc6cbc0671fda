using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

public sealed class ServeTests
{
    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "kvmscope");

    [Fact]
    public void It_attaches_then_drops_then_answers_and_ends_with_status_0()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { GrowsEachSecond = true, Log = world.Log };
        Outcome outcome = world.Run("serve", "--listen", "127.0.0.1:0", "--duration", "2s");
        Assert.Equal(0, outcome.Status);
        Assert.Matches(@"^kvmscope: serving at http://127\.0\.0\.1:\d+\n$", outcome.Error);
        Assert.Equal(["attach", "drop", "listen"], world.Log.Where(l => l is "attach" or "drop" or "listen"));
        Assert.True(world.Asked is { WantSplit: true, WantQualifiers: true, SlowNs: 10_000_000 });
    }

    [Fact]
    public void Returns_to_the_vmm_are_counted_where_asked_for()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { GrowsEachSecond = true, Log = world.Log };
        Assert.Equal(0, world.Run("serve", "--listen", "127.0.0.1:0", "--duration", "2s", "--with", "vmm").Status);
        Assert.True(world.Asked is { WantReturns: true, PageShift: null, WantRips: false });
        // A screen has no place for them.
        Assert.Equal(2, new World().Run("top", "--with", "vmm").Status);
    }

    [Theory]
    [InlineData("open to the network", "--listen", "0.0.0.0:0")]
    [InlineData("open to the network", "--listen", "[::]:0")]
    [InlineData("is not an address and a port", "--listen", "7780")]
    [InlineData("belong together", "--tls-cert", "x")]
    [InlineData("needs --tls-cert", "--tls-client-ca", "x")]
    [InlineData("there is no such file", "--token-file", "/nonexistent")]
    [InlineData("there is no such file", "--tls-cert", "/nonexistent", "--tls-key", "/nonexistent")]
    [InlineData("--keep needs --store", "--keep", "3")]
    [InlineData("--history '64M' is not a number of MB", "--history", "64M")]
    [InlineData("--history '3' is not a number of MB", "--history", "3")]
    [InlineData("is not a folder", "--store", "/nonexistent")]
    [InlineData("--replay needs a recording", "--replay")]
    [InlineData("--speed needs --replay", "--speed", "2")]
    [InlineData("are for recordings", "--from", "14:00")]
    [InlineData("--metrics-reasons '0'", "--metrics-reasons", "0")]
    [InlineData("--linger '2d'", "--linger", "2d")]
    [InlineData("is not a URL of HTTP", "--otlp", "collector:4318")]
    [InlineData("is not a URL of HTTP", "--otlp", "ftp://collector")]
    [InlineData("a name or a password in its URL", "--otlp", "http://me:secret@collector:4318")]
    [InlineData("--otlp-interval '2h' is out of range", "--otlp", "http://collector", "--otlp-interval", "2h")]
    [InlineData("--otlp-headers needs --otlp", "--otlp-headers", "x")]
    [InlineData("belong together", "--otlp", "https://collector", "--otlp-key", "x")]
    [InlineData("are for HTTPS", "--otlp", "http://collector", "--otlp-ca", "x")]
    [InlineData("there is no such file", "--otlp", "https://collector", "--otlp-ca", "/nonexistent")]
    [InlineData("there is no such file", "--otlp", "http://collector", "--otlp-headers", "/nonexistent")]
    public void What_makes_no_sense_is_one_line_and_status_2(string why, params string[] options)
    {
        var world = new World();
        Outcome outcome = world.Run(["serve", .. options]);
        Assert.Equal(2, outcome.Status);
        Assert.Contains(why, outcome.Error.Split('\n')[0], StringComparison.Ordinal);
        Assert.DoesNotContain("attach", world.Log);
    }

    [Fact]
    public async Task Its_metrics_are_pushed_at_the_latest_when_it_ends()
    {
        using var receiver = new TcpListener(IPAddress.Loopback, 0);
        receiver.Start();
        Task<string> request = Task.Run(async () =>
        {
            while (true)
            {
                using TcpClient client = await receiver.AcceptTcpClientAsync();
                var bytes = new byte[64 * 1024];
                int length = await client.GetStream().ReadAsync(bytes);
                if (length == 0) continue;
                await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
                return System.Text.Encoding.Latin1.GetString(bytes, 0, length);
            }
        });
        string url = $"http://{receiver.LocalEndpoint}";
        // The last push has little time: on a busy machine it may not come to it.
        for (int i = 0; i < 20 && !request.IsCompleted; i++)
        {
            var world = new World();
            world.Host = new FakeHost(world.Clock) { GrowsEachSecond = true, Log = world.Log };
            Outcome outcome = world.Run("serve", "--listen", "127.0.0.1:0", "--duration", "2s", "--otlp", url, "--otlp-interval", "1h");
            Assert.Equal(0, outcome.Status);
        }
        Assert.StartsWith("POST /v1/metrics HTTP/1.1\r\n", await request.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void Recordings_are_not_pushed()
    {
        using var recorder = new Recorder();
        Outcome outcome = new World().Run("serve", recorder.Record("a.kvmscope", 3), "--otlp", "http://collector");
        Assert.Equal(2, outcome.Status);
        Assert.StartsWith("kvmscope: --otlp is for this host, or with --replay\n", outcome.Error);
    }

    [Fact]
    public void A_port_in_use_is_status_1_before_anything_is_attached()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var world = new World();
        Outcome outcome = world.Run("serve", "--listen", $"127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}");
        Assert.Equal(1, outcome.Status);
        Assert.Matches("^kvmscope: cannot listen on [^\n]*: the port is in use\n  [^\n]*\n$", outcome.Error);
        Assert.DoesNotContain("attach", world.Log);
    }

    [Fact]
    public void A_store_is_a_recording_that_rotates()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            var world = new World();
            world.Host = new FakeHost(world.Clock) { GrowsEachSecond = true, Log = world.Log };
            Assert.Equal(0, world.Run("serve", "--listen", "127.0.0.1:0", "--duration", "2s", "--store", folder).Status);
            string file = Assert.Single(Directory.GetFiles(folder));
            Assert.Matches(@"^serve-\d{8}T\d{6}Z\.kvmscope$", Path.GetFileName(file));
            Assert.Contains("drop, and make files", world.Log);
            Assert.Contains("CPUID", new World().Run("report", file, "count").Out, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("--replay")]
    [InlineData("--replay --speed 1000")]
    public async Task SIGTERM_ends_it_with_open_streams(string options)
    {
        using var recorder = new Recorder();
        string file = recorder.Record("a.kvmscope", 3);
        using var process = Process.Start(new ProcessStartInfo(
            s_program, ["serve", file, "--listen", "127.0.0.1:0", .. options.Split(' ')])
        { RedirectStandardError = true })!;
        string? line;
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        do line = await process.StandardError.ReadLineAsync(late.Token);
        while (line is not null && !line.Contains("serving", StringComparison.Ordinal));
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(line!.Split("//")[1]));
        await client.GetStream().WriteAsync("GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), late.Token);
        Assert.True(await client.GetStream().ReadAsync(new byte[1], late.Token) > 0);
        Assert.True(HostFactory.System.Signal(process.Id, 15));
        await process.WaitForExitAsync(late.Token);
        Assert.Equal(0, process.ExitCode);
    }
}
