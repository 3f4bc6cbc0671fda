using System.Globalization;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Output.Text;

/// <summary>A timeline for a terminal: for each row its figures, its rate over time and its 99th percentile over time.</summary>
public static class TimelineView
{
    // "12.3k/s", "3.42 µs".
    private const int Label = 7, Gap = 2;
    private const int SideBySide = 72;
    private const string RateName = "rate ", P99Name = "p99  ";

    /// <summary>How many columns of a timeline a terminal of that width can show.</summary>
    public static int ColumnsFor(int width) =>
        Math.Max(1, IsWide(width) ? (width - Gap - (2 * (1 + Label))) / 2 : width - RateName.Length - 1 - Label);

    /// <summary>Writes the timeline; if it has too many columns, neighbours are merged.</summary>
    public static void Write(TextWriter output, Timeline timeline, ViewStyle style)
    {
        if (timeline.Columns.Count == 0)
        {
            FootNotes.WriteWrapped(output, "nothing was recorded", RowTone.Plain, style);
            return;
        }
        timeline = timeline.Merge(ColumnsFor(style.Width));
        string range = TimelineText.Range(timeline);
        bool isOneLine = TextWidth.Of(timeline.Title) + 2 + range.Length <= style.Width;
        Line(output, isOneLine ? $"{timeline.Title}, {range}" : timeline.Title, RowTone.Plain, style);
        if (!isOneLine) FootNotes.WriteWrapped(output, range, RowTone.Plain, style);
        output.Write('\n');
        if (timeline.Count > 0)
        {
            if (IsWide(style.Width)) Line(output, Pair("exits per second", "p99 handling time", timeline, style), RowTone.Dim, style);
            string[] figures = Figures(timeline, style);
            for (int i = 0; i < timeline.Rows.Count; i++) WriteRow(output, timeline, timeline.Rows[i], figures[i], style);
            WriteAxis(output, timeline, style);
            output.Write('\n');
        }
        WriteFoot(output, timeline, style);
    }

    private static bool IsWide(int width) => width >= SideBySide;

    private static void WriteRow(TextWriter output, Timeline timeline, TimelineRow row, string figures, ViewStyle style)
    {
        Line(output, Heading(TimelineText.Name(row, timeline.By), figures, style), RowTone.Bold, style);
        string rate =
            Bars([.. row.Cells.Select(c => c.Count == 0 ? null : (double?)c.Rate)], TimelineText.Rate(row.Cells.Max(c => c.Rate)), style);
        ulong?[] times = [.. row.Cells.Select(c => c.P99Ns)];
        string p99 = Bars([.. times.Select(t => (double?)t)], times.Max() is { } most ? ScaledText.Time(most, style.Unicode) : "-", style);
        if (IsWide(style.Width))
        {
            Line(output, Pair(rate, p99, timeline, style), RowTone.Plain, style);
            return;
        }
        Line(output, RateName + rate, RowTone.Plain, style);
        Line(output, P99Name + p99, RowTone.Plain, style);
    }

    // As many figures as fit next to the names, aligned with those of the other rows.
    private static string[] Figures(Timeline timeline, ViewStyle style)
    {
        const int leastName = 12;
        string[][] figures = [.. timeline.Rows.Select(r => TimelineText.Figures(r.Total, style.Unicode))];
        var lines = new string[figures.Length];
        Array.Fill(lines, "");
        for (int i = 0; i < figures.Max(f => f.Length); i++)
        {
            int width = figures.Max(f => i < f.Length ? f[i].Length : 0);
            if (leastName + lines[0].Length + Gap + width > style.Width) break;
            for (int row = 0; row < lines.Length; row++)
                lines[row] += new string(' ', Gap) + (i < figures[row].Length ? figures[row][i] : "").PadLeft(width);
        }
        return lines;
    }

    private static string Heading(string name, string figures, ViewStyle style)
    {
        int room = Math.Max(1, style.Width - figures.Length);
        return TextWidth.PadRight(TextWidth.Cut(name, room, middle: false, style.Unicode), room) + figures;
    }

    private static string Bars(IReadOnlyList<double?> values, string label, ViewStyle style)
    {
        var bars = new char[values.Count];
        Sparkline.Write(bars, values, style.Unicode);
        return $"{new string(bars)} {label.PadLeft(Label)}";
    }

    private static string Pair(string left, string right, Timeline timeline, ViewStyle style)
    {
        int half = (style.Width - Gap) / 2, used = Math.Max(timeline.Columns.Count + 1 + Label, "p99 handling time".Length);
        return left.PadRight(Math.Min(half, used) + Gap) + right;
    }

    private static void WriteAxis(TextWriter output, Timeline timeline, ViewStyle style)
    {
        string axis = Axis(timeline);
        Line(output, IsWide(style.Width) ? Pair(axis, axis, timeline, style) : new string(' ', RateName.Length) + axis, RowTone.Dim, style);
    }

    // Start and end, the end under the last column if it fits there.
    private static string Axis(Timeline timeline)
    {
        DateTimeOffset begin = timeline.Columns[0].Started, end = timeline.Columns[^1].Ended;
        string format = begin.Date == end.Date ? "HH:mm:ss" : "MM-dd HH:mm";
        string from = begin.ToString(format, CultureInfo.InvariantCulture), to = end.ToString(format, CultureInfo.InvariantCulture);
        int between = timeline.Columns.Count - from.Length - to.Length;
        return between > 0 ? from + new string(' ', between) + to : from;
    }

    private static void WriteFoot(TextWriter output, Timeline timeline, ViewStyle style)
    {
        if (timeline.Count == 0)
        {
            FootNotes.WriteWrapped(
                output, $"no exits were seen in {TimelineText.Duration(timeline.Seconds, style.Unicode)}", RowTone.Plain, style);
        }
        else
        {
            string column = TimelineText.Duration(timeline.ColumnSeconds, style.Unicode);
            FootNotes.WriteWrapped(
                output, $"1 column = {column}; each line of bars goes from 0 to the figure beside it", RowTone.Plain, style);
            foreach (string note in TimelineText.Notes(timeline)) FootNotes.WriteWrapped(output, note, RowTone.Plain, style);
            FootNotes.WriteWrapped(output, TimelineText.Sum(timeline, style.Unicode), RowTone.Plain, style);
        }
        foreach (string loss in timeline.Losses) FootNotes.WriteWrapped(output, loss, RowTone.Warning, style);
    }

    // Never longer than the terminal.
    private static void Line(TextWriter output, string text, RowTone tone, ViewStyle style)
    {
        string line = TextWidth.Cut(text.TrimEnd(), Math.Max(1, style.Width), middle: false, style.Unicode);
        Ansi.WriteLine(output, line.AsSpan().TrimEnd(), tone, style);
    }
}

/// <summary>Values as one line of bars, each as high as its part of the largest.</summary>
internal static class Sparkline
{
    private const string UnicodeRamp = " ▁▂▃▄▅▆▇█", AsciiRamp = " .:-=+*#";

    /// <summary>
    /// Writes one character per value into <paramref name="to"/>. Null and 0 are empty; everything else is visible, however small.
    /// </summary>
    internal static void Write(Span<char> to, IReadOnlyList<double?> values, bool unicode)
    {
        string ramp = unicode ? UnicodeRamp : AsciiRamp;
        int highest = ramp.Length - 1;
        double largest = values.Max() ?? 0;
        for (int i = 0; i < values.Count; i++)
        {
            double value = values[i] ?? 0;
            int level = value > 0 ? Math.Clamp((int)Math.Round(value / largest * highest), 1, highest) : 0;
            to[i] = ramp[level];
        }
    }
}
