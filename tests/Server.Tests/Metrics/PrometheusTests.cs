using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Kvmscope.Core.Model;
using Kvmscope.Server.Metrics;
using static Kvmscope.Server.Tests.Metrics.MetricsWorld;

namespace Kvmscope.Server.Tests.Metrics;

/// <summary>A real Prometheus scrapes a server.</summary>
public sealed class PrometheusTests
{
    [NeedsProgramFact("prometheus")]
    public Task It_reads_counters_as_text() => Scrapes(isNative: false);

    [NeedsProgramFact("prometheus")]
    public Task It_reads_native_histograms() => Scrapes(isNative: true);

    private static async Task Scrapes(bool isNative)
    {
        var world = new MetricsWorld();
        VmIdentity web = Vm(1, "web-1");
        world.Add([web], Row(web, Cpuid, 99, 1_500), Row(web, Io, 1, 40_000), Row(web, Hlt, 5, 900_000_000));
        using var served = new Served(metrics: world.Source);
        // What it does itself is seen here first.
        foreach (string accept in (string[])["", FormatTests.OpenMetrics, FormatTests.Protobuf])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
            if (accept.Length > 0) request.Headers.Add("Accept", accept);
            using HttpResponseMessage response = await served.Client.SendAsync(request);
            byte[] body = await response.Content.ReadAsByteArrayAsync();
            Assert.True(response.IsSuccessStatusCode && world.Bytes(accept).SequenceEqual(body), string.Join("\n", served.Complaints));
        }
        using var prometheus = new Prometheus(served.EndPoint, isNative);
        Assert.Equal(99, await prometheus.Await("kvmscope_exits_total{reason=\"CPUID\"}"));
        Assert.Equal(1, await prometheus.Await("kvmscope_vm_info{vm=\"web-1\",pid=\"1001\"}"));
        if (!isNative)
        {
            Assert.Equal(99, await prometheus.Await("kvmscope_busy_exit_handling_seconds_bucket{le=\"2.048e-06\"}"));
            return;
        }
        Assert.Equal(100, await prometheus.Await("histogram_count(kvmscope_busy_exit_handling_seconds)"));
        Assert.Equal(0.0001885, await prometheus.Await("histogram_sum(kvmscope_busy_exit_handling_seconds)"), 9);
        // Each in the bucket of its bin, whose bounds are at most 6.1 % above what it holds.
        Within(await prometheus.Await("histogram_quantile(0.5, kvmscope_busy_exit_handling_seconds)"), 1_500);
        Within(await prometheus.Await("histogram_quantile(0.999, kvmscope_busy_exit_handling_seconds)"), 40_000);
    }

    private static void Within(double quantile, ulong ns)
    {
        double high = NativeBuckets.UpperBound(NativeBuckets.OfBin(HistogramLayout.BinOf(ns)));
        Assert.InRange(quantile, high / Math.Sqrt(2), high);
    }

    /// <summary>Debian's Prometheus on a free port of loopback, with its data in a folder that is removed.</summary>
    internal sealed class Prometheus : IDisposable
    {
        private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(90);

        private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-prometheus-").FullName;
        private readonly Process _process;
        private readonly HttpClient _client = new();

        internal Prometheus(IPEndPoint target, bool isNative)
        {
            string config = Path.Combine(_folder, "prometheus.yml");
            File.WriteAllText(config, $"""
                global: {"{"} scrape_interval: 1s {"}"}
                scrape_configs:
                  - job_name: kvmscope
                    static_configs:
                      - targets: ['{target}']
                """);
            int port = FreePort();
            _client.BaseAddress = new Uri($"http://127.0.0.1:{port}");
            List<string> arguments = [$"--config.file={config}", $"--storage.tsdb.path={_folder}/data",
                $"--web.listen-address=127.0.0.1:{port}", "--log.level=error"];
            if (isNative) arguments.Add("--enable-feature=native-histograms");
            _process = Process.Start(new ProcessStartInfo("prometheus", arguments))!;
        }

        /// <summary>The single value of a query, once it has one.</summary>
        internal async Task<double> Await(string query)
        {
            var since = Stopwatch.StartNew();
            while (true)
            {
                Assert.False(_process.HasExited, "prometheus ended");
                if (await Ask(query) is { } value && !double.IsNaN(value)) return value;
                Assert.True(since.Elapsed < s_longest, $"no answer to {query}");
                await Task.Delay(100);
            }
        }

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
            _client.Dispose();
            Directory.Delete(_folder, recursive: true);
        }

        private async Task<double?> Ask(string query)
        {
            try
            {
                string text = await _client.GetStringAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}");
                using JsonDocument json = JsonDocument.Parse(text);
                JsonElement result = json.RootElement.GetProperty("data").GetProperty("result");
                return result.GetArrayLength() == 0 ? null
                    : double.Parse(result[0].GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture);
            }
            catch (HttpRequestException)
            {
                // It is not ready yet.
                return null;
            }
        }

        private static int FreePort()
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            int port = ((IPEndPoint)listener.LocalEndpoint).Port;
            listener.Stop();
            return port;
        }
    }
}
