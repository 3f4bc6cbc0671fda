using Kvmscope.Core.Exits;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Symbols;

namespace Kvmscope.Core.Output.Text;

/// <summary>The columns on the left of a table: what a row is about.</summary>
internal sealed class KeyColumns
{
    private const int ComfortableVm = 12, ComfortableReason = 18, ComfortableQualifier = 18;

    private readonly List<TextColumn> _columns = [];
    private readonly bool _vm, _pid, _vcpu, _code, _reason, _qualifier, _page, _rip, _level, _idle;
    private readonly SymbolTable? _symbols;
    private readonly int _label;

    /// <summary>The columns of a grouping.</summary>
    /// <param name="by">What rows are grouped by; the VMs of vCPUs only where this has them.</param>
    /// <param name="hasCode">Whether a reason's number is shown if there is room.</param>
    /// <param name="namesRepeat">Whether VMs need their pid to be unique.</param>
    /// <param name="tellsIdle">Whether idle and busy exits have their own rows where reasons have none.</param>
    /// <param name="symbols">Names of instructions; null for none.</param>
    internal KeyColumns(GroupBy by, bool hasCode, bool namesRepeat, bool tellsIdle, SymbolTable? symbols)
    {
        _symbols = symbols;
        _vcpu = by.HasFlag(GroupBy.Vcpu);
        _vm = by.HasFlag(GroupBy.Vm);
        _pid = _vm && namesRepeat;
        _level = by.HasFlag(GroupBy.Level);
        _qualifier = by.HasFlag(GroupBy.Qualifier);
        _page = by.HasFlag(GroupBy.Page);
        _rip = by.HasFlag(GroupBy.Rip);
        _reason = _qualifier || _page || _rip || by.HasFlag(GroupBy.Reason) || by == GroupBy.None;
        _code = _reason && hasCode;
        _idle = !_reason && tellsIdle;
        AddColumns();
        _label = Math.Max(0, _columns.FindIndex(c => c.Header is "Reason"));
    }

    internal IReadOnlyList<TextColumn> Columns => _columns;

    /// <summary>The cells of a row.</summary>
    internal List<TextCell> Cells(ReportRow row)
    {
        var cells = new List<TextCell>();
        if (_vm) cells.Add(TextCell.OfText(row.Vm?.Name ?? "?"));
        if (_pid) cells.Add(row.Vm?.OnlyPid is { } only ? TextCell.OfNumber((ulong)only) : TextCell.Missing);
        if (_vcpu) cells.Add(row.Vcpu is { } vcpu ? TextCell.OfNumber((ulong)vcpu) : TextCell.Missing);
        ExitCode code = row.Code.GetValueOrDefault();
        if (_code) cells.Add(TextCell.OfRight(ExitReasons.NumberText(code)));
        if (_reason) cells.Add(TextCell.OfText(ExitReasons.Name(code)));
        if (_qualifier) cells.Add(TextCell.OfText(Qualifiers.Name(code, row.Qualifier) ?? ""));
        if (_page) cells.Add(TextCell.OfText(PlaceText.Page(row) ?? ""));
        if (_rip) cells.Add(TextCell.OfText(PlaceText.Instruction(row, _symbols) ?? ""));
        if (_idle) cells.Add(TextCell.OfText(row.Idle switch { true => "idle", false => "busy", null => "-" }));
        if (_level) cells.Add(TextCell.OfText(row.Level == ExitLevel.L2 ? "L2" : "L1"));
        return cells;
    }

    /// <summary>The cells of a row with a label: in the reasons' column, or the first.</summary>
    internal TextCell[] Label(string text)
    {
        var cells = new TextCell[_columns.Count];
        if (cells.Length > 0) cells[_label] = TextCell.OfText(text);
        return cells;
    }

    private void AddColumns()
    {
        if (_vm) _columns.Add(new("VM") { Left = true, Comfort = ComfortableVm });
        if (_pid) _columns.Add(new("PID"));
        if (_vcpu) _columns.Add(new("vCPU"));
        if (_code) _columns.Add(new("Code") { Drop = ReportColumns.DropFirst });
        if (_reason) _columns.Add(new("Reason") { Left = true, Comfort = ComfortableReason });
        if (_qualifier) _columns.Add(new("Qualifier") { Left = true, Comfort = ComfortableQualifier });
        if (_page) _columns.Add(new("Page") { Left = true });
        if (_rip) _columns.Add(new("Instruction") { Left = true, Comfort = ComfortableQualifier });
        if (_idle) _columns.Add(new("Exits") { Left = true });
        if (_level) _columns.Add(new("Level") { Left = true });
    }
}
