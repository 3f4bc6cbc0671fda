using Kvmscope.Core.Model;

namespace Kvmscope.Server.Metrics;

/// <summary>One series at one time.</summary>
/// <param name="Labels">Its labels.</param>
/// <param name="Value">Its value; of durations in ns, of histograms their sum.</param>
/// <param name="Created">Since when it counts; the default where that does not matter.</param>
/// <param name="Bins">Of a histogram, where its bins are (<see cref="MetricsSnapshot.BinsOf"/>).</param>
internal readonly record struct Sample(SeriesLabels Labels, ulong Value, DateTimeOffset Created, int Bins = -1);

/// <summary>All series at one time, by family: what the formats are written from. It uses its memory again.</summary>
internal sealed class MetricsSnapshot
{
    private readonly List<Sample>[] _families = [.. MetricFamily.All.Select(_ => new List<Sample>())];
    private ulong[] _bins = [];
    private int _histograms;

    /// <summary>How many series it has; a histogram is one.</summary>
    internal int Count => _families.Sum(family => family.Count);

    /// <summary>The series of a family, in the order of VMs.</summary>
    internal List<Sample> Of(MetricFamily family) => _families[family.Index];

    /// <summary>The counts of all bins of the layout.</summary>
    internal ReadOnlySpan<ulong> BinsOf(in Sample sample) =>
        _bins.AsSpan(sample.Bins * HistogramLayout.BinCount, HistogramLayout.BinCount);

    /// <summary>Forgets all.</summary>
    internal void Clear()
    {
        foreach (List<Sample> family in _families) family.Clear();
        _histograms = 0;
    }

    internal void Add(MetricFamily family, Series series) => Add(family, series.Labels, series.Show(), series.Created);

    internal void Add(MetricFamily family, SeriesLabels labels, ulong value, DateTimeOffset created) =>
        _families[family.Index].Add(new Sample(labels, value, created));

    internal void Add(MetricFamily family, SeriesLabels labels, Histogram bins, ulong sum, DateTimeOffset created)
    {
        int at = _histograms++ * HistogramLayout.BinCount;
        int end = at + HistogramLayout.BinCount;
        if (end > _bins.Length) Array.Resize(ref _bins, Math.Max(end, _bins.Length * 2));
        Span<ulong> counts = _bins.AsSpan(at, HistogramLayout.BinCount);
        counts.Clear();
        bins.Counts.CopyTo(counts[bins.Low..]);
        _families[family.Index].Add(new Sample(labels, sum, created, _histograms - 1));
    }
}
