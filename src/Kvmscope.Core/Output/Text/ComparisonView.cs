using System.Globalization;
using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Text;

/// <summary>A comparison for people: two lines per row, A over B, so that each figure is below the one that it is compared with.</summary>
public static class ComparisonView
{
    private const int NumberWidth = 7, Millionths = 1_000_000;

    /// <summary>Writes the table, and below it what A and B are, what a mark means, and the notes.</summary>
    /// <param name="output">The output.</param>
    /// <param name="comparison">The comparison.</param>
    /// <param name="style">The layout.</param>
    public static void Write(TextWriter output, Comparison comparison, ViewStyle style)
    {
        if (comparison.Rows.Count > 0)
        {
            WriteTable(output, comparison, style);
            output.Write('\n');
        }
        WriteSide(output, "A", comparison.A, style);
        WriteSide(output, "B", comparison.B, style);
        if (comparison.Rows.Count > 0) FootNotes.WriteWrapped(output, Legend(comparison), RowTone.Plain, style);
        foreach (string note in comparison.Notes) FootNotes.WriteWrapped(output, note, RowTone.Warning, style);
    }

    private static void WriteTable(TextWriter output, Comparison comparison, ViewStyle style)
    {
        GroupBy by = comparison.Request.Keys;
        var keys = new KeyColumns(by, hasCode: false, namesRepeat: false, tellsIdle: true, symbols: null);
        ChangedFigures marked =
            comparison.Rows.Append(comparison.Total).Append(comparison.Busy).Aggregate(ChangedFigures.None, (all, row) => all | row.Marks);
        List<TextColumn> columns = [.. keys.Columns, new("")];
        Add("Rate", ChangedFigures.Rate, drop: 0);
        columns.Add(new("Busy%") { Drop = 3 });
        Add("Avg", ChangedFigures.Average, drop: 0);
        Add("p50", ChangedFigures.P50, drop: 2);
        Add("p99", ChangedFigures.P99, drop: 4);
        var table = new TextTable(columns, style);
        foreach (ComparisonRow row in comparison.Rows)
            AddRow(table, keys, keys.Cells(row.Keys), row, marked, row.Keys.Idle == true ? RowTone.Dim : RowTone.Plain);
        AddRow(table, keys, keys.Label("Total"), comparison.Total, marked, RowTone.Bold);
        AddRow(table, keys, keys.Label("Busy"), comparison.Busy, marked, RowTone.Bold);
        table.Write(output);

        void Add(string header, ChangedFigures figure, int drop)
        {
            columns.Add(new(header) { Drop = drop });
            if (marked.HasFlag(figure)) columns.Add(new("") { Drop = 1 });
        }
    }

    private static void AddRow(
        TextTable table, KeyColumns keys, IEnumerable<TextCell> begin, ComparisonRow row, ChangedFigures marked, RowTone tone)
    {
        table.Add(tone, [.. begin, TextCell.OfText("A"), .. Cells(row, row.A, marked, isB: false)]);
        table.Add(row.Marked && tone != RowTone.Bold ? RowTone.Warning : tone,
            [.. keys.Label(Change(row)), TextCell.OfText("B"), .. Cells(row, row.B, marked, isB: true)]);
    }

    private static IEnumerable<TextCell> Cells(ComparisonRow row, ComparisonFigures side, ChangedFigures marked, bool isB)
    {
        yield return Marked(TextCell.OfRight(ScaledText.Rate(side.Rate, NumberWidth)), ChangedFigures.Rate);
        if (marked.HasFlag(ChangedFigures.Rate)) yield return Percent(ChangedFigures.Rate, row.A.Rate, row.B.Rate);
        yield return Marked(
            side.Share is { } share ? TextCell.OfShare((ulong)Math.Round(share * Millionths), Millionths) : TextCell.Missing,
            ChangedFigures.Share);
        foreach ((ChangedFigures figure, ulong? ns, ulong? a, ulong? b) in ((ChangedFigures, ulong?, ulong?, ulong?)[])
            [
                (ChangedFigures.Average, side.AverageNs, row.A.AverageNs, row.B.AverageNs),
                (ChangedFigures.P50, side.P50Ns, row.A.P50Ns, row.B.P50Ns),
                (ChangedFigures.P99, side.P99Ns, row.A.P99Ns, row.B.P99Ns),
            ])
        {
            yield return Marked(TextCell.OfTime(ns), figure);
            if (marked.HasFlag(figure)) yield return Percent(figure, a ?? 0, b ?? 0);
        }

        TextCell Marked(TextCell cell, ChangedFigures figure) =>
            marked.HasFlag(figure) ? cell.WithMark(isB && row.Marks.HasFlag(figure)) : cell;

        TextCell Percent(ChangedFigures figure, double a, double b) =>
            isB && row.Marks.HasFlag(figure) ? TextCell.OfText(Relative(a, b)) : default;
    }

    private static string Relative(double a, double b)
    {
        const double manyTimes = 10;
        if (a <= 0) return "new";
        if (b <= 0) return "gone";
        return b >= manyTimes * a
            ? string.Create(CultureInfo.InvariantCulture, $"x{Math.Min(9999, b / a):0}")
            : string.Create(CultureInfo.InvariantCulture, $"{100 * ((b / a) - 1):+0;-0;+0}%");
    }

    // Waiting is not overhead: more or less of it is neither good nor bad.
    private static string Change(ComparisonRow row)
    {
        if (row.Keys.Idle == true) return "  idle";
        if (row.Keys.Idle is null) return "";
        return $"  {(row.Change < 0 ? '-' : '+')}{ScaledText.Time((ulong)Math.Abs(row.Change))}/s";
    }

    private static void WriteSide(TextWriter output, string letter, ComparedSide side, ViewStyle style)
    {
        string name = $"{letter} is {side.Name}: ";
        string samples = Plural.Of((ulong)side.Samples, "sample", "samples");
        string text = side.Samples == 0 ? samples : string.Create(CultureInfo.InvariantCulture,
            $"{samples} in {ScaledText.Time((ulong)Math.Round(side.Sum.Seconds * 1e9), style.Unicode)}, " +
                $"from {WallTime.Of(side.Sum.From)} to {WallTime.Of(side.Ended)}");
        FootNotes.WriteWrapped(output, name + text, RowTone.Plain, style);
    }

    private static string Legend(Comparison comparison)
    {
        bool any = comparison.Rows.Append(comparison.Total).Append(comparison.Busy).Any(r => r.Marked);
        string explains = string.Create(CultureInfo.InvariantCulture,
            $"more than noise between samples explains (rank-sum test, {comparison.Tests} figures at 1 % together)");
        string few = string.Create(CultureInfo.InvariantCulture,
            $"{comparison.Undecidable} of {comparison.Tests} figures have too few independent samples to be marked");
        string marks = (any, comparison) switch
        {
            (true, _) => $"; * is {explains}",
            (_, { Tests: 0 }) => "",
            (_, { Undecidable: 0 }) => $"; nothing is {explains}",
            _ when comparison.Undecidable == comparison.Tests => $"; {few}",
            _ => $"; {few}, and none of the others is {explains}",
        };
        return "/s under a row is its handling time per second, B minus A" + marks;
    }
}
