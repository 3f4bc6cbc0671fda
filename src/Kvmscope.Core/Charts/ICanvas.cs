namespace Kvmscope.Core.Charts;

/// <summary>What pictures are drawn on. All is in whole dots, so that every kind of canvas shows the same.</summary>
internal interface ICanvas
{
    /// <summary>Fills rectangles.</summary>
    void Fill(Ink ink, params ReadOnlySpan<Box> boxes);

    /// <summary>Fills the cells that are not empty with the ink of their level.</summary>
    void Cells(LevelGrid grid);

    /// <summary>Writes a line of text; <paramref name="y"/> is its baseline.</summary>
    void Text(int x, int y, string text, Ink ink = Ink.Text, TextAnchor anchor = TextAnchor.Start, bool bold = false);
}
