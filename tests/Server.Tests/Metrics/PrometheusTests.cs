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
        using var prometheus = new Prometheus($"""
            global: {"{"} scrape_interval: 1s {"}"}
            scrape_configs:
              - job_name: kvmscope
                static_configs:
                  - targets: ['{served.EndPoint}']
            """, isNative);
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
}
