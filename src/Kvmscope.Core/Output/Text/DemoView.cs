using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Text;

/// <summary>The demo's comparison for people: the table of 'time', and below it what the guest did next to what was seen.</summary>
internal static class DemoView
{
    private const int FixedColumns = 2 + 5 + 2 + 9 + 2 + 8 + 2 + 10;

    internal static void Write(Destination to, DemoComparison demo)
    {
        OutputKinds.Reports.In(OutputFormat.Table)(to, new ReportRequest { Kind = ReportKind.Time, Command = "time" }).Write(demo.Interval);
        to.Writer.WriteLine();
        WriteRows(to.Writer, to.Style, demo.Rows);
        to.Writer.WriteLine();
        to.Writer.WriteLine(demo.IsEqual ? "All counts are equal." : "Some counts differ.");
    }

    private static void WriteRows(TextWriter output, ViewStyle style, IReadOnlyList<DemoRow> rows)
    {
        int longest = rows.Count == 0 ? 6 : rows.Max(r => ExitReasons.Name(r.Code).Length);
        bool narrow = style.Width < longest + FixedColumns;
        int name = Math.Clamp(longest, 6, Math.Max(6, style.Width - (narrow ? 28 : FixedColumns)));
        output.WriteLine(Line("Reason", "Level", "guest did", narrow ? "saw" : "kvmscope saw", "", name, narrow).TrimEnd());
        foreach (DemoRow row in rows)
        {
            string reason = ExitReasons.Name(row.Code);
            if (reason.Length > name) reason = $"{reason[..(name - 1)]}~";
            string did = row.Expected is { } expected ? Number(expected) : "-";
            output.WriteLine(Line(reason, $"L{(int)row.Level}", did, Number(row.Seen), Word(row.Verdict, style.Color), name, narrow));
        }
    }

    private static string Line(string reason, string level, string did, string saw, string verdict, int name, bool narrow) => narrow
        ? $"{reason.PadRight(name)} {level[..2]} {did.Replace("guest ", ""),6} {saw,6} {verdict}"
        : $"{reason.PadRight(name)}  {level,-5}  {did,9}  {saw,12}  {verdict}";

    private static string Number(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Word(DemoVerdict verdict, bool color) => verdict switch
    {
        DemoVerdict.Equal => color ? "\e[32mequal\e[0m" : "equal",
        DemoVerdict.Differs => color ? "\e[1;31mDIFFERS\e[0m" : "DIFFERS",
        _ => "host's own",
    };
}
