using Kvmscope.Server.Metrics.Otlp.Messages;
using Histogram = Kvmscope.Server.Metrics.Otlp.Messages.Histogram;
using Metric = Kvmscope.Server.Metrics.Otlp.Messages.Metric;

namespace Kvmscope.Server.Metrics.Otlp;

/// <summary>Makes OTLP messages of series.</summary>
/// <param name="host">The host's name.</param>
/// <param name="version">The version of kvmscope.</param>
internal sealed class OtlpBatch(string host, string version)
{
    private const string Product = "kvmscope";
    private const double NsPerSecond = 1e9;

    private readonly ulong[] _buckets = new ulong[HistogramBounds.Count + 1];

    /// <summary>The message of all series.</summary>
    internal ExportMetricsServiceRequest Make(MetricsSnapshot snapshot, DateTimeOffset now)
    {
        var scope = new ScopeMetrics { Scope = new InstrumentationScope { Name = Product, Version = version } };
        foreach (MetricFamily family in MetricFamily.All)
            if (snapshot.Of(family).Count > 0) scope.Metrics.Add(MetricOf(family, snapshot, UnixNs(now)));
        var resource = new Resource();
        resource.Attributes.Add([Attribute("service.name", Product), Attribute("service.version", version), Attribute("host.name", host)]);
        var metrics = new ResourceMetrics { Resource = resource, ScopeMetrics = { scope } };
        return new ExportMetricsServiceRequest { ResourceMetrics = { metrics } };
    }

    private Metric MetricOf(MetricFamily family, MetricsSnapshot snapshot, ulong now)
    {
        List<Sample> samples = snapshot.Of(family);
        var metric = new Metric
        {
            Name = family.Type == MetricType.Info ? family.SeriesName : family.Name,
            Description = family.Help,
            Unit = family.IsSeconds ? "s" : "",
        };
        switch (family.Type)
        {
            case MetricType.Histogram:
                metric.Histogram = new Histogram { AggregationTemporality = AggregationTemporality.Cumulative };
                foreach (Sample sample in samples) metric.Histogram.DataPoints.Add(HistogramOf(sample, snapshot.BinsOf(sample), now));
                break;
            case MetricType.Info:
                metric.Gauge = new Gauge();
                foreach (Sample sample in samples) metric.Gauge.DataPoints.Add(PointOf(family, sample, now));
                break;
            default:
                metric.Sum = new Sum { AggregationTemporality = AggregationTemporality.Cumulative, IsMonotonic = true };
                foreach (Sample sample in samples) metric.Sum.DataPoints.Add(PointOf(family, sample, now));
                break;
        }
        return metric;
    }

    private static NumberDataPoint PointOf(MetricFamily family, in Sample sample, ulong now)
    {
        var point = new NumberDataPoint { TimeUnixNano = now, StartTimeUnixNano = sample.Created == default ? 0 : UnixNs(sample.Created) };
        if (family.IsSeconds) point.AsDouble = sample.Value / NsPerSecond;
        else point.AsInt = (long)Math.Min(sample.Value, long.MaxValue);
        point.Attributes.AddRange(AttributesOf(sample.Labels));
        return point;
    }

    private HistogramDataPoint HistogramOf(in Sample sample, ReadOnlySpan<ulong> bins, ulong now)
    {
        HistogramBounds.Fill(bins, _buckets);
        ulong count = 0;
        foreach (ulong bucket in _buckets) count = Series.Sum(count, bucket);
        var point = new HistogramDataPoint
        {
            TimeUnixNano = now,
            StartTimeUnixNano = UnixNs(sample.Created),
            Count = count,
            Sum = sample.Value / NsPerSecond,
        };
        point.BucketCounts.AddRange(_buckets);
        point.ExplicitBounds.AddRange(HistogramBounds.Seconds);
        point.Attributes.AddRange(AttributesOf(sample.Labels));
        return point;
    }

    private static KeyValue[] AttributesOf(SeriesLabels labels)
    {
        if (labels.Otlp is KeyValue[] made) return made;
        made = [.. labels.Pairs.ToArray().Select(pair => Attribute(pair.Name, pair.Value))];
        labels.Otlp = made;
        return made;
    }

    private static KeyValue Attribute(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    private static ulong UnixNs(DateTimeOffset time) => (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;
}
