using System.Diagnostics;
using System.Globalization;
using System.Net;
using Kvmscope.Server.Tests.Metrics;

namespace Kvmscope.Tests.Deploy;

/// <summary>
/// Two replayed hosts, a third that does not answer, and a Prometheus that scrapes them, all set up as docs/fleet.md says, with the files
/// of deploy/prometheus. Only times are shorter: it scrapes five times per second, and alerts wait a second.
/// </summary>
public sealed class FleetWorld : IDisposable
{
    /// <summary>An address at which nothing listens: the port of "discard".</summary>
    internal const string Gone = "127.0.0.1:9";

    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "kvmscope");
    private static readonly TimeSpan s_length = TimeSpan.FromMinutes(5);

    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-fleet-").FullName;
    private readonly List<Process> _hosts = [];
    private readonly Prometheus? _prometheus;
    private readonly string[] _serve = [];

    public FleetWorld()
    {
        // Whoever needs it is skipped without it.
        if (!Programs.Has("prometheus")) return;
        try
        {
            string[] hosts = [.. Page("sh hosts")];
            RunPage(string.Join('\n', hosts[..^1]));
            _serve = hosts[^1].Split(' ');
            Assert.Equal(["kvmscope", "serve"], _serve[..2]);
            Busy = Serve("host7");
            Calm = Serve("host8");
            foreach (string file in Directory.EnumerateFiles(Path.Combine(DocsBlock.Root, "deploy/prometheus")))
                Write(Path.Combine(_folder, "deploy/prometheus", Path.GetFileName(file)), Here(File.ReadAllText(file)));
            RunPage(string.Join('\n', Page("sh prometheus")));
            _prometheus = new Prometheus(Configuration(), prepare: Prepare);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The address of the host whose VM waits for CPUs.</summary>
    internal IPEndPoint Busy { get; } = new(IPAddress.None, 0);

    /// <summary>The address of the host without a problem.</summary>
    internal IPEndPoint Calm { get; } = new(IPAddress.None, 0);

    internal Prometheus Prometheus => _prometheus!;

    private string TokenFile => Path.Combine(_folder, "etc/kvmscope/token");

    /// <summary>The lines of the block of docs/fleet.md that begins with these words.</summary>
    internal static IReadOnlyList<string> Page(string info) => DocsBlock.Of("docs/fleet.md").Single(block => block.Info == info).Lines;

    /// <summary>
    /// Runs commands of the page, in a folder of its own, on the hosts of this fleet; what they print has the page's names again.
    /// </summary>
    internal string RunPage(string commands)
    {
        string script = $"set -euo pipefail\nkvmscope() {{ '{s_program}' \"$@\"; }}\ncd '{_folder}'\n{Here(commands)}\n";
        (int status, string output) = Programs.Run("bash", script);
        Assert.True(status == 0, $"{commands}\n{output}");
        return output.Replace($"{Busy}", "host7:7780", StringComparison.Ordinal).TrimEnd('\n');
    }

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

    private string Here(string text)
    {
        (string, string)[] changes =
        [
            ("/etc/", _folder + "/etc/"), ("host7:7780", $"{Busy}"), ("host8:7780", $"{Calm}"),
            ("prometheus:9090", _prometheus?.Address ?? ""),
        ];
        foreach ((string old, string now) in changes) text = text.Replace(old, now, StringComparison.Ordinal);
        return text;
    }

    private string Configuration() =>
        Replace(File.ReadAllText(Path.Combine(_folder, "etc/prometheus/prometheus.yml")), ("30s", "200ms"));

    private void Prepare(string folder)
    {
        string from = Path.Combine(_folder, "etc/prometheus");
        File.Copy(Path.Combine(from, "rules.yml"), Path.Combine(folder, "rules.yml"));
        string alerts = Replace(File.ReadAllText(Path.Combine(from, "alerts.yml")), ("for: 5m", "for: 1s"), ("for: 15m", "for: 1s"));
        File.WriteAllText(Path.Combine(folder, "alerts.yml"), alerts);
        Write(Path.Combine(folder, "hosts/rack1.yml"), File.ReadAllText(Path.Combine(from, "hosts/rack1.yml")));
        Write(Path.Combine(folder, "hosts/rack2.yml"), $"- targets: ['{Gone}']\n");
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
        IEnumerable<string> arguments = _serve[2..].Select(word => Replace(Here(word), ("0.0.0.0:7780", "127.0.0.1:0")));
        var process = Process.Start(new ProcessStartInfo(s_program, ["serve", "--replay", file, .. arguments])
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

    private static void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    private static string Replace(string text, params (string Old, string New)[] changes)
    {
        foreach ((string old, string now) in changes)
        {
            text = text.Replace(old, now, StringComparison.Ordinal);
        }
        return text;
    }
}

/// <summary>Tests that share one fleet.</summary>
[CollectionDefinition(nameof(FleetWorld))]
public sealed class FleetTestGroup : ICollectionFixture<FleetWorld>;
