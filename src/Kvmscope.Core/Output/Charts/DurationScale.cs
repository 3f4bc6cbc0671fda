using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Charts;

/// <summary>The axis of handling times: the bins with exits, in cells of one, two or four bins, from the bottom up.</summary>
internal sealed class DurationScale
{
    // Fewer than four octaves would exaggerate small differences, and might have no power of ten.
    private const int MinBins = 16;
    private const int BinsAnOctave = 1 << HistogramLayout.SubShift, ComfortableCell = 3;

    private readonly int _first;

    private DurationScale(int first, int cells, int binsPerCell, int cellHeight)
    {
        _first = first;
        Cells = cells;
        BinsPerCell = binsPerCell;
        CellHeight = cellHeight;
    }

    /// <summary>How many cells a column has.</summary>
    internal int Cells { get; }

    /// <summary>How many bins a cell holds: 4 are a doubling.</summary>
    internal int BinsPerCell { get; }

    /// <summary>How high a cell is, in dots.</summary>
    internal int CellHeight { get; }

    /// <summary>The height of all cells, in dots.</summary>
    internal int Height => Cells * CellHeight;

    /// <summary>
    /// A scale for the bins from <paramref name="lowest"/> to <paramref name="highest"/>, about <paramref name="height"/> dots high.
    /// </summary>
    internal static DurationScale Of(int lowest, int highest, int height)
    {
        // Whole octaves, so that it does not matter how many bins a cell holds. Bin 0 and the last one stand for an octave each.
        int missing = Math.Max(0, MinBins - (highest - lowest + 1));
        int first = OctaveOf(Math.Max(0, lowest - (missing / 2))),
            last = OctaveOf(Math.Min(HistogramLayout.BinCount - 1, highest + ((missing + 1) / 2)));
        int octaves = last - first + 1;
        int bins = 1;
        while (bins < BinsAnOctave && octaves * BinsAnOctave / bins * ComfortableCell > height) bins *= 2;
        int cells = octaves * BinsAnOctave / bins;
        return new DurationScale(first * BinsAnOctave, cells, bins, Math.Max(1, height / cells));
    }

    /// <summary>The cell that a bin is in, from the bottom.</summary>
    internal int CellOf(int bin) => (PlaceOf(bin) - _first) / BinsPerCell;

    /// <summary>The lowest duration in ns of a cell; also for the cell after the last.</summary>
    internal ulong LowNs(int cell)
    {
        // The inverse of PlaceOf.
        int bin = _first + (cell * BinsPerCell) - (BinsAnOctave - 1);
        return bin <= 0 ? 0 : bin < HistogramLayout.BinCount ? HistogramLayout.LowNs(bin) : ulong.MaxValue;
    }

    /// <summary>How high above the bottom a duration is, in dots.</summary>
    internal double Position(ulong ns)
    {
        int bin = HistogramLayout.BinOf(ns);
        // The first and the last bin have no useful width.
        bool isEnd = bin is 0 or HistogramLayout.BinCount - 1;
        ulong low = HistogramLayout.LowNs(bin);
        double share = isEnd ? 0.5 : (double)(ns - low) / (HistogramLayout.HighNs(bin) - low);
        return (PlaceOf(bin) + share - _first) * CellHeight / BinsPerCell;
    }

    // Bin 0 is at the top of its own octave, below the one that starts with bin 1.
    private static int PlaceOf(int bin) => bin + BinsAnOctave - 1;

    private static int OctaveOf(int bin) => PlaceOf(bin) / BinsAnOctave;
}
