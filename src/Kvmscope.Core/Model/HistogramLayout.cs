using System.Numerics;

namespace Kvmscope.Core.Model;

/// <summary>
/// The log-linear histogram of handling times that bpf/cells.bpf.h fills: bin 0 is below 2^6 ns, then 4 bins an
/// octave up to 2^40 ns, then one bin for all beyond. A bin's width is at most a quarter of its lower bound, so a quantile
/// is off by less than 25 % of its value; sums of 4 bins are the powers of two.
/// </summary>
public static class HistogramLayout
{
    /// <summary>Durations below 2^MinShift ns share bin 0.</summary>
    public const int MinShift = 6;

    /// <summary>Durations of 2^MaxShift ns and more share the last bin.</summary>
    public const int MaxShift = 40;

    /// <summary>Bins an octave, as a power of two.</summary>
    public const int SubShift = 2;

    /// <summary>How many bins there are.</summary>
    public const int BinCount = ((MaxShift - MinShift) << SubShift) + 2;

    /// <summary>The bin of a duration in ns.</summary>
    public static int BinOf(ulong ns)
    {
        if (ns < 1UL << MinShift) return 0;
        if (ns >= 1UL << MaxShift) return BinCount - 1;
        int octave = BitOperations.Log2(ns);
        int sub = (int)(ns >> (octave - SubShift)) & ((1 << SubShift) - 1);
        return 1 + ((octave - MinShift) << SubShift) + sub;
    }

    /// <summary>The lowest duration in ns that falls into the bin.</summary>
    public static ulong LowNs(int bin)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bin);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(bin, BinCount);
        if (bin == 0) return 0;
        int octave = MinShift + ((bin - 1) >> SubShift);
        ulong sub = (ulong)((bin - 1) & ((1 << SubShift) - 1));
        return (1UL << octave) + (sub << (octave - SubShift));
    }

    /// <summary>The first duration in ns beyond the bin; <see cref="ulong.MaxValue"/> for the last bin.</summary>
    public static ulong HighNs(int bin) => bin == BinCount - 1 ? ulong.MaxValue : LowNs(bin + 1);
}
