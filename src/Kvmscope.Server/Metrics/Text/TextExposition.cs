using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Kvmscope.Server.Metrics.Text;

/// <summary>
/// Writes series as Prometheus text 0.0.4 or as OpenMetrics 1.0, which differ in the names of families, in their units and in the end.
/// Nothing is allocated per series.
/// </summary>
/// <param name="to">Gets the text.</param>
/// <param name="isOpenMetrics">Which of them.</param>
internal sealed class TextExposition(IBufferWriter<byte> to, bool isOpenMetrics)
{
    private const ulong NsPerSecond = 1_000_000_000;
    private const int NumberLength = 32;

    private static readonly byte[][] s_bounds =
        [.. HistogramBounds.Seconds.Select(bound => Encoding.UTF8.GetBytes($"le=\"{BoundText(bound)}\"")), "le=\"+Inf\""u8.ToArray()];

    private readonly ulong[] _buckets = new ulong[HistogramBounds.Count + 1];
    private byte[] _stamp = [];

    /// <summary>Labels that all series have, as <see cref="SeriesLabels.Text"/>; empty where who scrapes adds them.</summary>
    internal ReadOnlyMemory<byte> Common { get; init; }

    /// <summary>The time of the samples that follow; without it they are of the time of the scrape.</summary>
    internal void At(DateTimeOffset time) =>
        _stamp = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $" {time.ToUnixTimeMilliseconds() / 1e3:0.000}"));

    /// <summary>Writes one family; nothing where it has no series.</summary>
    internal void Write(MetricFamily family, MetricsSnapshot snapshot)
    {
        List<Sample> samples = snapshot.Of(family);
        if (samples.Count == 0) return;
        WriteHead(family);
        foreach (Sample sample in samples)
            Write(family, sample, family.Type == MetricType.Histogram ? snapshot.BinsOf(sample) : []);
    }

    /// <summary>Writes one series.</summary>
    internal void Write(MetricFamily family, in Sample sample, ReadOnlySpan<ulong> bins)
    {
        if (family.Type == MetricType.Histogram) WriteHistogram(family.SeriesNameBytes, sample, bins);
        else WriteSample(family.SeriesNameBytes, [], sample.Labels.Text, [], sample.Value, family.IsSeconds);
    }

    /// <summary>Writes what comes after all families.</summary>
    internal void End()
    {
        if (isOpenMetrics) to.Write("# EOF\n"u8);
    }

    // As Go and Python write numbers.
    private static string BoundText(double bound) => bound.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e");

    /// <summary>Writes what comes before the series of a family.</summary>
    internal void WriteHead(MetricFamily family)
    {
        string name = isOpenMetrics ? family.Name : family.SeriesName;
        string type = family.Type switch
        {
            MetricType.Counter => "counter",
            MetricType.Histogram => "histogram",
            _ => isOpenMetrics ? "info" : "gauge",
        };
        var head = new StringBuilder();
        head.Append("# HELP ").Append(name).Append(' ').Append(family.Help).Append('\n');
        head.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        if (isOpenMetrics && family.IsSeconds) head.Append("# UNIT ").Append(name).Append(" seconds\n");
        to.Write(Encoding.UTF8.GetBytes(head.ToString()));
    }

    private void WriteHistogram(ReadOnlySpan<byte> name, in Sample sample, ReadOnlySpan<ulong> bins)
    {
        HistogramBounds.Fill(bins, _buckets);
        ReadOnlySpan<byte> labels = sample.Labels.Text;
        ulong count = 0;
        for (int i = 0; i < _buckets.Length; i++)
        {
            count = Series.Sum(count, _buckets[i]);
            WriteSample(name, "_bucket"u8, labels, s_bounds[i], count, false);
        }
        WriteSample(name, "_sum"u8, labels, [], sample.Value, true);
        WriteSample(name, "_count"u8, labels, [], count, false);
    }

    private void WriteSample(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> labels, ReadOnlySpan<byte> bound, ulong value, bool isNs)
    {
        Span<byte> line = to.GetSpan(
            name.Length + suffix.Length + Common.Length + labels.Length + bound.Length + NumberLength + _stamp.Length + 8);
        int length = Put(line, 0, name);
        length = Put(line, length, suffix);
        int begin = length;
        length = PutLabels(line, length, begin, Common.Span);
        length = PutLabels(line, length, begin, labels);
        length = PutLabels(line, length, begin, bound);
        if (length > begin) line[length++] = (byte)'}';
        line[length++] = (byte)' ';
        length += isNs ? PutSeconds(line[length..], value) : PutNumber(line[length..], value);
        length = Put(line, length, _stamp);
        line[length++] = (byte)'\n';
        to.Advance(length);
    }

    private static int PutLabels(Span<byte> line, int at, int begin, ReadOnlySpan<byte> labels)
    {
        if (labels.IsEmpty) return at;
        line[at] = (byte)(at == begin ? '{' : ',');
        return Put(line, at + 1, labels);
    }

    private static int Put(Span<byte> line, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(line[at..]);
        return at + text.Length;
    }

    private static int PutNumber(Span<byte> to, ulong value)
    {
        Utf8Formatter.TryFormat(value, to, out int length);
        return length;
    }

    // Exactly: not through a floating-point number.
    private static int PutSeconds(Span<byte> to, ulong ns)
    {
        int length = PutNumber(to, ns / NsPerSecond);
        ulong rest = ns % NsPerSecond;
        if (rest == 0) return length;
        to[length++] = (byte)'.';
        for (ulong digit = NsPerSecond / 10; rest > 0; rest %= digit, digit /= 10) to[length++] = (byte)('0' + (rest / digit));
        return length;
    }
}
