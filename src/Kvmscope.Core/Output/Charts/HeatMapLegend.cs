using Kvmscope.Core.Output.Text;

namespace Kvmscope.Core.Output.Charts;

/// <summary>What the colours of a heat map mean, in numbers, and its mark.</summary>
internal sealed class HeatMapLegend(HeatMapLayout layout, ICanvas canvas)
{
    private const int Swatch = 20, SwatchHeight = 10, Gap = 16, NumberDown = 24, TextDown = 9, NumberWidth = 4, MinNumberSpace = 44;
    private const int MarkWidth = 20, MarkDown = 4, MarkHeight = 2;

    /// <summary>Draws it.</summary>
    internal void Paint()
    {
        int left = HeatMapLayout.Left, top = layout.FootTop;
        for (int level = 0; level < Palette.Levels; level++)
            canvas.Fill(Ink.Level1 + level, new Box(left + (level * Swatch), top, Swatch, SwatchHeight));
        PaintNumbers(left, top);
        int x = left + (Palette.Levels * Swatch) + Gap;
        string cell = CellText();
        canvas.Text(x, top + TextDown, cell, Ink.Dim);
        x += (cell.Length * HeatMapLayout.CharacterWidth) + Gap;
        canvas.Fill(Ink.Mark, new Box(x, top + MarkDown, MarkWidth, MarkHeight));
        canvas.Text(x + MarkWidth + (Gap / 2), top + TextDown, "p99", Ink.Dim);
    }

    private string CellText()
    {
        string share = layout.Scale!.BinsPerCell switch { 1 => "1/4 octave", 2 => "1/2 octave", _ => "1 octave" };
        return $"exits in a cell of {TimelineText.Duration(layout.Timeline.ColumnSeconds, unicode: true)} × {share}";
    }

    // Powers of ten, and the largest count.
    private void PaintNumbers(int left, int top)
    {
        const int width = Palette.Levels * Swatch;
        CountScale counts = layout.Counts;
        int before = -MinNumberSpace;
        for (ulong number = 1; ; number *= 10)
        {
            int x = (int)Math.Round(counts.Share(number) * width);
            if (number >= counts.Top || width - x < MinNumberSpace) break;
            if (x - before >= MinNumberSpace)
            {
                PaintNumber(left + x, top, number);
                before = x;
            }
            if (number > ulong.MaxValue / 10) break;
        }
        PaintNumber(left + width, top, counts.Top);
    }

    private void PaintNumber(int x, int top, ulong number)
    {
        canvas.Fill(Ink.Frame, new Box(x == HeatMapLayout.Left ? x : x - 1, top + SwatchHeight, 1, MarkDown));
        canvas.Text(x, top + NumberDown, ScaledText.Number(number, NumberWidth), Ink.Dim, TextAnchor.Middle);
    }
}
