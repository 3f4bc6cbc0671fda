using System.Numerics;
using System.Runtime.InteropServices;

namespace Kvmscope.Core.Model;

/// <summary>Arithmetic on bins of <see cref="HistogramLayout"/>.</summary>
public static class Histogram
{
    /// <summary>How many durations the bins hold.</summary>
    public static ulong Count(ReadOnlySpan<ulong> bins)
    {
        Vector<ulong> sums = Vector<ulong>.Zero;
        ReadOnlySpan<Vector<ulong>> vectors = MemoryMarshal.Cast<ulong, Vector<ulong>>(bins);
        foreach (Vector<ulong> vector in vectors) sums += vector;
        ulong sum = Vector.Sum(sums);
        foreach (ulong bin in bins[(vectors.Length * Vector<ulong>.Count)..]) sum += bin;
        return sum;
    }

    /// <summary>Adds each bin of <paramref name="more"/> to the same bin of <paramref name="bins"/>.</summary>
    public static void Add(Span<ulong> bins, ReadOnlySpan<ulong> more)
    {
        if (bins.Length != more.Length) throw new ArgumentException("The histograms have different layouts.", nameof(more));
        Span<Vector<ulong>> sums = MemoryMarshal.Cast<ulong, Vector<ulong>>(bins);
        ReadOnlySpan<Vector<ulong>> added = MemoryMarshal.Cast<ulong, Vector<ulong>>(more);
        for (int i = 0; i < sums.Length; i++) sums[i] += added[i];
        for (int i = sums.Length * Vector<ulong>.Count; i < bins.Length; i++) bins[i] += more[i];
    }

    /// <summary>Subtracts each bin of <paramref name="less"/> from the same bin of <paramref name="bins"/>.</summary>
    /// <returns>False where a difference would be negative; <paramref name="difference"/> is then of no use.</returns>
    internal static bool TrySubtract(ReadOnlySpan<ulong> bins, ReadOnlySpan<ulong> less, Span<ulong> difference)
    {
        ReadOnlySpan<Vector<ulong>> a = MemoryMarshal.Cast<ulong, Vector<ulong>>(bins), b = MemoryMarshal.Cast<ulong, Vector<ulong>>(less);
        Span<Vector<ulong>> to = MemoryMarshal.Cast<ulong, Vector<ulong>>(difference);
        bool fits = true;
        for (int i = 0; i < a.Length; i++)
        {
            fits &= Vector.GreaterThanOrEqualAll(a[i], b[i]);
            to[i] = a[i] - b[i];
        }
        for (int i = a.Length * Vector<ulong>.Count; i < bins.Length; i++)
        {
            fits &= bins[i] >= less[i];
            difference[i] = bins[i] - less[i];
        }
        return fits;
    }

    /// <summary>
    /// The duration in ns below or at which the share <paramref name="q"/> of all durations lies, by nearest rank: of n durations in ascending order
    /// it is the k-th, k = ceil(q × n) and at least 1. The bin that holds the k-th is exact; within it the durations are taken as evenly spread, each in the
    /// middle of its share, so the result is off by less than a quarter of its value (but in the first bin and in the last, which are wider). It is never below the bin's lower bound and never above
    /// <paramref name="maxNs"/> (unless that lies below the bin: a maximum of another interval). The n-th is the maximum itself.
    /// </summary>
    /// <param name="bins"><see cref="HistogramLayout.BinCount"/> bins.</param>
    /// <param name="q">From 0 to 1.</param>
    /// <param name="maxNs">The longest duration, in ns.</param>
    /// <returns>Null where the bins are empty.</returns>
    /// <exception cref="ArgumentOutOfRangeException">q is not within 0 and 1.</exception>
    public static ulong? Quantile(ReadOnlySpan<ulong> bins, double q, ulong maxNs)
    {
        if (!(q is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(q));
        ulong count = Count(bins);
        if (count == 0) return null;
        // Decimal, because 0.999 × 1000 must be 999 and not a bit more.
        ulong rank = Math.Max(1, (ulong)decimal.Ceiling((decimal)q * count));
        ulong below = 0;
        int bin = 0;
        while (below + bins[bin] < rank) below += bins[bin++];

        ulong low = HistogramLayout.LowNs(bin);
        ulong high = Math.Clamp(maxNs, low, HistogramLayout.HighNs(bin));
        if (rank == count) return bin == HistogramLayout.BinCount - 1 ? high : Math.Min(high, HistogramLayout.HighNs(bin) - 1);
        double share = (rank - below - 0.5) / bins[bin];
        return low + (ulong)((high - low) * share);
    }
}
