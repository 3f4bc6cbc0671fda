using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;

namespace Kvmscope.Live.Views;

/// <summary>Busy exits by handling time: a row per power of two, a column per VM, vCPU or reason, each cell the number of exits.</summary>
internal sealed class LatencyView : CellRows
{
    private const int Digits = 7;

    private readonly LiveMatrix _matrix = new();
    private readonly LiveMatrix _reasons = new();
    private readonly List<int> _rows = [];
    private readonly List<ulong> _most = [];
    private bool _isFalling;

    /// <inheritdoc/>
    public override void Read(LiveFrame frame)
    {
        _rows.Clear();
        Groups.Clear();
        GroupBy by = By(frame);
        frame.Empty = frame.Source.Detail.WantTime
            ? LiveNeeds.AtThisTime(frame, by == GroupBy.Vcpu || frame.State.Scope.Vcpu is not null)
            : LiveNeeds.NotMeasured(frame, "handling times", "leave out --light", "record without --without time");
        if (frame.Empty is not null) return;
        _matrix.Read(frame.Reader.Interval!, Request(frame, by));
        Groups.AddRange(_matrix.Matrix.Columns);
        ReadColumns(frame, isFalling: false);
        _isFalling = frame.IsFalling;
        for (int row = 0; row < _matrix.Matrix.Rows; row++) _rows.Add(_isFalling ? _matrix.Matrix.Rows - 1 - row : row);
        ReadMost();
        frame.Count = frame.CountOfAll = _rows.Count;
        frame.Title = $"busy exits by handling time and {(by == GroupBy.Vm ? "VM" : by == GroupBy.Vcpu ? "vCPU" : "reason")}";
        if (Chosen >= 0) frame.Title += $", chosen: {frame.Sorted}";
        frame.SortedBy = "";
        if (_rows.Count == 0) frame.Empty = "no busy exit was timed";
    }

    /// <inheritdoc/>
    public override RowKey Key(int index) => new(default, (long)_matrix.Matrix.LowNs(_rows[index]));

    /// <inheritdoc/>
    public override (SummaryScope Scope, LiveView View)? Drill(LiveFrame frame, int index)
    {
        if (Chosen < 0) return null;
        GroupKey key = Groups[Chosen];
        SummaryScope scope = frame.State.Scope;
        if (key.Code != default) return frame.Source.Detail.WantQualifiers ? (scope with { Code = key.Code }, LiveView.Qualifiers) : null;
        return key.VcpuId is { } vcpu ? (scope with { Vm = key.Vm, Vcpu = vcpu }, LiveView.Latency)
            : key.Vm < 0 ? null : (scope with { Vm = key.Vm }, LiveView.Latency);
    }

    /// <inheritdoc/>
    public override string WhyNoDrill(LiveFrame frame) =>
        Chosen < 0 ? "choose a column with < and >, or a click on it" : base.WhyNoDrill(frame);

    /// <inheritdoc/>
    public override void DrawPane(LiveFrame frame, int index, int top)
    {
        _reasons.Read(frame.Reader.Interval!, Request(frame, GroupBy.Reason));
        LatencyMatrix matrix = _reasons.Matrix;
        ulong low = _matrix.Matrix.LowNs(_rows[index]);
        DetailPane.Title(frame, top, $"exits of {Range(frame, low)} by reason");
        int row = 0;
        while (row < matrix.Rows && matrix.LowNs(row) != low) row++;
        if (row >= matrix.Rows) return;
        ulong most = 0;
        for (int column = 0; column < matrix.Columns.Count; column++) most = Math.Max(most, matrix[row, column]);
        int line = top + 1, end = frame.Grid.Rows - 1, bar = Math.Clamp(frame.Grid.Columns - 36, 1, 60);
        Span<char> to = stackalloc char[LiveText.MostFigure];
        for (int column = 0; column < matrix.Columns.Count && line < end; column++)
        {
            ulong count = matrix[row, column];
            if (count == 0) continue;
            LiveText.Left(frame.Grid, line, 1, 22, frame.Reason(matrix.Columns[column].Code), CellTone.Plain, frame.Look);
            LiveText.Right(frame.Grid, line, 24, Digits + 1, to[..LiveText.Number(to, count, Digits)], CellTone.Plain);
            LiveBars.Bar(frame.Grid, line++, 33, bar, (double)count / most, CellTone.Kvm, frame.Look);
        }
    }

    /// <inheritdoc/>
    protected override (string Header, int Width, int Figures) Layout(LiveFrame frame) => ("from", 9, Digits + 1);

    /// <inheritdoc/>
    protected override void DrawName(LiveFrame frame, LivePlace place, int index)
    {
        Span<char> to = stackalloc char[LiveText.MostFigure];
        ulong from = _matrix.Matrix.LowNs(_rows[index]);
        LiveText.Right(place.Grid, place.Row, place.Column, place.Width, to[..LiveText.Time(to, from, frame.Look)], place.Tone);
    }

    /// <inheritdoc/>
    protected override int Figure(Span<char> to, LiveFrame frame, int row, int column, out CellTone tone)
    {
        ulong count = 0;
        if (column >= 0) count = _matrix.Matrix[_rows[row], column];
        else
            for (int i = 0; i < Groups.Count; i++) count += _matrix.Matrix[_rows[row], i];
        ulong most = column < 0 ? 0 : _most[column];
        tone = column < 0 ? CellTone.Plain : LiveBars.Heat(most == 0 ? 0 : (double)count / most);
        if (count > 0) return LiveText.Number(to, count, Digits);
        // No exit: seen at a glance.
        to[0] = frame.Look.Unicode ? '·' : '.';
        return 1;
    }

    private static SummaryRequest Request(LiveFrame frame, GroupBy by) =>
        new() { By = by, Scope = frame.State.Scope, LacksExits = !frame.Source.HasAllExits };

    private static GroupBy By(LiveFrame frame)
    {
        SummaryScope scope = frame.State.Scope;
        if (frame.State.Transposed || frame.Source.Grouping == Grouping.Host) return GroupBy.Reason;
        if (scope.Vm is null) return GroupBy.Vm;
        return scope.Vcpu is null && frame.Source.Grouping == Grouping.Vcpu ? GroupBy.Vcpu : GroupBy.Reason;
    }

    private void ReadMost()
    {
        _most.Clear();
        for (int column = 0; column < Groups.Count; column++)
        {
            ulong most = 0;
            for (int row = 0; row < _matrix.Matrix.Rows; row++) most = Math.Max(most, _matrix.Matrix[row, column]);
            _most.Add(most);
        }
    }

    private static string Range(LiveFrame frame, ulong lowNs) =>
        $"{ScaledText.Time(lowNs, frame.Look.Unicode)} to {ScaledText.Time(LatencyBars.Edge(lowNs, 1), frame.Look.Unicode)}";
}
