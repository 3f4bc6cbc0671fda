namespace Kvmscope.Core.Charts;

/// <summary>Cells of equal size side by side, each empty or of a level.</summary>
/// <param name="X">Where the leftmost begin.</param>
/// <param name="Y">Where the uppermost begin.</param>
/// <param name="CellWidth">How wide a cell is.</param>
/// <param name="CellHeight">How high a cell is.</param>
/// <param name="Columns">How many cells are side by side.</param>
/// <param name="Levels">Row by row from the uppermost; 0 is empty.</param>
internal sealed record LevelGrid(int X, int Y, int CellWidth, int CellHeight, int Columns, byte[] Levels)
{
    internal int Rows => Levels.Length / Columns;
}
