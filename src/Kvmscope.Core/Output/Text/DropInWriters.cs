using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Text;

/// <summary>
/// The tables of the drop-in tools, with their columns and spelling: <c>" 12 HLT 2965 2787 178"</c>. A column only grows where something
/// does not fit, and then on every line. Unlike in those tools, L1 is everything except L2, an average of nothing is 0, and totals are the
/// sums of the rows above.
/// </summary>
internal static class DropInTable
{
    private const int CodeWidth = 3, NameWidth = 18, CountWidth = 8, AverageWidth = 8;
    private const string CountTitle = "Exit reason", TotalTitle = "Total", TimeTotalTitle = "Total (Avg Time)";

    private readonly record struct Widths(int Code, int Name, int Count, int Average);

    /// <summary>The number as the drop-in tools print it: decimal, VMX without flags.</summary>
    internal static string Number(ExitCode code) => ExitReasons.SortNumber(code).ToString(CultureInfo.InvariantCulture);

    internal static void Write(TextWriter output, Report report)
    {
        bool time = report.Request.Kind == ReportKind.Time;
        Widths widths = Measure(report);
        WriteKey(output, "", CountTitle, widths);
        foreach (string title in (ReadOnlySpan<string>)["Total", "L1", "L2"])
        {
            output.Write(' ');
            output.Write(title.PadLeft(widths.Count));
            if (time) output.Write(" " + "(Avg Time)".PadLeft(widths.Average + "()".Length));
        }
        output.Write('\n');
        foreach (ReportRow row in report.Rows)
        {
            ExitCode code = row.Code.GetValueOrDefault();
            WriteKey(output, Number(code), ExitReasons.DropInName(code), widths);
            WriteFigures(output, row, widths, time);
        }
        WriteKey(output, "", time ? TimeTotalTitle : TotalTitle, widths);
        WriteFigures(output, report.Total, widths, time);
    }

    private static Widths Measure(Report report)
    {
        int code = CodeWidth, name = NameWidth, average = AverageWidth;
        foreach (ReportRow row in report.Rows)
        {
            code = Math.Max(code, Number(row.Code.GetValueOrDefault()).Length);
            name = Math.Max(name, ExitReasons.DropInName(row.Code.GetValueOrDefault()).Length);
            average = Math.Max(average, Math.Max(Average(row.L1).Length, Average(row.L2).Length));
        }
        // No count is larger than their sum; an average of both levels is between those of each level.
        return new Widths(code, name, Math.Max(CountWidth, Digits(report.Total.Total.Count).Length), average);
    }

    private static void WriteKey(TextWriter output, string code, string name, Widths widths)
    {
        output.Write(code.PadLeft(widths.Code));
        output.Write(' ');
        output.Write(name.PadRight(widths.Name));
    }

    private static void WriteFigures(TextWriter output, ReportRow row, Widths widths, bool time)
    {
        WriteFigure(output, row.Total, widths, time);
        WriteFigure(output, row.L1, widths, time);
        WriteFigure(output, row.L2, widths, time);
        output.Write('\n');
    }

    private static void WriteFigure(TextWriter output, Tally measure, Widths widths, bool time)
    {
        output.Write(' ');
        output.Write(Digits(measure.Count).PadLeft(widths.Count));
        if (time) output.Write($" ({Average(measure).PadLeft(widths.Average)})");
    }

    private static string Average(Tally measure) => Digits(measure.AverageNs ?? 0);

    private static string Digits(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Reports in the drop-in layouts.</summary>
internal sealed class DropInReportWriter(ReportKind kind, TextWriter output) : IOutputWriter<Interval>
{
    private readonly ReportRequest _request =
        new() { Kind = kind, Command = kind.ToString(), Sort = Analysis.Reports.SortKey.Code, IdleApart = false };

    public void Write(in Interval interval)
    {
        Report report = ReportBuilder.Build(interval, _request);
        if (kind == ReportKind.Hist) OctaveBars.WriteFull(output, report.Total.Total.Bins.ToArray());
        else DropInTable.Write(output, report);
    }
}

/// <summary>Slow exits in the drop-in layout: number, name, nanoseconds, level.</summary>
internal sealed class DropInSlowExitWriter(TextWriter output) : IOutputWriter<SlowExit>
{
    public void Write(in SlowExit exit)
    {
        string level = exit.Level == ExitLevel.L2 ? "L2" : "L1";
        output.Write($"{DropInTable.Number(exit.Code),3} {ExitReasons.DropInName(exit.Code),-18} {exit.DurationNs,8} ({level})\n");
    }
}
