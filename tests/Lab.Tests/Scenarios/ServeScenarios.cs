using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Kvmscope.Host.Privileges;
using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>What is served of real exits: to pages, programs and Prometheus.</summary>
internal static class ServeScenarios
{
    private const string Counts = "kind=count&by=vm,reason&rows=reason";

    internal static IEnumerable<Case> Cases =>
    [
        new("serve/figures-are-those-of-count-and-of-a-recording", LikeCount),
        new("serve/ends-with-open-streams", EndsWithStreams),
        new("serve/what-cannot-be-served-is-one-line", OneLine),
        new("serve/drops-before-it-answers", Drops),
        new("serve/a-vm-that-ends-loses-its-series", LosesSeries),
        new("serve/returns-to-the-vmm", Returns),
        new("serve/a-store-is-what-was-served", Store),
        new("serve/a-store-of-root-is-shown-after-the-drop", StoreOfRoot),
    ];

    // Three VMs with known exits: the API, the stream and the metrics say what count and a recorder beside them say.
    private static void LikeCount(LabHost host)
    {
        string file = Path.Combine(host.Folder, $"serve-{Guid.NewGuid():N}.kvmscope");
        using GuestProcess web = host.Guest("cpuid=1501 out=37", "web-1"), db = host.Guest("vcpus=2 hlt=53 out=211", "db-2"),
            log = host.Guest("cpuid=77 rdmsr=901", "log-3");
        (GuestProcess Guest, string Name)[] guests = [(web, "web-1"), (db, "db-2"), (log, "log-3")];
        using Tracer counter = host.Trace("count --by vm,reason --format json").WaitAttached();
        using Tracer recorder = host.Trace($"record -o {file} --interval 100ms").WaitAttached();
        using var served = new ServedTracer(host, "--interval 200ms");
        using ServedStream stream = served.Open($"/api/v1/stream?{Counts}");
        foreach ((GuestProcess guest, _) in guests) guest.Run();

        TracedAnswer api = UntilAll(served, guests);
        IReadOnlyList<TracedRow> streamed = Streamed(stream, api.Exits);
        Dictionary<string, string> scrape = served.Scrape(), scraped = Scraped(host, served, scrape);
        TracedAnswer counted = counter.FinishAnswer();
        recorder.Finish();
        served.End();
        foreach ((GuestProcess guest, _) in guests) guest.End();
        (int status, string output, string errors) = host.Run($"report {file} count --by vm,reason --format json");
        Check.Equal(0, status, $"status of report ({errors})");
        TracedAnswer report = TracedAnswer.Parse(output);

        foreach ((GuestProcess guest, string name) in guests)
        {
            Exact.Counts(host, guest.Made, counted.Of(guest.Pid), $"{name} as counted");
            Exact.Counts(host, guest.Made, report.Of(guest.Pid), $"{name} as recorded");
            Exact.Counts(host, guest.Made, api.Of(guest.Pid), $"{name} as answered");
            Exact.Counts(host, guest.Made, streamed.Where(r => r.VmPid == guest.Pid), $"{name} as streamed");
            foreach (TracedRow row in counted.Of(guest.Pid))
            {
                string series = $"kvmscope_exits_total{{vm=\"{name}\",reason=\"{row.Reason}\",level=\"l1\"}}";
                Check.Equal($"{row.Count}", scrape.GetValueOrDefault(series), series);
                Check.Equal($"{row.Count}", scraped.GetValueOrDefault(series), $"{series} of Prometheus");
            }
        }
        ServedVms(scrape, guests);
    }

