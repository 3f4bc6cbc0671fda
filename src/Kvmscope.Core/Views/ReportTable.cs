using Kvmscope.Core.Exits;
using Kvmscope.Core.Reports;

namespace Kvmscope.Core.Views;

/// <summary>
/// The tables of <c>count</c> and <c>time</c>: key columns on the left, figures on the right, Total and Busy at the foot.
/// </summary>
internal sealed class ReportTable
{
    private const int ComfortableVm = 12, ComfortableReason = 18;

    private readonly Report _report;
    private readonly ViewStyle _style;
    private readonly ReportColumns _figures;
    private readonly bool _vm, _pid, _vcpu, _reason, _level, _idle;

    internal ReportTable(Report report, ViewStyle style)
    {
        _report = report;
        _style = style;
        GroupBy by = report.Request.By;
        _vcpu = by.HasFlag(GroupBy.Vcpu);
        _vm = _vcpu || by.HasFlag(GroupBy.Vm);
        _pid = _vm && report.NamesRepeat;
        _level = by.HasFlag(GroupBy.Level);
        _reason = by.HasFlag(GroupBy.Reason) || by == GroupBy.None;
        _idle = !_reason && report.Request.Kind == ReportKind.Time;
        _figures = ReportColumns.Of(report, _level);
    }

    internal void Write(TextWriter output)
    {
        List<TextColumn> keys = KeyColumns();
        int label = Math.Max(0, keys.FindIndex(c => c.Header is "Reason"));
        var table = new TextTable([.. keys, .. _figures.Columns], _style);
        foreach (ReportRow row in _report.Rows)
        {
            RowTone tone = row.Idle == true ? RowTone.Dim : RowTone.Plain;
            table.Add(tone, [.. Keys(row), .. _figures.Cells(row.Total, row.L1, row.L2, ShareOf(row))]);
            AddLevels(table, keys.Count, label, row, tone);
        }
        AddFoot(table, keys.Count, label, "Total", _report.Total, share: null);
        AddFoot(table, keys.Count, label, "Busy", _report.Busy, TimeOf(_report.Busy.Total));
        table.Write(output);
    }

    private List<TextColumn> KeyColumns()
    {
        var columns = new List<TextColumn>();
        if (_vm) columns.Add(new("VM") { Left = true, Comfort = ComfortableVm });
        if (_pid) columns.Add(new("PID"));
        if (_vcpu) columns.Add(new("vCPU"));
        if (_reason)
        {
            columns.Add(new("Code") { Drop = ReportColumns.DropFirst });
            columns.Add(new("Reason") { Left = true, Comfort = ComfortableReason });
        }
        if (_idle) columns.Add(new("Exits") { Left = true });
        if (_level) columns.Add(new("Level") { Left = true });
        return columns;
    }

    private List<TextCell> Keys(ReportRow row)
    {
        var cells = new List<TextCell>();
        if (_vm) cells.Add(TextCell.OfText(row.Vm?.Name ?? "?"));
        if (_pid) cells.Add(row.Vm is { } vm ? TextCell.OfNumber((ulong)vm.Pid) : TextCell.Missing);
        if (_vcpu) cells.Add(row.Vcpu is { } vcpu ? TextCell.OfNumber((ulong)vcpu) : TextCell.Missing);
        if (_reason)
        {
            ExitCode code = row.Code.GetValueOrDefault();
            cells.Add(TextCell.OfRight(ExitReasons.NumberText(code)));
            cells.Add(TextCell.OfText(ExitReasons.Name(code)));
        }
        if (_idle) cells.Add(TextCell.OfText(row.Idle == true ? "idle" : "busy"));
        if (_level) cells.Add(TextCell.OfText(row.Level == ExitLevel.L2 ? "L2" : "L1"));
        return cells;
    }

    // Idle time is no part of the busy time.
    private static ulong? ShareOf(ReportRow row) => row.Idle == false ? TimeOf(row.Total) : null;

    private static ulong? TimeOf(Measure measure) => measure.Timed == 0 ? null : measure.TotalNs;

    private void AddFoot(TextTable table, int keys, int label, string name, ReportRow row, ulong? share)
    {
        table.Add(RowTone.Bold, [.. Label(keys, label, name), .. _figures.Cells(row.Total, row.L1, row.L2, share)]);
        AddLevels(table, keys, label, row, RowTone.Bold);
    }

    // Where a line has room for one level only, the levels stand under it; without L2 they would repeat it.
    private void AddLevels(TextTable table, int keys, int label, ReportRow row, RowTone tone)
    {
        if (!_figures.StacksLevels || row.L2.Count == 0) return;
        if (row.L1.Count > 0) AddLevel("  L1", row.L1);
        AddLevel("  L2", row.L2);

        void AddLevel(string name, Measure level) => table.Add(
            tone, [.. Label(keys, label, name), .. _figures.Cells(level, row.L1, row.L2, row.Idle == false ? TimeOf(level) : null)]);
    }

    private static TextCell[] Label(int keys, int label, string text)
    {
        var cells = new TextCell[keys];
        if (keys > 0) cells[label] = TextCell.OfText(text);
        return cells;
    }
}
