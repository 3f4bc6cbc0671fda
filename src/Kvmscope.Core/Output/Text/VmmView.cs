using System.Globalization;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Text;

/// <summary>Returns to the VMM for people, with a blank line between intervals.</summary>
internal sealed class TextVmmWriter(ReportRequest request, Destination to) : IOutputWriter<Interval>
{
    private bool _isFirst = true;

    public void Write(in Interval interval)
    {
        if (!_isFirst) to.Writer.Write('\n');
        _isFirst = false;
        VmmView.Write(to.Writer, VmmReport.Build(interval, request), to.Style);
    }
}

/// <summary>The table of returns to the VMM.</summary>
internal static class VmmView
{
    private const int ComfortableVm = 12, ComfortableReason = 16;
    private const ulong NsPerSecond = 1_000_000_000;

    internal static void Write(TextWriter output, VmmReport report, ViewStyle style)
    {
        ReportRequest request = report.Request;
        bool isTimed = request.Kind == ReportKind.Time;
        bool vcpu = request.By.HasFlag(GroupBy.Vcpu), vm = vcpu || request.By.HasFlag(GroupBy.Vm);
        if (report.Rows.Count > 0)
        {
            List<TextColumn> columns = [];
            if (vm) columns.Add(new("VM") { Left = true, Comfort = ComfortableVm });
            if (vcpu) columns.Add(new("vCPU"));
            columns.Add(new("Returned with") { Left = true, Comfort = ComfortableReason });
            columns.Add(new("Count"));
            if (isTimed) columns.AddRange([new("Time") { Drop = 2 }, new("Avg"), new("p99") { Drop = 1 }, new("Max")]);
            var table = new TextTable(columns, style);
            foreach (VmmRow row in report.Rows)
                table.Add(row.Reason is null ? RowTone.Dim : RowTone.Plain, [.. Keys(row, vm, vcpu), .. Figures(row.Sum, isTimed)]);
            var label = new TextCell[1 + (vm ? 1 : 0) + (vcpu ? 1 : 0)];
            label[^1] = TextCell.OfText("Total");
            table.Add(RowTone.Bold, [.. label, .. Figures(report.Total, isTimed)]);
            table.Write(output);
            output.Write('\n');
        }
        foreach ((string line, RowTone tone) in Notes(report, style)) FootNotes.WriteWrapped(output, line, tone, style);
    }

    private static IEnumerable<TextCell> Keys(VmmRow row, bool vm, bool vcpu)
    {
        if (vm) yield return TextCell.OfText(row.Vm?.Name ?? "?");
        if (vcpu) yield return row.Vcpu is { } id ? TextCell.OfNumber((ulong)id) : TextCell.Missing;
        yield return TextCell.OfText(row.Reason?.Name ?? $"none ({Place(row.State!.Value.Place)})");
    }

    private static IEnumerable<TextCell> Figures(Tally sum, bool isTimed)
    {
        yield return TextCell.OfNumber(sum.Count);
        if (!isTimed) yield break;
        yield return TextCell.OfTime(sum.Timed == 0 ? null : sum.TotalNs);
        yield return TextCell.OfTime(sum.AverageNs);
        yield return TextCell.OfTime(sum.Timed == 0 ? null : sum.Quantile(0.99));
        yield return TextCell.OfTime(sum.LongestNs);
    }

    private static string Place(VcpuPlace place) => place switch
    {
        VcpuPlace.KvmRun => "in KVM_RUN",
        VcpuPlace.Vmm => "in the VMM",
        _ => "not seen",
    };

    private static IEnumerable<(string Line, RowTone Tone)> Notes(VmmReport report, ViewStyle style)
    {
        Interval interval = report.Interval;
        ulong returns = report.Total.Count;
        string counted = returns == 0 ? "no returns to the VMM were seen" : Plural.Of(returns, "return to the VMM", "returns to the VMM");
        string exits = interval.Accounting.Exits is > 0 and var n ? $", and {Plural.Of(n, "exit", "exits")}" : "";
        yield return (counted + exits + FootNotes.Span(interval, returns, report.Request.IsRecorded, style), RowTone.Plain);
        if (report.InVmm is [var longest, ..] && report.AgeNs(longest) is >= NsPerSecond and var age)
        {
            string whose = interval.VmOf(longest.Vm) is { } vm
                ? string.Create(CultureInfo.InvariantCulture, $"{vm.Name} vCPU {longest.Vcpu}")
                : "a vCPU";
            yield return ($"in the VMM since its last return: {whose}, for {ScaledText.Time(age, style.Unicode)}; that is in no time above",
                RowTone.Warning);
        }
        if (report.Silent.Count > 0 && !report.Request.By.HasFlag(GroupBy.Vcpu))
            yield return ($"{Plural.Of((ulong)report.Silent.Count, "vCPU", "vCPUs")} did not return: --by vcpu,vmm shows where they are",
                RowTone.Plain);
        foreach (string line in SplitView.MissingLines(interval)) yield return (line, RowTone.Warning);
        foreach (string line in AccountingText.ReturnLines(interval)) yield return (line, RowTone.Warning);
    }
}
