namespace Kvmscope.Core.Output.Charts;

/// <summary>A surface for pictures. Everything is in whole dots, so that all kinds of canvas show the same.</summary>
internal interface ICanvas
{
    /// <summary>Fills rectangles.</summary>
    void Fill(Ink ink, params ReadOnlySpan<Box> boxes);

    /// <summary>Fills the cells that are not empty with the ink of their level.</summary>
    void Cells(LevelGrid grid);

    /// <summary>Writes a line of text; <paramref name="y"/> is its baseline.</summary>
    void Text(int x, int y, string text, Ink ink = Ink.Text, TextAnchor anchor = TextAnchor.Start, bool bold = false);
}

/// <summary>A rectangle in whole dots, from its upper left corner.</summary>
internal readonly record struct Box(int X, int Y, int Width, int Height);

/// <summary>What to draw with; <see cref="Palette"/> has the colours.</summary>
internal enum Ink
{
    Page,
    Panel,
    Grid,
    Frame,
    Text,
    Dim,
    Mark,

    /// <summary>The lowest level of cells that are not empty; the others follow.</summary>
    Level1,
}

/// <summary>Cells of equal size side by side, each empty or of a level.</summary>
/// <param name="X">The left edge.</param>
/// <param name="Y">The top edge.</param>
/// <param name="CellWidth">How wide a cell is.</param>
/// <param name="CellHeight">How high a cell is.</param>
/// <param name="Columns">How many cells are side by side.</param>
/// <param name="Levels">Row by row from the uppermost; 0 is empty.</param>
internal sealed record LevelGrid(int X, int Y, int CellWidth, int CellHeight, int Columns, byte[] Levels)
{
    internal int Rows => Levels.Length / Columns;
}

/// <summary>Which part of a text is at its position.</summary>
internal enum TextAnchor
{
    Start,
    Middle,
    End,
}
