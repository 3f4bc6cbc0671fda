using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Text;

/// <summary>
/// The tables of <c>count</c> and <c>time</c>: key columns on the left, figures on the right; idle exits apart, Total and Busy at the foot.
/// </summary>
internal sealed class ReportTable
{
    private static readonly TextCell s_idle = TextCell.OfRight("idle");

    private readonly Report _report;
    private readonly ViewStyle _style;
    private readonly ReportColumns _figures;
    private readonly KeyColumns _keys;

    internal ReportTable(Report report, ShownColumns shown, ViewStyle style)
    {
        _report = report;
        _style = style;
        GroupBy by = report.Request.By;
        _keys = new KeyColumns(by.HasFlag(GroupBy.Vcpu) ? by | GroupBy.Vm : by, hasCode: true, report.NamesRepeat,
            tellsIdle: report.Request.Kind == ReportKind.Time, report.Request.Symbols);
        _figures = new ReportColumns(report, by.HasFlag(GroupBy.Level), shown);
    }

    internal void Write(TextWriter output)
    {
        var table = new TextTable([.. _keys.Columns, .. _figures.Columns], _style);
        bool inIdle = false;
        foreach (ReportRow row in _report.Rows)
        {
            if (_report.Request.IdleApart && row.Idle == true && !inIdle)
            {
                if (!ReferenceEquals(row, _report.Rows[0])) table.AddBlank();
                inIdle = true;
            }
            RowTone tone = row.Idle == true ? RowTone.Dim : RowTone.Plain;
            table.Add(tone, [.. _keys.Cells(row), .. _figures.Cells(row.Total, row.L1, row.L2, ShareOf(row))]);
            AddLevels(table, row, tone);
        }
        if (inIdle) table.AddBlank();
        AddFoot(table, "Total", _report.Total);
        AddFoot(table, "Busy", _report.Busy);
        table.Write(output);
    }

    // Idle time is not part of the busy time.
    private TextCell ShareOf(ReportRow row, ExitLevel? level = null) => row.Idle switch
    {
        true => s_idle,
        false => _figures.Share(level switch { ExitLevel.L1 => row.L1, ExitLevel.L2 => row.L2, _ => row.Total }, row.BusyNs(level)),
        null => TextCell.Missing,
    };

    private void AddFoot(TextTable table, string name, ReportRow row)
    {
        table.Add(RowTone.Bold, [.. _keys.Label(name), .. _figures.Cells(row.Total, row.L1, row.L2, ShareOf(row))]);
        AddLevels(table, row, RowTone.Bold);
    }

    private void AddLevels(TextTable table, ReportRow row, RowTone tone)
    {
        if (!_figures.StacksLevels || (row.L2.Count == 0 && !_report.Request.Levels)) return;
        if (row.L1.Count > 0) AddLevel("  L1", row.L1, ExitLevel.L1);
        if (row.L2.Count > 0) AddLevel("  L2", row.L2, ExitLevel.L2);

        void AddLevel(string name, Tally part, ExitLevel level) =>
            table.Add(tone, [.. _keys.Label(name), .. _figures.Cells(part, row.L1, row.L2, ShareOf(row, level))]);
    }
}
