using System.Diagnostics;
using System.Globalization;
using System.Net;
using Kvmscope.Server.Tests.Metrics;

namespace Kvmscope.Tests.Deploy;

/// <summary>
/// Two replayed hosts, a third that does not answer, and a Prometheus with the files of deploy/prometheus that scrapes them. Only times
/// are shorter: it scrapes five times per second, and alerts wait a second.
/// </summary>
public sealed class FleetWorld : IDisposable
{
    /// <summary>An address at which nothing listens: the port of "discard".</summary>
    internal const string Gone = "127.0.0.1:9";

    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "kvmscope");
    private static readonly string s_rules = Path.Combine(DocsBlock.Root, "deploy/prometheus");
    private static readonly TimeSpan s_length = TimeSpan.FromMinutes(5);

    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-fleet-").FullName;
    private readonly List<Process> _hosts = [];
    private readonly Prometheus? _prometheus;

    public FleetWorld()
    {
        // Whoever needs it is skipped without it.
        if (!Programs.Has("prometheus")) return;
        try
        {
            File.WriteAllText(TokenFile, Token + "\n");
            File.SetUnixFileMode(TokenFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Busy = Serve("host7");
            Calm = Serve("host8");
            _prometheus = new Prometheus(Configuration(), prepare: Prepare);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal static string Token => "a-token-of-this-test";

    /// <summary>The address of the host whose VM waits for CPUs.</summary>
    internal IPEndPoint Busy { get; } = new(IPAddress.None, 0);

    /// <summary>The address of the host without a problem.</summary>
    internal IPEndPoint Calm { get; } = new(IPAddress.None, 0);

    internal Prometheus Prometheus => _prometheus!;

    internal string TokenFile => Path.Combine(_folder, "token");

    /// <summary>Where files can be put.</summary>
    internal string Folder => _folder;

    /// <summary>Another one, without rules, that asks for native histograms.</summary>
    internal Prometheus Native() => new($"""
        global: {"{"} scrape_interval: 200ms {"}"}
        scrape_configs:
          - job_name: kvmscope
            authorization: {"{"} credentials_file: {TokenFile} {"}"}
            static_configs:
              - targets: ['{Busy}']
        """, isNative: true);

    public void Dispose()
    {
        _prometheus?.Dispose();
        foreach (Process host in _hosts)
        {
            host.Kill();
            host.WaitForExit();
            host.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }

    // The repository's, with other times and this test's token.
    private string Configuration()
    {
        string config = File.ReadAllText(Path.Combine(s_rules, "prometheus.yml"));
        return Replace(config, ("30s", "200ms"), ("/etc/prometheus/kvmscope.token", TokenFile));
    }

    private void Prepare(string folder)
    {
        File.Copy(Path.Combine(s_rules, "rules.yml"), Path.Combine(folder, "rules.yml"));
        string alerts = Replace(File.ReadAllText(Path.Combine(s_rules, "alerts.yml")), ("for: 5m", "for: 1s"), ("for: 15m", "for: 1s"));
        File.WriteAllText(Path.Combine(folder, "alerts.yml"), alerts);
        Directory.CreateDirectory(Path.Combine(folder, "hosts"));
        File.WriteAllText(Path.Combine(folder, "hosts/rack1.yml"), $"- targets: ['{Busy}', '{Calm}', '{Gone}']\n");
        // What was a week ago.
        string before = Path.Combine(folder, "before.txt");
        File.WriteAllText(before, LastWeek());
        (int status, string output) =
            Programs.Run("promtool", "", "tsdb", "create-blocks-from", "openmetrics", before, Path.Combine(folder, "data"));
        Assert.True(status == 0, output);
    }

    private string LastWeek()
    {
        DateTimeOffset then = DateTimeOffset.UtcNow.AddDays(-7);
        const string name = "instance_vm:kvmscope_exits_per_busy_second:ratio5m";
        string series = $"{name}{{job=\"kvmscope\",instance=\"{Busy}\",vm=\"web-1\"}} 100";
        IEnumerable<string> samples = Enumerable.Range(-5, 20).Select(minute => string.Create(
            CultureInfo.InvariantCulture, $"{series} {then.AddMinutes(minute).ToUnixTimeSeconds()}"));
        return string.Join('\n', [$"# TYPE {name} gauge", .. samples, "# EOF", ""]);
    }

    private IPEndPoint Serve(string host)
    {
        string file = Path.Combine(_folder, host + ".kvmscope");
        FleetRecording.Write(file, host, s_length);
        var process = Process.Start(new ProcessStartInfo(
            s_program, ["serve", "--replay", file, "--listen", "127.0.0.1:0", "--token-file", TokenFile])
        { RedirectStandardError = true })!;
        _hosts.Add(process);
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        string? line;
        do line = process.StandardError.ReadLineAsync(late.Token).AsTask().GetAwaiter().GetResult();
        while (line is not null && !line.Contains("serving at", StringComparison.Ordinal));
        Assert.NotNull(line);
        _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
        return IPEndPoint.Parse(line.Split("//")[1]);
    }

    private static string Replace(string text, params (string Old, string New)[] changes)
    {
        foreach ((string old, string now) in changes)
        {
            Assert.Contains(old, text, StringComparison.Ordinal);
            text = text.Replace(old, now, StringComparison.Ordinal);
        }
        return text;
    }
}

/// <summary>Tests that share one fleet.</summary>
[CollectionDefinition(nameof(FleetWorld))]
public sealed class FleetTestGroup : ICollectionFixture<FleetWorld>;
