using Kvmscope.Core.Model;

namespace Kvmscope.Server.Metrics;

/// <summary>
/// The bounds of the formats that have explicit ones: powers of two of a nanosecond, which are ends of bins, so that each bucket is a sum
/// of bins. docs/metrics.md, "Histograms".
/// </summary>
internal static class HistogramBounds
{
    private const int FirstShift = 9, LastShift = 30;

    /// <summary>How many bounds there are; there is one bucket more.</summary>
    internal const int Count = LastShift - FirstShift + 1;

    /// <summary>The bounds in seconds, ascending.</summary>
    internal static readonly double[] Seconds = [.. Enumerable.Range(FirstShift, Count).Select(shift => (1UL << shift) / 1e9)];

    // The first bin beyond each bucket.
    private static readonly int[] s_ends =
        [.. Enumerable.Range(FirstShift, Count).Select(shift => HistogramLayout.BinOf(1UL << shift)), HistogramLayout.BinCount];

    /// <summary>How many durations each bucket holds.</summary>
    /// <param name="bins">The counts of all bins.</param>
    /// <param name="buckets">One more than there are bounds; the last holds those beyond the last bound.</param>
    internal static void Fill(ReadOnlySpan<ulong> bins, Span<ulong> buckets)
    {
        int bin = 0;
        for (int bucket = 0; bucket < s_ends.Length; bucket++)
        {
            ulong sum = 0;
            for (; bin < s_ends[bucket]; bin++) sum = Series.Sum(sum, bins[bin]);
            buckets[bucket] = sum;
        }
    }
}

/// <summary>
/// The buckets of Prometheus' native histograms that hold the bins. Bounds are powers of the square root of two of a second, bins are
/// bounded in ns, and none of the one is one of the other: a bin counts in the bucket in which its longest durations are. Of the schemas
/// whose buckets are wider than the bins this is the finest. docs/metrics.md, "Histograms".
/// </summary>
internal static class NativeBuckets
{
    /// <summary>The number of buckets per power of two, as a power of two.</summary>
    internal const int Schema = 1;

    /// <summary>In the table of buckets: the zero bucket.</summary>
    internal const int Zero = int.MinValue;

    private static readonly int s_zeroIndex = IndexOf(HistogramLayout.HighNs(0) / 1e9);
    private static readonly int[] s_ofBin = [.. Enumerable.Range(0, HistogramLayout.BinCount).Select(BucketOf)];

    /// <summary>Durations up to this are in the zero bucket, in seconds.</summary>
    internal static double ZeroThreshold => UpperBound(s_zeroIndex);

    /// <summary>The number of the bucket of a bin, or <see cref="Zero"/>; buckets of later bins are not smaller.</summary>
    internal static int OfBin(int bin) => s_ofBin[bin];

    /// <summary>The upper bound of a bucket in seconds.</summary>
    internal static double UpperBound(int index) => Math.Pow(2, index / (double)(1 << Schema));

    private static int BucketOf(int bin)
    {
        // It has no longest: after all others.
        if (bin == HistogramLayout.BinCount - 1) return BucketOf(bin - 1) + 1;
        int index = IndexOf(HistogramLayout.HighNs(bin) / 1e9);
        return index <= s_zeroIndex ? Zero : index;
    }

    // Bounds and ends of bins are never nearer than 5 %, so rounding cannot matter.
    private static int IndexOf(double seconds) => (int)Math.Ceiling(Math.Log2(seconds) * (1 << Schema));
}
