using System.Globalization;
using System.Security;
using System.Text;
using Kvmscope.Live.Screen;

namespace Kvmscope.Tests.Live;

/// <summary>A live screen as SVG, in the colours of a dark terminal: for the documentation.</summary>
internal static class ScreenPicture
{
    // Of a monospaced font of 14 px, in px.
    private const double Column = 8.43, Row = 18, Margin = 12;
    private const string Ground = "#16181d", Text = "#d4d4d4";
    private const string Fonts = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";

    internal static string Of(CellGrid grid)
    {
        double width = grid.Columns * Column + 2 * Margin, height = grid.Rows * Row + 2 * Margin;
        var svg = new StringBuilder();
        svg.Append(Line($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:0.##} {height:0.##}" role="img">"""));
        svg.Append("<title>kvmscope top</title>\n");
        svg.Append(Line($"""<rect width="100%" height="100%" rx="6" fill="{Ground}"/>"""));
        svg.Append($"""<g font-family="{Fonts}" font-size="14" xml:space="preserve">""");
        svg.Append('\n');
        for (int row = 0; row < grid.Rows; row++) AddRow(svg, grid[row], row);
        return svg.Append("</g>\n</svg>\n").ToString();
    }

    private static void AddRow(StringBuilder svg, ReadOnlySpan<Cell> cells, int row)
    {
        double y = Margin + row * Row;
        for (int first = 0; first < cells.Length;)
        {
            int end = first + 1;
            while (end < cells.Length && cells[end].Tone == cells[first].Tone) end++;
            (string ink, string? ground, bool bold) = Look(cells[first].Tone);
            double x = Margin + first * Column, width = (end - first) * Column;
            if (ground is not null)
                svg.Append(Line($"""<rect x="{x:0.##}" y="{y:0.##}" width="{width:0.##}" height="{Row:0.##}" fill="{ground}"/>"""));
            string text = TextOf(cells[first..end]);
            if (text.Trim().Length > 0)
            {
                string weight = bold ? " font-weight=\"bold\"" : "";
                string place = Line($"""x="{x:0.##}" y="{y + 13.5:0.##}" textLength="{width:0.##}" """).TrimEnd();
                svg.Append(Line($"""<text {place} fill="{ink}"{weight}>{SecurityElement.Escape(text)}</text>"""));
            }
            first = end;
        }
    }

    private static string TextOf(ReadOnlySpan<Cell> cells)
    {
        var text = new StringBuilder();
        foreach (Cell cell in cells)
        {
            if (cell.Character.Value != 0) text.Append(cell.Character.ToString());
            if (cell.Mark.Value != 0) text.Append(cell.Mark.ToString());
        }
        return text.ToString();
    }

    private static (string Ink, string? Ground, bool Bold) Look(CellTone tone) => tone switch
    {
        CellTone.Dim => ("#7c828d", null, false),
        CellTone.Bold => ("#ffffff", null, true),
        CellTone.Heading => (Ground, "#8fa1b3", true),
        CellTone.Bar => ("#ffffff", "#2f3b4c", false),
        CellTone.Selected => ("#ffffff", "#3d5a80", true),
        CellTone.Warning or CellTone.Runq => ("#e5a33d", null, false),
        CellTone.Alarm => ("#f2666b", null, true),
        CellTone.Guest => ("#5fb36a", null, false),
        CellTone.Kvm => ("#4f9dde", null, false),
        CellTone.Vmm => ("#b57edc", null, false),
        CellTone.Halt => ("#565c66", null, false),
        CellTone.Poll => ("#6f8f8f", null, false),
        CellTone.Sleep => ("#c97b63", null, false),
        CellTone.Unattributed => ("#3c4048", null, false),
        CellTone.Heat1 => (Text, "#1f3440", false),
        CellTone.Heat2 => (Text, "#1f5566", false),
        CellTone.Heat3 => ("#ffffff", "#1f7f86", false),
        CellTone.Heat4 => (Ground, "#7fc97f", false),
        CellTone.Heat5 => (Ground, "#f1e05a", true),
        _ => (Text, null, false),
    };

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture) + "\n";
}
