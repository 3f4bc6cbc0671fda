using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Symbols;

namespace Kvmscope.Core.Output.Text;

/// <summary>The histograms of a report, one block per group, each with its percentiles.</summary>
internal static class HistView
{
    internal static void Write(TextWriter output, Report report, ViewStyle style)
    {
        bool withPid = report.NamesRepeat;
        for (int i = 0; i < report.Rows.Count; i++)
        {
            if (i > 0) output.Write('\n');
            WriteBlock(output, report.Rows[i], withPid, report.Request.Symbols, style);
        }
    }

    private static void WriteBlock(TextWriter output, ReportRow row, bool withPid, SymbolTable? symbols, ViewStyle style)
    {
        string heading = Heading(row, withPid, symbols);
        if (heading.Length > 0) FootNotes.WriteWrapped(output, heading, RowTone.Bold, style);
        if (row.Total.Timed == 0)
        {
            string exits = Plural.Of(row.Total.Count, "exit", "exits");
            FootNotes.WriteWrapped(output, exits + ", no handling time was measured", RowTone.Plain, style);
            return;
        }
        OctaveBars.Write(output, row.Total.Bins.ToArray(), style);
        WriteFigures(output, row.Total, style);
    }

    private static string Heading(ReportRow row, bool withPid, SymbolTable? symbols)
    {
        var parts = new List<string>();
        if (row.Vm is { } vm)
            parts.Add(vm.Name + (withPid && vm.OnlyPid is { } pid ? string.Create(CultureInfo.InvariantCulture, $" (pid {pid})") : ""));
        if (row.Vcpu is { } vcpu) parts.Add("vCPU " + vcpu.ToString(CultureInfo.InvariantCulture));
        if (row.Code is { } code) parts.Add(ExitReasons.Name(code));
        if (row.Code is { } reason && Qualifiers.Name(reason, row.Qualifier) is { } qualifier) parts.Add(qualifier);
        if (PlaceText.Page(row) is { } page) parts.Add("page " + page);
        if (PlaceText.Instruction(row, symbols) is { } rip) parts.Add("at " + rip);
        if (row.Level is { } level) parts.Add(level == ExitLevel.L2 ? "L2" : "L1");
        return string.Join(", ", parts);
    }

    // Packed into as few lines as the width allows, without breaking a figure.
    private static void WriteFigures(TextWriter output, Tally measure, ViewStyle style)
    {
        string[] figures =
        [
            "count " + measure.Count.ToString(CultureInfo.InvariantCulture), Figure("avg", measure.AverageNs, style),
            Figure("p50", measure.Quantile(0.5), style), Figure("p90", measure.Quantile(0.9), style),
            Figure("p99", measure.Quantile(0.99), style), Figure("p99.9", measure.Quantile(0.999), style),
            Figure("max", measure.LongestNs, style),
        ];
        string line = figures[0];
        foreach (string figure in figures.AsSpan(1))
        {
            if (line.Length + 2 + figure.Length > style.Width)
            {
                output.Write(line);
                output.Write('\n');
                line = figure;
            }
            else line += "  " + figure;
        }
        output.Write(line);
        output.Write('\n');
    }

    private static string Figure(string name, ulong? ns, ViewStyle style) =>
        $"{name} {(ns is { } value ? ScaledText.Time(value, style.Unicode) : "-")}";
}
