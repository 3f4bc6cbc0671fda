using System.Globalization;
using System.Text;

namespace Kvmscope.Core.Output.Charts;

/// <summary>Draws as SVG, light or dark like the reader's desktop. Made to be small: one path for all cells of a level.</summary>
internal sealed class SvgCanvas : ICanvas
{
    private readonly TextWriter _output;

    /// <summary>Begins the picture.</summary>
    internal SvgCanvas(TextWriter output, int width, int height, string label)
    {
        _output = output;
        Write($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" ");
        Write($"width=\"{width}\" height=\"{height}\" role=\"img\">\n");
        Write($"<title>{ForeignText.Escape(label)}</title>\n<style>\n");
        WriteStyle();
        output.Write("</style>\n");
    }

    /// <summary>Ends the picture.</summary>
    internal void End() => _output.Write("</svg>\n");

    public void Fill(Ink ink, params ReadOnlySpan<Box> boxes)
    {
        if (boxes.IsEmpty) return;
        var path = new StringBuilder();
        foreach (Box box in boxes) path.Append(CultureInfo.InvariantCulture, $"M{box.X} {box.Y}h{box.Width}v{box.Height}h-{box.Width}z");
        Write($"<path class=\"{ClassOf(ink)}\" d=\"{path}\"/>\n");
    }

    // In units of cells, each run of equal cells as one stroke as thick as a cell is high: the shortest form.
    public void Cells(LevelGrid grid)
    {
        double top = grid.Y + (grid.CellHeight / 2.0);
        Write($"<g class=\"cells\" transform=\"translate({grid.X} {top}) scale({grid.CellWidth} {grid.CellHeight})\">\n");
        for (int level = 1; level <= Palette.Levels; level++)
        {
            string path = PathOf(grid, level);
            if (path.Length > 0) Write($"<path class=\"s{level}\" d=\"{path}\"/>\n");
        }
        _output.Write("</g>\n");
    }

    public void Text(int x, int y, string text, Ink ink, TextAnchor anchor, bool bold)
    {
        string end = anchor switch { TextAnchor.Middle => " middle", TextAnchor.End => " end", _ => "" };
        Write($"<text class=\"{ClassOf(ink)}{end}{(bold ? " bold" : "")}\" x=\"{x}\" y=\"{y}\">{ForeignText.Escape(text)}</text>\n");
    }

    private static string PathOf(LevelGrid grid, int level)
    {
        var path = new StringBuilder();
        (int X, int Y)? pen = null;
        for (int y = 0; y < grid.Rows; y++)
        {
            ReadOnlySpan<byte> row = grid.Levels.AsSpan(y * grid.Columns, grid.Columns);
            for (int x = 0; x < row.Length; x++)
            {
                if (row[x] != level) continue;
                int begin = x;
                while (x + 1 < row.Length && row[x + 1] == level) x++;
                if (pen is not { } from) path.Append(CultureInfo.InvariantCulture, $"M{begin} {y}");
                else path.Append(CultureInfo.InvariantCulture, $"m{begin - from.X}{Signed(y - from.Y)}");
                path.Append(CultureInfo.InvariantCulture, $"h{x + 1 - begin}");
                pen = (x + 1, y);
            }
        }
        return path.ToString();
    }

    // A minus separates two numbers as a space does.
    private static string Signed(int number) => (number < 0 ? "" : " ") + number.ToString(CultureInfo.InvariantCulture);

    private static string ClassOf(Ink ink) => ink >= Ink.Level1
        ? "f" + (ink - Ink.Level1 + 1).ToString(CultureInfo.InvariantCulture)
        : ink.ToString().ToLowerInvariant();

    private void WriteStyle()
    {
        _output.Write("text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;white-space:pre}\n");
        _output.Write(".bold{font-weight:600}.middle{text-anchor:middle}.end{text-anchor:end}.cells{stroke-width:1;fill:none}\n");
        _output.Write("path,.cells{shape-rendering:crispEdges}\n");
        WriteColors(Palette.Light);
        _output.Write("@media(prefers-color-scheme:dark){\n");
        WriteColors(Palette.Dark);
        _output.Write("}\n");
    }

    private void WriteColors(Func<Ink, int> colorOf)
    {
        for (var ink = Ink.Page; ink < Ink.Level1; ink++) Write($".{ClassOf(ink)}{{fill:{Palette.Hex(colorOf(ink))}}}");
        _output.Write('\n');
        for (int level = 1; level <= Palette.Levels; level++)
        {
            string color = Palette.Hex(colorOf(Ink.Level1 + level - 1));
            Write($".f{level}{{fill:{color}}}.s{level}{{stroke:{color}}}");
        }
        _output.Write('\n');
    }

    private void Write(FormattableString text) => _output.Write(FormattableString.Invariant(text));
}
