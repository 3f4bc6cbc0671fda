using System.Runtime.InteropServices;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Model;
using Kvmscope.Live.Data;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;

namespace Kvmscope.Live.Views;

/// <summary>Reasons or their arguments as rows, and VMs or vCPUs as columns: each cell exits per second, or the share of the column's busy
/// time.</summary>
internal sealed class SwappedView : CellRows, IComparer<SwappedView.Line>
{
    private readonly LiveSummary _summary = new();
    private readonly DetailPane _pane = new();
    private readonly Dictionary<GroupKey, int> _columns = [];
    private readonly Dictionary<GroupKey, Line> _lines = [];
    private readonly List<double> _busy = [];
    private readonly List<ulong> _sums = [];
    private readonly List<Line> _rows = [];
    private readonly LiveSummary _inner = new();
    private Comparison<GroupKey>? _byTime;
    private bool _shares, _isFalling;

    /// <summary>A row.</summary>
    internal sealed class Line(GroupKey key)
    {
        internal GroupKey Key => key;

        internal List<(ulong Count, ulong BusyNs)> Cells { get; } = [];

        internal ulong Count { get; set; }

        internal ulong BusyNs { get; set; }

        internal bool IsIdle { get; set; }
    }

    /// <inheritdoc/>
    public override void Read(LiveFrame frame)
    {
        Clear();
        bool hasArguments = frame.State.View == LiveView.Qualifiers, byVcpu = ByVcpu(frame);
        ExitParts parts = hasArguments ? ExitParts.Qualifier : ExitParts.None;
        frame.Empty = hasArguments && !frame.Source.Detail.WantQualifiers
            ? LiveNeeds.NotMeasured(frame, "the reasons' arguments", "leave out --light", "record without --without qualifiers")
            : frame.Source.Grouping == Grouping.Host ? "the recording does not keep VMs apart"
            : LiveNeeds.AtThisTime(frame, byVcpu || frame.State.Scope.Vcpu is not null, parts);
        if (frame.Empty is not null) return;
        GroupBy by = GroupBy.Reason | (byVcpu ? GroupBy.Vcpu : GroupBy.Vm) | (hasArguments ? GroupBy.Qualifier : GroupBy.None);
        _summary.Read(frame.Reader.Interval, Request(frame, by));
        foreach (SummaryRow row in _summary.Rows) Count(row);
        Groups.Sort(_byTime ??= CompareGroups);
        _shares = frame.State.Shares && frame.Source.Detail.WantTime;
        // Cells are by the order in which groups were met.
        ReadColumns(frame, isFalling: true);
        _isFalling = frame.IsFalling;
        foreach (Line line in _lines.Values)
        {
            if (line.Count == 0 && line.BusyNs == 0) continue;
            frame.CountOfAll++;
            if (frame.State.Filter.Length == 0 || LiveFilter.Has(frame.State, Name(frame, line.Key))) _rows.Add(line);
        }
        frame.Count = _rows.Count;
        frame.Title = $"{(hasArguments ? "qualifiers" : "reasons")}, {(_shares ? "% of the column's busy time" : "exits/s")},";
        _rows.Sort(this);
    }

    // The most busy time first; without times the most exits.
    private int CompareGroups(GroupKey x, GroupKey y)
    {
        int a = _columns[x], b = _columns[y], order = _busy[b].CompareTo(_busy[a]);
        if (order == 0) order = _sums[b].CompareTo(_sums[a]);
        if (order == 0) order = x.Vm.CompareTo(y.Vm);
        return order == 0 ? x.Vcpu.CompareTo(y.Vcpu) : order;
    }

    /// <inheritdoc/>
    public override RowKey Key(int index) => new(_rows[index].Key);

    /// <inheritdoc/>
    public override (SummaryScope Scope, LiveView View)? Drill(LiveFrame frame, int index)
    {
        Line line = _rows[index];
        SummaryScope scope = frame.State.Scope with { Code = line.Key.Code };
        if (Chosen >= 0) scope = scope with { Vm = Groups[Chosen].Vm, Vcpu = Groups[Chosen].VcpuId ?? scope.Vcpu };
        return frame.Source.Detail.WantQualifiers && frame.State.View != LiveView.Qualifiers ? (scope, LiveView.Qualifiers) : null;
    }

    /// <inheritdoc/>
    public override void DrawPane(LiveFrame frame, int index, int top)
    {
        GroupBy by = GroupBy.Reason | (frame.State.View == LiveView.Qualifiers ? GroupBy.Qualifier : GroupBy.None);
        _inner.Read(frame.Reader.Interval, Request(frame, by));
        foreach (SummaryRow row in _inner.Rows)
        {
            if (row.Key.Code != _rows[index].Key.Code || row.Key.Qualifier != _rows[index].Key.Qualifier) continue;
            _inner.AddDetail([row]);
            _pane.Draw(frame, row, _inner.Only(row), top);
            return;
        }
    }