    // What a real Prometheus has of the exits, once it has as much as the scrape; the scrape itself where there is none.
    private static Dictionary<string, string> Scraped(LabHost host, ServedTracer served, Dictionary<string, string> scrape)
    {
        const string program = "/usr/bin/prometheus", metric = "kvmscope_exits_total";
        if (!File.Exists(program)) return scrape;
        string folder = Directory.CreateDirectory(Path.Combine(host.Folder, "prometheus")).FullName;
        string config = Path.Combine(folder, "prometheus.yml");
        File.WriteAllText(config,
            $"scrape_configs: [{{ job_name: lab, scrape_interval: 1s, static_configs: [{{ targets: ['{served.At}'] }}] }}]");
        var at = new IPEndPoint(IPAddress.Loopback, 19090);
        using var prometheus = new ChildProcess(program,
            [$"--config.file={config}", $"--storage.tsdb.path={folder}/data", $"--web.listen-address={at}", "--log.level=error"]);
        Dictionary<string, string> found = [];
        Dictionary<string, string> expected = scrape.Where(s => s.Key.StartsWith(metric, StringComparison.Ordinal)).ToDictionary();
        Deadline.Until(() =>
        {
            try
            {
                using var stream = new ServedStream(at, $"/api/v1/query?query={metric}");
                using JsonDocument answer = JsonDocument.Parse(stream.ReadRest());
                found = answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().ToDictionary(
                    series => SeriesOf(metric, series.GetProperty("metric")), series => series.GetProperty("value")[1].GetString()!);
            }
            catch (Exception error) when (error is SocketException or IOException or SuiteFailure)
            {
                // It does not listen yet, or not answer.
                return false;
            }
            return expected.All(s => found.GetValueOrDefault(s.Key) == s.Value);
        }, () => $"Prometheus has {found.Count} of {expected.Count} series: {prometheus.Errors}");
        return found;
    }

