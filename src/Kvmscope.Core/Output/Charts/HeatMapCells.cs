using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Output.Charts;

/// <summary>How many exits each cell of a panel has.</summary>
internal sealed class HeatMapCells
{
    private readonly ulong[] _counts;
    private readonly int _rows;

    internal HeatMapCells(TimelineRow row, DurationScale scale)
    {
        Columns = row.Cells.Count;
        _rows = scale.Cells;
        _counts = new ulong[_rows * Columns];
        for (int column = 0; column < Columns; column++)
        {
            Histogram bins = row.Cells[column].Bins;
            for (int bin = bins.Low; bin < bins.End; bin++)
                if (bins[bin] > 0) _counts[(scale.CellOf(bin) * Columns) + column] += bins[bin];
        }
        Largest = _counts.Max();
    }

    internal int Columns { get; }

    /// <summary>The most that any cell has.</summary>
    internal ulong Largest { get; }

    /// <summary>The exits of a cell; the cells of a column from the bottom up.</summary>
    internal ulong this[int column, int cell] => _counts[(cell * Columns) + column];

    /// <summary>The levels as a <see cref="LevelGrid"/> has them, from the top down.</summary>
    internal byte[] Levels(CountScale scale)
    {
        var levels = new byte[_counts.Length];
        for (int cell = 0; cell < _rows; cell++)
            for (int column = 0; column < Columns; column++)
                levels[((_rows - 1 - cell) * Columns) + column] = scale.Level(this[column, cell]);
        return levels;
    }
}
