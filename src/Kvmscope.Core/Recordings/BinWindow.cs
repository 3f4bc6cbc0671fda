using Kvmscope.Core.Model;

namespace Kvmscope.Core.Recordings;

/// <summary>
/// The bins of a histogram from the first to the last that is not empty: most reasons fill a tenth of <see cref="HistogramLayout"/>,
/// and a recorder holds the sums of many of them.
/// </summary>
public sealed class BinWindow
{
    private ulong[] _counts = [];
    private int _low, _length;

    /// <summary>The first bin of the window.</summary>
    public int Low => _low;

    /// <summary>The counts from <see cref="Low"/> on; empty where there are none.</summary>
    public ReadOnlySpan<ulong> Counts => _counts.AsSpan(0, _length);

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
        Cover(bin, bin);
        _counts[bin - _low] += count;
    }

    /// <summary>Adds another's bins.</summary>
    public void Add(BinWindow other)
    {
        if (other._length == 0) return;
        Cover(other._low, other._low + other._length - 1);
        Histogram.Add(_counts.AsSpan(other._low - _low, other._length), other.Counts);
    }

    /// <summary>Adds bins of the whole layout.</summary>
    public void Add(ReadOnlySpan<ulong> bins)
    {
        int first = bins.IndexOfAnyExcept(0UL);
        if (first < 0) return;
        int last = bins.LastIndexOfAnyExcept(0UL);
        Cover(first, last);
        Histogram.Add(_counts.AsSpan(first - _low, last - first + 1), bins[first..(last + 1)]);
    }

    /// <summary>Adds all to bins of the whole layout.</summary>
    public void AddTo(Span<ulong> bins)
    {
        if (_length > 0) Histogram.Add(bins.Slice(_low, _length), Counts);
    }

    // The window is widened to hold these bins; the new ones are 0.
    private void Cover(int first, int last)
    {
        int low = _length == 0 ? first : Math.Min(_low, first);
        int end = _length == 0 ? last : Math.Max(_low + _length - 1, last);
        int length = end - low + 1;
        if (length > _counts.Length || (_length > 0 && low < _low))
        {
            var wider = new ulong[Math.Max(length, _counts.Length)];
            Counts.CopyTo(wider.AsSpan(_length == 0 ? 0 : _low - low));
            _counts = wider;
        }
        (_low, _length) = (low, length);
    }
}
