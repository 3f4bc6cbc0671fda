using System.Buffers;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Kvmscope.Server.Metrics.Protobuf.Prometheus;
using Histogram = Kvmscope.Server.Metrics.Protobuf.Prometheus.Histogram;
using Metric = Kvmscope.Server.Metrics.Protobuf.Prometheus.Metric;

namespace Kvmscope.Server.Metrics.Protobuf;

/// <summary>Writes series as io.prometheus.client.MetricFamily messages, each after its length, with native histograms.</summary>
/// <param name="to">Gets the bytes.</param>
internal sealed class ProtobufExposition(IBufferWriter<byte> to)
{
    private const double NsPerSecond = 1e9;

    // One bucket that is empty costs less than a span.
    private const int MostEmptyInSpan = 2;

    private readonly ulong[] _buckets = new ulong[HistogramBounds.Count + 1];

    /// <summary>Writes one family; nothing where it has no series.</summary>
    internal void Write(MetricFamily family, MetricsSnapshot snapshot)
    {
        List<Sample> samples = snapshot.Of(family);
        if (samples.Count == 0) return;
        var message = new Prometheus.MetricFamily
        {
            Name = family.SeriesName,
            Help = family.Help,
            Unit = family.IsSeconds ? "seconds" : "",
            Type = family.Type switch
            {
                Metrics.MetricType.Counter => Prometheus.MetricType.Counter,
                Metrics.MetricType.Histogram => Prometheus.MetricType.Histogram,
                _ => Prometheus.MetricType.Gauge,
            },
        };
        message.Metric.Capacity = samples.Count;
        foreach (Sample sample in samples) message.Metric.Add(MetricOf(family, sample, snapshot));
        WriteLength(message.CalculateSize());
        message.WriteTo(to);
    }

    private Metric MetricOf(MetricFamily family, in Sample sample, MetricsSnapshot snapshot)
    {
        var metric = new Metric();
        metric.Label.AddRange(LabelsOf(sample.Labels));
        double value = family.IsSeconds ? sample.Value / NsPerSecond : sample.Value;
        switch (family.Type)
        {
            case Metrics.MetricType.Counter:
                metric.Counter = new Counter { Value = value, CreatedTimestamp = TimeOf(sample) };
                break;
            case Metrics.MetricType.Histogram:
                metric.Histogram = HistogramOf(sample, snapshot.BinsOf(sample));
                break;
            default:
                metric.Gauge = new Gauge { Value = value };
                break;
        }
        return metric;
    }

    private Histogram HistogramOf(in Sample sample, ReadOnlySpan<ulong> bins)
    {
        var histogram = new Histogram
        {
            SampleSum = sample.Value / NsPerSecond,
            CreatedTimestamp = TimeOf(sample),
            Schema = NativeBuckets.Schema,
            ZeroThreshold = NativeBuckets.ZeroThreshold,
        };
        HistogramBounds.Fill(bins, _buckets);
        ulong count = 0;
        for (int i = 0; i < _buckets.Length; i++)
        {
            count = Series.Sum(count, _buckets[i]);
            double bound = i < HistogramBounds.Count ? HistogramBounds.Seconds[i] : double.PositiveInfinity;
            histogram.Bucket.Add(new Bucket { CumulativeCount = count, UpperBound = bound });
        }
        histogram.SampleCount = count;
        AddNative(histogram, bins);
        return histogram;
    }

    private static void AddNative(Histogram histogram, ReadOnlySpan<ulong> bins)
    {
        ulong zero = 0;
        long before = 0;
        int next = 0;
        BucketSpan? span = null;
        for (int bin = 0; bin < bins.Length;)
        {
            int bucket = NativeBuckets.OfBin(bin);
            ulong sum = 0;
            for (; bin < bins.Length && NativeBuckets.OfBin(bin) == bucket; bin++) sum = Series.Sum(sum, bins[bin]);
            if (bucket == NativeBuckets.Zero) zero = sum;
            if (bucket == NativeBuckets.Zero || sum == 0) continue;
            if (span is null || bucket - next > MostEmptyInSpan)
            {
                histogram.PositiveSpan.Add(span = new BucketSpan { Offset = span is null ? bucket : bucket - next, Length = 0 });
                next = bucket;
            }
            for (; next <= bucket; next++)
            {
                long count = next < bucket ? 0 : (long)Math.Min(sum, long.MaxValue);
                histogram.PositiveDelta.Add(count - before);
                span.Length++;
                before = count;
            }
        }
        histogram.ZeroCount = zero;
    }

    private static Timestamp? TimeOf(in Sample sample) => sample.Created == default ? null : Timestamp.FromDateTimeOffset(sample.Created);

    private static LabelPair[] LabelsOf(SeriesLabels labels)
    {
        if (labels.Protobuf is LabelPair[] made) return made;
        made = [.. labels.Pairs.ToArray().Select(pair => new LabelPair { Name = pair.Name, Value = pair.Value })];
        labels.Protobuf = made;
        return made;
    }

    private void WriteLength(int length)
    {
        Span<byte> bytes = to.GetSpan(5);
        int used = 0;
        for (uint rest = (uint)length; ; rest >>= 7)
        {
            bytes[used++] = (byte)(rest < 0x80 ? rest : rest | 0x80);
            if (rest < 0x80) break;
        }
        to.Advance(used);
    }
}
