using Kvmscope.Core.Output.Charts;

namespace Kvmscope.Core.Tests;

/// <summary>Remembers what was drawn.</summary>
internal sealed class SketchCanvas : ICanvas
{
    internal List<(string Text, Box Box)> Texts { get; } = [];

    internal List<LevelGrid> Grids { get; } = [];

    internal List<(Ink Ink, Box Box)> Boxes { get; } = [];

    public void Fill(Ink ink, params ReadOnlySpan<Box> boxes)
    {
        foreach (Box box in boxes) Boxes.Add((ink, box));
    }

    public void Cells(LevelGrid grid) => Grids.Add(grid);

    // As wide as the widest font in the SVG.
    public void Text(int x, int y, string text, Ink ink, TextAnchor anchor, bool bold)
    {
        int width = (int)Math.Ceiling(text.Length * 7.3);
        int left = anchor switch { TextAnchor.Middle => x - (width / 2), TextAnchor.End => x - width, _ => x };
        if (text.Length > 0) Texts.Add((text, new Box(left, y - 10, width, 12)));
    }
}
