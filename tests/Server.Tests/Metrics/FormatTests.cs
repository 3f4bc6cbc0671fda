using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Server.Metrics;
using Kvmscope.Server.Metrics.Protobuf.Prometheus;
using static Kvmscope.Server.Tests.Metrics.MetricsWorld;
using Histogram = Kvmscope.Server.Metrics.Protobuf.Prometheus.Histogram;
using MetricFamily = Kvmscope.Server.Metrics.Protobuf.Prometheus.MetricFamily;

namespace Kvmscope.Server.Tests.Metrics;

public sealed class FormatTests
{
    internal const string OpenMetrics = "application/openmetrics-text;version=1.0.0";
    internal const string Protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

    private const string Foreign = "a\\b \"c\"\n{d}\u202e,é=\u0001";

    // Prints type, name, labels and value of each sample, as the independent reader has them.
    private const string Reader = """
        import sys
        from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
        from prometheus_client.parser import text_string_to_metric_families as text
        for family in (openmetrics if sys.argv[1] == "openmetrics" else text)(sys.stdin.read()):
            assert family.documentation, family.name
            for s in family.samples:
                print(family.type, family.unit, s.name, "|".join(f"{k}={v}" for k, v in sorted(s.labels.items())), repr(float(s.value)))
        """;

    internal static MetricsWorld Busy()
    {
        var world = new MetricsWorld();
        world.Source.Model.Otlp = new OtlpCounts(default);
        VmIdentity foreign = Vm(1, Foreign) with { Labels = new VmLabels { Vmm = "qemu", Uuid = "u", Namespace = "n", Pod = "p" } };
        VmIdentity web = Vm(2, "web-1");
        Row nested = Row(web, Msr, 5, 3_000, ExitLevel.L2);
        nested.Rounds = new ReflectedRounds { Reflected = 2, Timed = 2, TotalNs = 9_000 };
        VmmReturns returns = new(new ReturnKey(2, 0, new VmmReason(6))) { Count = 4 };
        Interval interval = world.Interval([foreign, web], Row(foreign, Cpuid, 3, 1_500), Row(web, Hlt, 2, 400_000_000), nested) with
        {
            TimeChanges = [new VcpuTime(GroupKey.OfVcpu(2, 0), 9, Parts((TimePart.Guest, 5), (TimePart.Runq, 4)))],
            Returns = [returns],
        };
        world.Add(interval.WithSlow([new SlowExit(default, web, 0, 1, 0, ExitLevel.L1, Io, 20_000_000)]));
        return world;
    }

    [NeedsProgramFact("promtool")]
    public void Promtool_has_no_objection()
    {
        (int status, string output) = Programs.Run("promtool", Busy().Text(""), "check", "metrics");
        Assert.Equal((0, ""), (status, output));
    }

    [NeedsProgramFact("/usr/share/doc/python3-prometheus-client/copyright")]
    public void Pythons_reader_reads_the_same_from_both_text_formats()
    {
        MetricsWorld world = Busy();
        (int status, string open) = Programs.Run(Programs.Python, world.Text(OpenMetrics), "-c", Reader, "openmetrics");
        Assert.True(status == 0, open);
        Assert.Contains("counter seconds kvmscope_vcpu_seconds_total part=runq|vm=web-1 4e-09", Lines(open));
        Assert.Contains("info  kvmscope_vm_info namespace=n|pid=1001|pod=p|uuid=u|vm=a\\b \"c\"?{d}?,é=?|vmm=qemu 1.0", Lines(open));
        Assert.Contains("histogram seconds kvmscope_busy_exit_handling_seconds_bucket "
            + "le=2.048e-06|vm=a\\b \"c\"?{d}?,é=? 3.0", Lines(open));
        (status, string text) = Programs.Run(Programs.Python, world.Text(""), "-c", Reader, "text");
        Assert.True(status == 0, text);
        // Name, labels and value; types and units differ.
        Assert.Equal(Lines(open).Select(Figure).Order(), Lines(text).Select(Figure).Order());
        Assert.Equal(world.Scrape().Count, Lines(text).Length);
    }

    [Fact]
    public void OpenMetrics_ends_as_it_must_and_text_does_not()
    {
        Assert.EndsWith("\n# EOF\n", Busy().Text(OpenMetrics));
        Assert.DoesNotContain("# EOF", Busy().Text(""));
        Assert.Equal("# EOF", Lines(new MetricsWorld().Text(OpenMetrics))[^1]);
    }