    private static string SeriesOf(string metric, JsonElement labels) => $"{metric}{{{string.Join(',', ((string[])["vm", "reason", "level"])
        .Select(label => $"{label}=\"{labels.GetProperty(label).GetString()}\""))}}}";

    private static void Returns(LabHost host)
    {
        using GuestProcess guest = host.Guest("out=211 in=97 hlt=41", "web-1");
        using var served = new ServedTracer(host, "--interval 200ms --with vmm");
        guest.Run();
        Dictionary<string, string> scrape = [];
        // The last access to a port ends the guest.
        Deadline.Until(() => (scrape = served.Scrape()).GetValueOrDefault(Series("IO")) == "309",
            () => string.Join('\n', scrape.Where(s => s.Key.Contains("returns", StringComparison.Ordinal))));
        Check.Equal("41", scrape.GetValueOrDefault(Series("HLT")), "halts");
        Check.Equal("0", scrape["kvmscope_lost_total{kind=\"lost_returns\"}"], "lost returns");
        served.End();
        guest.End();

        static string Series(string reason) => $"kvmscope_vmm_returns_total{{vm=\"web-1\",reason=\"{reason}\"}}";
    }

    private static void ServedVms(Dictionary<string, string> served, (GuestProcess Guest, string Name)[] guests)
    {
        foreach ((GuestProcess guest, string name) in guests)
        {
            Check.Equal(1, served.Count(s => s.Key.StartsWith($"kvmscope_vm_info{{vm=\"{name}\"", StringComparison.Ordinal)
                && s.Key.Contains($"pid=\"{guest.Pid}\"", StringComparison.Ordinal)), $"kvmscope_vm_info of {name}");
        }
        foreach ((string series, string value) in served.Where(s => s.Key.StartsWith("kvmscope_lost_total", StringComparison.Ordinal)))
            Check.True(value == "0" || series.Contains("_exits\"", StringComparison.Ordinal), $"{series} is {value}");
    }

    // The interval in which the last exits were may not have been read yet.
    private static TracedAnswer UntilAll(ServedTracer served, (GuestProcess Guest, string Name)[] guests)
    {
        TracedAnswer? seen = null;
        Deadline.Until(() =>
        {
            using JsonDocument answer = JsonDocument.Parse(served.Get($"/api/v1/intervals?from=-1h&{Counts}"));
            JsonElement report = answer.RootElement.GetProperty("intervals")[0].GetProperty("report");
            if (report.ValueKind == JsonValueKind.Null) return false;
            seen = TracedAnswer.Parse(report.GetRawText());
            return guests.All(g => g.Guest.Made.Sum(m => (long)m.Value)
                <= seen.Of(g.Guest.Pid).Where(r => g.Guest.Made.ContainsKey(r.Key)).Sum(r => (long)r.Count));
        }, () => $"{seen?.Exits} exits served of {guests.Sum(g => g.Guest.Made.Sum(m => (long)m.Value))}");
        return seen!;
    }

    // Events until they have so many exits.
    private static List<TracedRow> Streamed(ServedStream stream, ulong exits)
    {
        List<TracedRow> rows = [];
        while (TracedAnswer.Sum(rows) < exits)
        {
            string line = stream.ReadLine() ?? throw new SuiteFailure("the stream ended");
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            using JsonDocument data = JsonDocument.Parse(line[6..]);
            JsonElement report = data.RootElement.GetProperty("report");
            if (report.ValueKind != JsonValueKind.Null) rows.AddRange(TracedAnswer.Parse(report.GetRawText()).Rows);
        }
        return rows;
    }

    private static void EndsWithStreams(LabHost host)
    {
        (uint, uint) mark = BpfIds.Mark();
        using GuestProcess guest = host.Guest("cpuid=50 loop", "web-1").Go();
        guest.WaitFor("running");
        using var served = new ServedTracer(host, "");
        ServedStream[] streams = [.. Enumerable.Range(0, 3).Select(_ => served.Open("/api/v1/stream?by=vm"))];
        foreach (ServedStream stream in streams) Check.Equal("retry: 2000", stream.ReadLine(), "the first line of a stream");
        long began = Stopwatch.GetTimestamp();
        served.End();
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        Console.WriteLine($"# SIGTERM with open streams: {took.TotalMilliseconds:F0} ms");
        // One second on a host; this one is emulated, and may be many times slower.
        Check.AtMost(5, took.TotalSeconds, "seconds from SIGTERM to the end");
        foreach (ServedStream stream in streams)
        {
            Check.Contains("event: end", stream.ReadRest(), "what a stream ends with");
            stream.Dispose();
        }
        // The kernel frees them a little later.
        Deadline.Until(() => BpfIds.Since(mark) == (0, 0), () => $"BPF programs and links {BpfIds.Since(mark)}");
    }

    private static void OneLine(LabHost host)
    {
        (uint, uint) mark = BpfIds.Mark();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        string port = ((IPEndPoint)other.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        string readable = Path.Combine(host.Folder, "token"), nonsense = Path.Combine(host.Folder, "nonsense.pem");
        File.WriteAllText(readable, "a-token-that-is-long-enough");
        File.SetUnixFileMode(readable, (UnixFileMode)0x1a4); // 0644
        File.WriteAllText(nonsense, "nonsense");
        foreach ((int expected, string says, string words) in ((int, string, string)[])[
            (1, "the port is in use", $"--listen 127.0.0.1:{port}"),
            (2, "every user can read or write it", $"--listen 127.0.0.1:0 --token-file {readable}"),
            (2, "is open to the network", "--listen 0.0.0.0:0"),
            // Where this machine has no OpenSSL, that is what is wrong.
            (File.Exists("/usr/lib/x86_64-linux-gnu/libssl.so.3") ? 2 : 1, "TLS needs OpenSSL|has no certificate that can be read",
                $"--listen 127.0.0.1:0 --tls-cert {nonsense} --tls-key {nonsense}")])
        {
            (int status, string output, string errors) = host.Run($"serve {words}");
            Check.Equal((expected, ""), (status, output), $"status and output of serve {words} ({errors})");
            Check.True(says.Split('|').Any(s => errors.Contains(s, StringComparison.Ordinal)), $"'{says}' in '{errors}'");
            Check.Equal(2, errors.Split('\n').Length, $"what is wrong, and what to do: '{errors}'");
        }
        Check.Equal((0, 0), BpfIds.Since(mark), "BPF programs and links");
    }

    // What docs/decisions/0004-privileges.md says that the process holds when a request comes.
    private static void Drops(LabHost host)
    {
        using var served = new ServedTracer(host, "--require-drop");
        Check.Equal("ok\n", served.Get("/healthz"), "health");
        string[] threads = Directory.GetDirectories($"/proc/{served.Pid}/task");
        Check.AtLeast(3, threads.Length, "threads");
        ulong kept = host.Kernel < new Version(5, 19) ? CapabilitySet.Of(Capability.Bpf).Bits : 0;
        foreach (string thread in threads)
        {
            string[] lines;
            try
            {
                lines = File.ReadAllLines($"{thread}/status");
            }
            catch (IOException)
            {
                // It has ended.
                continue;
            }
            string Of(string key) => lines.Single(l => l.StartsWith(key + ":", StringComparison.Ordinal))[(key.Length + 1)..].Trim();
            Check.True(!Of("Uid").Split('\t').Contains("0"), $"{thread} is root: {Of("Uid")}");
            Check.Equal("1", Of("NoNewPrivs"), $"NoNewPrivs of {thread}");
            foreach (string set in (string[])["CapPrm", "CapEff", "CapInh", "CapAmb"])
            {
                ulong held = ulong.Parse(Of(set), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                Check.Equal(0UL, held & ~kept, $"{set} of {thread}");
            }
        }
        served.End();
    }

    private static void LosesSeries(LabHost host)
    {
        using GuestProcess web = host.Guest("cpuid=301", "web-1"), db = host.Guest("cpuid=41", "db-2");
        using var served = new ServedTracer(host, "--interval 100ms --linger 1s");
        web.Run();
        db.Run();
        const string ofWeb = "kvmscope_exits_total{vm=\"web-1\",reason=\"CPUID\",level=\"l1\"}";
        const string ofDb = "kvmscope_exits_total{vm=\"db-2\",reason=\"CPUID\",level=\"l1\"}";
        Until(ofWeb, "301");
        Until(ofDb, "41");
        web.End();
        Until(ofWeb, null);
        Dictionary<string, string> scrape = served.Scrape();
        Check.Equal(0, scrape.Keys.Count(s => s.Contains("web-1", StringComparison.Ordinal)), "series of the VM that ended");
        Check.Equal("41", scrape[ofDb], ofDb);
        served.End();
        db.End();

        void Until(string series, string? value) => Deadline.Until(
            () => served.Scrape().GetValueOrDefault(series) == value, () => $"{series} is not {value ?? "gone"}");
    }

    // Its files are root's alone, and whoever answers is not root any more.
    private static void StoreOfRoot(LabHost host)
    {
        string folder = Directory.CreateDirectory(Path.Combine(host.Folder, "store")).FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0x1c0); // 0700
        string words = $"--store {folder} --interval 100ms --rotate 1s --keep 100 --require-drop";
        using GuestProcess guest = host.Guest("cpuid=1501 out=37", "web-1");
        using (var first = new ServedTracer(host, words))
        {
            guest.Run();
            UntilAll(first, [(guest, "web-1")]);
            Deadline.Until(() => Directory.GetFiles(folder).Length >= 3, () => "files were not rotated");
            first.End();
        }
        foreach (string file in Directory.GetFiles(folder))
            Check.Equal((UnixFileMode)0x180, File.GetUnixFileMode(file), $"mode of {file}"); // 0600
        // What the first saw is nowhere but in these files.
        using var second = new ServedTracer(host, words);
        TracedAnswer api = UntilAll(second, [(guest, "web-1")]);
        Exact.Counts(host, guest.Made, api.Of(guest.Pid), "as shown by the second");
        Check.Contains("\"notes\":[]", second.Get("/api/v1/host"), "notes");
        second.End();
        guest.End();
    }

    // As the unit runs it: a user of its own, with its capabilities.
    private static void Store(LabHost host)
    {
        string folder = PrivilegeScenarios.FolderOfUnit(host, "serve-state");
        using GuestProcess guest = host.Guest("cpuid=1501 out=37", "web-1");
        using var served = new ServedTracer(PrivilegeScenarios.PrLimit,
        [
            .. PrivilegeScenarios.AsUnit("kvmscope-serve.service"), host.Kvmscope, "serve", "--listen", "127.0.0.1:0", "--store", folder,
            "--interval", "100ms", "--rotate", "1s", "--keep", "100", "--require-drop",
        ]);
        guest.Run();
        TracedAnswer api = UntilAll(served, [(guest, "web-1")]);
        Deadline.Until(() => Directory.GetFiles(folder).Length >= 3, () => "files were not rotated");
        served.End();
        guest.End();
        (int status, string output, string errors) = host.Run($"report {folder} count --by vm,reason --format json");
        Check.Equal(0, status, $"status of report ({errors})");
        Exact.Counts(host, guest.Made, TracedAnswer.Parse(output).Of(guest.Pid), "as stored");
        Exact.Counts(host, guest.Made, api.Of(guest.Pid), "as served");
    }
}
