using System.Numerics;
using System.Runtime.InteropServices;

namespace Kvmscope.Core.Model;

/// <summary>
/// A histogram of durations (<see cref="HistogramLayout"/>). Only the bins from the first to the last that is not empty are kept: most
/// reasons fill a tenth of the layout, and there are many rows.
/// </summary>
public sealed class Histogram
{
    private ulong[] _counts = [];
    private int _low, _length;

    /// <summary>The first bin that is kept.</summary>
    public int Low => _low;

    /// <summary>One after the last bin that is kept.</summary>
    public int End => _low + _length;

    /// <summary>The counts from <see cref="Low"/> on; empty where there are none.</summary>
    public ReadOnlySpan<ulong> Counts => _counts.AsSpan(0, _length);

    /// <summary>The count of a bin.</summary>
    public ulong this[int bin] => bin >= _low && bin - _low < _length ? _counts[bin - _low] : 0;

    /// <summary>How many durations it holds.</summary>
    public ulong Count
    {
        get
        {
            ulong sum = 0;
            foreach (ulong count in Counts) sum += count;
            return sum;
        }
    }

    /// <summary>How many durations it holds in this bin and those above.</summary>
    public ulong CountFrom(int bin)
    {
        ulong sum = 0;
        foreach (ulong count in Counts[Math.Clamp(bin - _low, 0, _length)..]) sum += count;
        return sum;
    }

    /// <summary>Empties it and keeps its memory.</summary>
    public void Clear()
    {
        _counts.AsSpan(0, _length).Clear();
        _length = 0;
    }