    [Fact]
    public void Protobuf_has_the_same_series_and_their_beginnings()
    {
        MetricsWorld world = Busy();
        List<MetricFamily> families = Families(world);
        Dictionary<string, string> text = world.Scrape();
        int counters = 0;
        foreach (MetricFamily family in families.Where(f => f.Type != Kvmscope.Server.Metrics.Protobuf.Prometheus.MetricType.Histogram))
        {
            foreach (Metric metric in family.Metric)
            {
                string labels = string.Join(",", metric.Label.Select(l =>
                    $"{l.Name}=\"{l.Value.Replace("\\", "\\\\").Replace("\"", "\\\"")}\""));
                double value = metric.Counter?.Value ?? metric.Gauge.Value;
                Assert.Equal(double.Parse(text[labels.Length == 0 ? family.Name : $"{family.Name}{{{labels}}}"]), value);
                counters++;
            }
        }
        Histogram histogram = families.Single(f => f.Name == "kvmscope_busy_exit_handling_seconds").Metric[1].Histogram;
        Assert.Equal(world.Clock.GetUtcNow() - TimeSpan.FromSeconds(1), histogram.CreatedTimestamp.ToDateTimeOffset());
        Assert.Equal(text.Count - (2 * (HistogramBounds.Count + 3)), counters);
    }

    [Fact]
    public void Native_histograms_hold_each_duration_in_the_bucket_of_the_longest_of_its_bin()
    {
        ulong[] ns = [3, 63, 64, 79, 80, 500, 1_023, 1_024, 1_500, 1_791, 1_792, 999_999, 1UL << 39, (1UL << 40) - 1, 1UL << 40, 1UL << 45];
        foreach (ulong duration in ns)
        {
            var world = new MetricsWorld();
            world.Add([Vm(1)], Row(Vm(1), Cpuid, 7, duration));
            Histogram histogram = Families(world).Single(f => f.Name == "kvmscope_busy_exit_handling_seconds").Metric[0].Histogram;
            Assert.Equal((1, 7UL), (histogram.Schema, histogram.SampleCount));
            if (histogram.ZeroCount == 7)
            {
                Assert.True(duration / 1e9 <= histogram.ZeroThreshold);
                continue;
            }
            Assert.Equal([7L], histogram.PositiveDelta);
            double high = NativeBuckets.UpperBound(histogram.PositiveSpan.Single().Offset), low = high / Math.Sqrt(2);
            // Never shorter than it was, and at most 6.1 % more than the bucket's bounds say.
            Assert.True(duration / 1e9 <= high || duration >= 1UL << 40, $"{duration} ns: up to {high} s");
            Assert.True(duration / 1e9 >= low * (1 - 0.061) || duration >= 1UL << 40, $"{duration} ns: from {low} s");
        }
    }

    [Fact]
    public void Every_native_bucket_is_wider_than_its_bins_and_holds_two()
    {
        var bins = Enumerable.Range(0, HistogramLayout.BinCount - 1).Where(bin => NativeBuckets.OfBin(bin) != NativeBuckets.Zero)
            .GroupBy(NativeBuckets.OfBin).ToList();
        foreach (var bucket in bins)
        {
            double low = HistogramLayout.LowNs(bucket.First()) / 1e9, high = HistogramLayout.HighNs(bucket.Last()) / 1e9;
            double says = NativeBuckets.UpperBound(bucket.Key);
            if (bucket.Key != bins[^1].Key) Assert.InRange(high / says, 0.939, 0.950);
            if (bucket.Key != bins[0].Key) Assert.InRange(low / (says / Math.Sqrt(2)), 0.939, 0.950);
            if (bucket.Key != bins[0].Key && bucket.Key != bins[^1].Key) Assert.Equal(2, bucket.Count());
        }
    }

    internal static List<MetricFamily> Families(MetricsWorld world)
    {
        using var stream = new MemoryStream(world.Bytes(Protobuf));
        var families = new List<MetricFamily>();
        while (stream.Position < stream.Length) families.Add(MetricFamily.Parser.ParseDelimitedFrom(stream));
        return families;
    }

    private static string Figure(string line) => line[line.IndexOf("kvmscope_", StringComparison.Ordinal)..];
}

/// <summary>Where the files of the repository are.</summary>
internal static class Repository
{
    internal static string Root { get; } = Find();

    private static string Find()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "kvmscope.slnx"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException("kvmscope.slnx");
    }
}
