using System.Globalization;
using System.Text;
using Kvmscope.Core.Output.Text;
using Kvmscope.Live.Screen;

namespace Kvmscope.Live.Views;

/// <summary>Text and figures in places of a given width, without memory of their own.</summary>
internal static class LiveText
{
    /// <summary>Room for any figure.</summary>
    public const int MostFigure = ScaledText.MaxLength;

    /// <summary>Writes text at the left of a place; where it is cut there is a mark.</summary>
    /// <param name="grid">The screen.</param>
    /// <param name="row">The line.</param>
    /// <param name="column">The place's first column.</param>
    /// <param name="width">The place's width.</param>
    /// <param name="text">The text.</param>
    /// <param name="tone">How it looks.</param>
    /// <param name="look">What can be shown.</param>
    /// <param name="middle">Whether its end is kept where it is cut.</param>
    /// <returns>The column after the text.</returns>
    public static int Left(
        CellGrid grid, int row, int column, int width, ReadOnlySpan<char> text, CellTone tone, in LiveLook look, bool middle = false)
    {
        width = Math.Min(width, grid.Columns - column);
        if (width <= 0 || row < 0 || row >= grid.Rows) return column;
        if (TextWidth.Of(text) <= width) return grid.Put(row, column, text, tone);
        int end = middle ? (width - 1) / 2 : 0;
        column = grid.Put(row, column, text[..TextWidth.FitStart(text, width - 1 - end)], tone);
        column = grid.Put(row, column, look.Unicode ? "…" : "~", tone);
        return end == 0 ? column : grid.Put(row, column, text[TextWidth.FitEnd(text, end)..], tone);
    }

    /// <summary>Writes a figure at the right of a place; one that does not fit is not cut, but hidden.</summary>
    public static void Right(CellGrid grid, int row, int column, int width, ReadOnlySpan<char> text, CellTone tone)
    {
        if (row < 0 || row >= grid.Rows || column >= grid.Columns) return;
        int own = TextWidth.Of(text);
        if (own <= width) grid.Put(row, column + width - own, text, tone);
        else
            for (int i = 0; i < width; i++) grid.Put(row, column + i, "#", tone);
    }

    /// <summary>A screen as lines of text, without spaces at their ends.</summary>
    public static string Of(CellGrid grid)
    {
        var text = new StringBuilder();
        for (int row = 0; row < grid.Rows; row++)
        {
            int begin = text.Length;
            foreach (Cell cell in grid[row])
            {
                // The second half of a wide character.
                if (cell.Character == default) continue;
                text.Append(cell.Character);
                if (cell.Mark != default) text.Append(cell.Mark);
            }
            int end = text.Length;
            while (end > begin && text[end - 1] == ' ') end--;
            text.Length = end;
            text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>Gives a stretch of a line a tone.</summary>
    public static void Paint(CellGrid grid, int row, int column, int width, CellTone tone)
    {
        if (row < 0 || row >= grid.Rows) return;
        foreach (ref Cell cell in grid[row][Math.Min(column, grid.Columns)..Math.Min(column + width, grid.Columns)])
            cell = cell with { Tone = tone };
    }

    /// <summary>Own text in lines of at most so many columns, broken at spaces.</summary>
    public static IEnumerable<string> Wrap(string text, int columns)
    {
        columns = Math.Max(8, columns);
        while (TextWidth.Of(text) > columns)
        {
            int fit = TextWidth.FitStart(text, columns), end = text.LastIndexOf(' ', Math.Min(fit, text.Length - 1));
            if (end <= 0) end = fit;
            yield return text[..end];
            text = text[end..].TrimStart();
        }
        yield return text;
    }

    /// <summary>Writes own text from a line on.</summary>
    public static void Wrapped(CellGrid grid, int row, int column, string text, CellTone tone)
    {
        foreach (string line in Wrap(text, grid.Columns - column)) grid.Put(row++, column, line, tone);
    }

    /// <summary>A part of a whole in percent, with one decimal below 100; <c>-</c> where the whole is not known.</summary>
    public static int Share(Span<char> to, double part, double whole)
    {
        if (!(whole > 0) || double.IsNaN(part)) return Missing(to);
        long tenths = (long)Math.Round(part * 1000 / whole, MidpointRounding.AwayFromZero);
        (tenths / 10).TryFormat(to, out int length, default, CultureInfo.InvariantCulture);
        if (tenths >= 1000) return length;
        to[length++] = '.';
        to[length++] = (char)('0' + (tenths % 10));
        return length;
    }

    /// <summary>A time; <c>-</c> where it is not known.</summary>
    public static int Time(Span<char> to, ulong? ns, in LiveLook look) =>
        ns is { } value ? ScaledText.FormatTime(to, value, look.Unicode, tight: false) : Missing(to);

    /// <summary>A number per second; <c>-</c> where it is not known.</summary>
    public static int Rate(Span<char> to, double rate) => double.IsNaN(rate) ? Missing(to) : ScaledText.FormatRate(to, rate, RateDigits);

    /// <summary>A number of things in at most so many digits, or scaled.</summary>
    public static int Number(Span<char> to, ulong number, int digits = RateDigits) => ScaledText.FormatNumber(to, number, digits);

    /// <summary>What is not known, or not measured: never 0.</summary>
    public static int Missing(Span<char> to)
    {
        to[0] = '-';
        return 1;
    }

    private const int RateDigits = 6;
}

/// <summary>What a screen can show.</summary>
/// <param name="Unicode">Whether characters outside ASCII can be shown.</param>
internal readonly record struct LiveLook(bool Unicode)
{
    /// <summary>Between the steps of a path.</summary>
    public string Step => Unicode ? " ▸ " : " > ";

    /// <summary>Before the selected row, so that it is not known by its look alone.</summary>
    public string Mark => Unicode ? "▸" : ">";

    /// <summary>The largest first.</summary>
    public string Falling => Unicode ? "▾" : "v";

    /// <summary>The smallest first.</summary>
    public string Rising => Unicode ? "▴" : "^";

    /// <summary>A line across the screen.</summary>
    public string Line => Unicode ? "─" : "-";
}