    /// <inheritdoc/>
    protected override (string Header, int Width, int Figures) Layout(LiveFrame frame) =>
        (frame.State.View == LiveView.Qualifiers ? "Reason, qualifier" : "Reason", Math.Clamp(frame.Grid.Columns / 4, 10, 32), 7);

    /// <inheritdoc/>
    protected override void DrawName(LiveFrame frame, LivePlace place, int index)
    {
        Line line = _rows[index];
        CellTone tone = line.IsIdle ? CellTone.Dim : place.Tone;
        int at = place.Column;
        if (frame.State.View != LiveView.Qualifiers || frame.State.Scope.Code is null)
            at = LiveText.Left(place.Grid, place.Row, at, place.Width, frame.Reason(line.Key.Code), tone, frame.Look) + 1;
        if (frame.State.View == LiveView.Qualifiers)
            LiveText.Left(place.Grid, place.Row, at, place.Column + place.Width - at, Name(frame, line.Key), tone, frame.Look);
    }

    /// <inheritdoc/>
    protected override int Figure(Span<char> to, LiveFrame frame, int row, int column, out CellTone tone)
    {
        Line line = _rows[row];
        (ulong count, ulong busy) = column < 0 ? (line.Count, line.BusyNs) : Cell(line, Groups[column]);
        double whole = column < 0 ? _busy.Sum() : _busy[_columns[Groups[column]]];
        tone = column < 0 ? CellTone.Plain : LiveBars.Heat(line.IsIdle || whole <= 0 ? 0 : busy / whole);
        if (column >= 0 && count == 0 && busy == 0)
        {
            to[0] = frame.Look.Unicode ? '·' : '.';
            return 1;
        }
        return _shares ? LiveText.Share(to, busy, whole) : LiveText.Rate(to, frame.PerSecond(count));
    }

    int IComparer<Line>.Compare(Line? x, Line? y)
    {
        double a = Value(x!), b = Value(y!);
        int order = _isFalling ? b.CompareTo(a) : a.CompareTo(b);
        if (order == 0) order = x!.Key.Code.Code.CompareTo(y!.Key.Code.Code);
        return order == 0 ? x!.Key.Qualifier.Raw.CompareTo(y!.Key.Qualifier.Raw) : order;
    }

    private double Value(Line line)
    {
        (ulong count, ulong busy) = Chosen < 0 ? (line.Count, line.BusyNs) : Cell(line, Groups[Chosen]);
        return _shares ? busy : count;
    }

    private (ulong Count, ulong BusyNs) Cell(Line line, GroupKey group)
    {
        int at = _columns[group];
        return at < line.Cells.Count ? line.Cells[at] : default;
    }

    private void Count(SummaryRow row)
    {
        GroupKey group = GroupKey.OfVcpu(row.Key.Vm, row.Key.Vcpu), name = row.Key with { Vm = GroupKey.None, Vcpu = GroupKey.None };
        if (row.Key.Code == default) return;
        ref int column = ref CollectionsMarshal.GetValueRefOrAddDefault(_columns, group, out bool isKnown);
        if (!isKnown)
        {
            column = Groups.Count;
            Groups.Add(group);
            _busy.Add(0);
            _sums.Add(0);
        }
        ref Line? line = ref CollectionsMarshal.GetValueRefOrAddDefault(_lines, name, out _);
        line ??= new Line(name);
        while (line.Cells.Count <= column) line.Cells.Add(default);
        (ulong count, ulong busy) = line.Cells[column];
        line.Cells[column] = (count + row.Count, busy + row.BusyNs);
        line.IsIdle = (line.Count == 0 || line.IsIdle) && row.IsIdle;
        line.Count += row.Count;
        line.BusyNs += row.BusyNs;
        _busy[column] += row.BusyNs;
        _sums[column] += row.Count;
    }

    private void Clear()
    {
        Groups.Clear();
        _columns.Clear();
        _busy.Clear();
        _sums.Clear();
        _rows.Clear();
        // Reasons stay for the next time; arguments come and go.
        if (_lines.Count > 4096) _lines.Clear();
        foreach (Line line in _lines.Values)
        {
            line.Cells.Clear();
            (line.Count, line.BusyNs, line.IsIdle) = (0, 0, false);
        }
    }

    private static bool ByVcpu(LiveFrame frame) =>
        frame.Source.Grouping == Grouping.Vcpu && (frame.State.View == LiveView.Vcpus || frame.State.Scope.Vm is not null);

    private static SummaryRequest Request(LiveFrame frame, GroupBy by) =>
        new() { By = by, Scope = frame.State.Scope, LacksExits = !frame.Source.HasAllExits };

    private static string Name(LiveFrame frame, GroupKey key) => frame.State.View == LiveView.Qualifiers
        ? frame.Names.Argument(key.Code, key.Qualifier)
        : frame.Reason(key.Code);
}