    /// <summary>Adds to a bin.</summary>
    public void Add(int bin, ulong count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bin);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(bin, HistogramLayout.BinCount);
        if (count == 0) return;
        Cover(bin, bin);
        _counts[bin - _low] += count;
    }

    /// <summary>Adds another's counts.</summary>
    public void Add(Histogram other)
    {
        if (other._length == 0) return;
        Cover(other._low, other.End - 1);
        Sum(_counts.AsSpan(other._low - _low, other._length), other.Counts);
    }

    /// <summary>Adds the counts of all bins of the layout.</summary>
    public void Add(ReadOnlySpan<ulong> bins)
    {
        int first = bins.IndexOfAnyExcept(0UL);
        if (first < 0) return;
        int last = bins.LastIndexOfAnyExcept(0UL);
        Cover(first, last);
        Sum(_counts.AsSpan(first - _low, last - first + 1), bins[first..(last + 1)]);
    }

    /// <summary>Adds the counts of some bins, from this one on; the first and the last are not 0.</summary>
    internal void Add(int low, ReadOnlySpan<ulong> counts)
    {
        if (counts.IsEmpty) return;
        Cover(low, low + counts.Length - 1);
        Sum(_counts.AsSpan(low - _low, counts.Length), counts);
    }

    /// <summary>Adds the difference between <paramref name="now"/> and <paramref name="before"/>.</summary>
    /// <returns>False where any bin shrank; nothing is added then.</returns>
    public bool TryAddDifference(Histogram now, Histogram before)
    {
        if (before._length > 0 && (before._low < now._low || before.End > now.End)) return false;
        int first = -1, last = -1;
        for (int i = 0; i < now._length; i++)
        {
            ulong then = before[now._low + i];
            if (now._counts[i] < then) return false;
            if (now._counts[i] == then) continue;
            if (first < 0) first = i;
            last = i;
        }
        if (first < 0) return true;
        Cover(now._low + first, now._low + last);
        for (int i = first; i <= last; i++) _counts[now._low + i - _low] += now._counts[i] - before[now._low + i];
        return true;
    }

    /// <summary>The counts of all bins of the layout, in a new array.</summary>
    public ulong[] ToArray()
    {
        var bins = new ulong[HistogramLayout.BinCount];
        Counts.CopyTo(bins.AsSpan(_low));
        return bins;
    }

    /// <summary>
    /// The quantile <paramref name="q"/> of the durations in ns, by nearest rank: of n durations in ascending order it is the k-th, k =
    /// ceil(q × n) and at least 1. The bin that holds the k-th is exact; within it the durations are taken as evenly spread, each in the
    /// middle of its share, so the result is off by less than a quarter of its value (except in the first bin and in the last, which are
    /// wider). It is never below the bin's lower bound and never above <paramref name="maxNs"/> (unless that lies below the bin: a maximum
    /// of another interval). The n-th is the maximum itself.
    /// </summary>
    /// <param name="q">From 0 to 1, taken to a millionth.</param>
    /// <param name="maxNs">The longest duration, in ns.</param>
    /// <returns>Null where it is empty.</returns>
    /// <exception cref="ArgumentOutOfRangeException">q is not within 0 and 1.</exception>
    public ulong? Quantile(double q, ulong maxNs)
    {
        if (!(q is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(q));
        ulong count = Count;
        if (count == 0) return null;
        ulong rank = RankOf(q, count), below = 0;
        int at = 0;
        while (below + _counts[at] < rank) below += _counts[at++];
        int bin = _low + at;
        ulong low = HistogramLayout.LowNs(bin);
        ulong high = Math.Clamp(maxNs, low, HistogramLayout.HighNs(bin));
        if (rank == count) return bin == HistogramLayout.BinCount - 1 ? high : Math.Min(high, HistogramLayout.HighNs(bin) - 1);
        double share = (rank - below - 0.5) / _counts[at];
        return low + (ulong)((high - low) * share);
    }

    // In whole millionths, because 0.999 × 1000 must be exactly 999.
    private static ulong RankOf(double q, ulong count)
    {
        const ulong million = 1_000_000;
        var product = (UInt128)(ulong)Math.Round(q * million) * count;
        // 64 bits are enough nearly always, and much faster.
        ulong rank = product <= ulong.MaxValue - million
            ? ((ulong)product + million - 1) / million
            : (ulong)((product + million - 1) / million);
        return Math.Max(1, rank);
    }

    private static void Sum(Span<ulong> bins, ReadOnlySpan<ulong> more)
    {
        Span<Vector<ulong>> sums = MemoryMarshal.Cast<ulong, Vector<ulong>>(bins);
        ReadOnlySpan<Vector<ulong>> added = MemoryMarshal.Cast<ulong, Vector<ulong>>(more);
        for (int i = 0; i < sums.Length; i++) sums[i] += added[i];
        for (int i = sums.Length * Vector<ulong>.Count; i < bins.Length; i++) bins[i] += more[i];
    }

    // Makes room for these bins; new ones are 0.
    private void Cover(int first, int last)
    {
        int low = _length == 0 ? first : Math.Min(_low, first);
        int end = _length == 0 ? last : Math.Max(End - 1, last);
        int length = end - low + 1;
        int shift = _length == 0 ? 0 : _low - low;
        if (length > _counts.Length)
        {
            var wider = new ulong[length];
            Counts.CopyTo(wider.AsSpan(shift));
            _counts = wider;
        }
        else if (shift > 0)
        {
            Counts.CopyTo(_counts.AsSpan(shift));
            _counts.AsSpan(0, shift).Clear();
        }
        (_low, _length) = (low, length);
    }
}

/// <summary>
/// The log-linear histogram of handling times that bpf/cells.bpf.h fills: bin 0 is below 2^6 ns, then 4 bins per octave up to 2^40 ns, then
/// one bin for all longer ones. A bin's width is at most a quarter of its lower bound, so a quantile is off by less than 25 % of its value;
/// sums of 4 bins are the powers of two.
/// </summary>
public static class HistogramLayout
{
    /// <summary>Durations below 2^MinShift ns share bin 0.</summary>
    public const int MinShift = 6;

    /// <summary>Durations of 2^MaxShift ns and more share the last bin.</summary>
    public const int MaxShift = 40;

    /// <summary>Bins per octave, as a power of two.</summary>
    public const int SubShift = 2;

    /// <summary>How many bins there are.</summary>
    public const int BinCount = ((MaxShift - MinShift) << SubShift) + 2;

    /// <summary>How many powers of two there are: the bins of one are added up; durations below 2^MinShift ns are the first.</summary>
    public const int OctaveCount = MaxShift - MinShift + 2;

    /// <summary>The power of two that a bin belongs to, from 0.</summary>
    public static int OctaveOf(int bin) => bin == 0 ? 0 : 1 + ((bin - 1) >> SubShift);

    /// <summary>The lowest duration in ns of a power of two.</summary>
    /// <param name="octave">Which, as <see cref="OctaveOf"/> counts.</param>
    public static ulong OctaveLowNs(int octave) => octave == 0 ? 0 : 1UL << (MinShift + octave - 1);

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
