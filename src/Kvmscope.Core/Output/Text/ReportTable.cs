using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Text;

/// <summary>
/// The tables of <c>count</c> and <c>time</c>: key columns on the left, figures on the right, Total and Busy at the foot.
/// </summary>
internal sealed class ReportTable
{
    private readonly Report _report;
    private readonly ViewStyle _style;
    private readonly ReportColumns _figures;
    private readonly KeyColumns _keys;

    internal ReportTable(Report report, ViewStyle style)
    {
        _report = report;
        _style = style;
        GroupBy by = report.Request.By;
        _keys = new KeyColumns(by.HasFlag(GroupBy.Vcpu) ? by | GroupBy.Vm : by, hasCode: true, report.NamesRepeat,
            tellsIdle: report.Request.Kind == ReportKind.Time);
        _figures = ReportColumns.Of(report, by.HasFlag(GroupBy.Level));
    }

    internal void Write(TextWriter output)
    {
        var table = new TextTable([.. _keys.Columns, .. _figures.Columns], _style);
        foreach (ReportRow row in _report.Rows)
        {
            RowTone tone = row.Idle == true ? RowTone.Dim : RowTone.Plain;
            table.Add(tone, [.. _keys.Cells(row), .. _figures.Cells(row.Total, row.L1, row.L2, ShareOf(row))]);
            AddLevels(table, row, tone);
        }
        AddFoot(table, "Total", _report.Total, share: null);
        AddFoot(table, "Busy", _report.Busy, TimeOf(_report.Busy.Total));
        table.Write(output);
    }

    // Idle time is not part of the busy time.
    private static ulong? ShareOf(ReportRow row) => row.Idle == false ? TimeOf(row.Total) : null;

    private static ulong? TimeOf(Tally measure) => measure.Timed == 0 ? null : measure.TotalNs;

    private void AddFoot(TextTable table, string name, ReportRow row, ulong? share)
    {
        table.Add(RowTone.Bold, [.. _keys.Label(name), .. _figures.Cells(row.Total, row.L1, row.L2, share)]);
        AddLevels(table, row, RowTone.Bold);
    }

    // If a line has room for one level only, the levels are below it; without L2 they would repeat it.
    private void AddLevels(TextTable table, ReportRow row, RowTone tone)
    {
        if (!_figures.StacksLevels || row.L2.Count == 0) return;
        if (row.L1.Count > 0) AddLevel("  L1", row.L1);
        AddLevel("  L2", row.L2);

        void AddLevel(string name, Tally level) => table.Add(
            tone, [.. _keys.Label(name), .. _figures.Cells(level, row.L1, row.L2, row.Idle == false ? TimeOf(level) : null)]);
    }
}
