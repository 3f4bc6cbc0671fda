using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;
using Kvmscope.Live.Screen;

namespace Kvmscope.Live.Views;

/// <summary>The details of a group of exits: figures, where its time went, what is in it, its handling times as bars.</summary>
internal sealed class DetailPane
{
    private const int Wide = 120, Figures = 41, LeastBars = 30, Parts = 40;

    private readonly Summary _inner = new();
    private readonly LatencyMatrix _matrix = new();
    private readonly List<SummaryRow> _rows = [];
    private readonly Comparison<SummaryRow> _largest = static (x, y) =>
        x.BusyNs != y.BusyNs ? y.BusyNs.CompareTo(x.BusyNs) : y.Count.CompareTo(x.Count);

    /// <summary>Draws it from a line on to the last but one.</summary>
    /// <param name="frame">The drawing.</param>
    /// <param name="row">The group.</param>
    /// <param name="only">What happened, with the exits of this group only.</param>
    /// <param name="top">The line.</param>
    public void Draw(LiveFrame frame, SummaryRow row, Interval only, int top)
    {
        CellGrid grid = frame.Grid;
        int height = grid.Rows - 1 - top - 1, width = grid.Columns;
        SummaryScope scope = ScopeOf(frame, row.Key);
        Title(frame, top, Name(frame, row.Key));
        bool hasPlace = row.Key.Place is not null;
        if (!hasPlace) ReadInner(frame, only, scope);
        int bars = Math.Max(0, width - Figures - (width >= Wide ? Parts + 2 : 0) - 2);
        int left = bars >= LeastBars && !hasPlace ? Figures : Math.Min(width - 2, 2 * Figures);
        int line = DrawFigures(frame, row, top + 1, left, height);
        if (hasPlace) return;
        if (width >= Wide) DrawInner(frame, top + 1, Figures + 2, Parts, height, scope);
        else DrawInner(frame, line, 1, left - 2, top + 1 + height - line, scope);
        if (bars < LeastBars) return;
        _matrix.Read(only, RequestOf(frame, GroupBy.Reason, scope));
        LatencyBars.Draw(frame, new LivePlace(grid, top + 1, width - bars, bars, CellTone.Plain), height, _matrix,
            _matrix.Rows == 0 ? "no busy exit was timed" : "busy exits by handling time, from");
    }

    /// <summary>Draws the line above a pane.</summary>
    public static void Title(LiveFrame frame, int line, string name)
    {
        for (int column = 0; column < frame.Grid.Columns; column++) frame.Grid.Put(line, column, frame.Look.Line, CellTone.Dim);
        LiveText.Left(frame.Grid, line, 2, 1, " ", CellTone.Dim, frame.Look);
        int end = LiveText.Left(frame.Grid, line, 3, frame.Grid.Columns - 6, name, CellTone.Bold, frame.Look, middle: true);
        LiveText.Left(frame.Grid, line, end, 1, " ", CellTone.Dim, frame.Look);
    }

    private static SummaryScope ScopeOf(LiveFrame frame, GroupKey key)
    {
        SummaryScope scope = frame.State.Scope;
        if (key.Vm >= 0) scope = scope with { Vm = key.Vm };
        if (key.VcpuId is { } vcpu) scope = scope with { Vcpu = vcpu };
        if (key.Code != default) scope = scope with { Code = key.Code };
        if (key.Qualifier != default) scope = scope with { Qualifier = key.Qualifier };
        return scope;
    }

    /// <summary>What a group is, in words.</summary>
    public static string Name(LiveFrame frame, GroupKey key)
    {
        var parts = new List<string>();
        if (key.Vm >= 0) parts.Add(frame.Names.Vm(key.Vm));
        if (key.VcpuId is { } vcpu) parts.Add("vCPU " + frame.Names.Number(vcpu));
        if (key.Code != default) parts.Add(frame.Reason(key.Code));
        if (key.Qualifier != default) parts.Add(frame.Names.Argument(key.Code, key.Qualifier));
        if (key.Place is { Page: { State: not QualifierState.None } page }) parts.Add("page " + frame.Names.Address(page));
        if (key.Place is { Rip: { State: not QualifierState.None } rip }) parts.Add("at " + frame.Names.Address(rip));
        return parts.Count == 0 ? "all" : string.Join(frame.Look.Step, parts);
    }

    private static int DrawFigures(LiveFrame frame, SummaryRow row, int line, int width, int height)
    {
        int last = line + height;
        string rate = ScaledText.Rate(frame.PerSecond(row.Count), 6);
        string text = $"{rate} exits/s";
        if (row.L2Count > 0) text += $", {ScaledText.Rate(frame.PerSecond(row.L2Count), 6)} of L2";
        if (row.Timed > 0) text += $", busy {Time(frame, (ulong)Math.Round(frame.PerSecond(row.BusyNs)))} per s";
        Put(frame, ref line, last, width, text, CellTone.Plain);
        string times = $"p50 {Time(frame, row.P50Ns)}  p99 {Time(frame, row.P99Ns)}  max {Time(frame, row.MaxNs)}";
        if (row.Timed > 0) Put(frame, ref line, last, width, times, CellTone.Plain);
        if (row.Parts is not { } parts || !frame.Source.Detail.WantSplit) return line;
        // Of a VM or vCPU the wall clock, of other groups the time of their exits.
        bool isWall = row.Key.Code == default && frame.HasWall;
        ulong whole = isWall ? row.WallNs : parts.Sum;
        if (whole == 0 || line >= last) return line;
        LiveBars.Stack(frame.Grid, line++, 1, width - 2, parts, whole, frame.Look);
        return DrawParts(frame, parts, whole, isWall, line, last, width);
    }

    private static int DrawParts(LiveFrame frame, TimeParts parts, ulong whole, bool isWall, int line, int last, int width)
    {
        int at = 1;
        Span<char> to = stackalloc char[LiveText.MostFigure];
        foreach ((TimePart part, string name, char block, char ascii, CellTone tone) in LiveBars.Parts)
        {
            if (part == TimePart.Guest && !isWall) continue;
            bool has = frame.Has(part);
            if (has && parts[part] == 0) continue;
            int length = has ? LiveText.Share(to, parts[part], whole) : LiveText.Missing(to), needed = 2 + name.Length + 1 + length;
            if (at > 1 && at + needed > width) (line, at) = (line + 1, 1);
            if (line >= last) return line;
            Span<char> mark = [frame.Look.Unicode ? block : ascii];
            at = LiveText.Left(frame.Grid, line, at, 1, mark, tone, frame.Look) + 1;
            at = LiveText.Left(frame.Grid, line, at, width - at, name, CellTone.Dim, frame.Look) + 1;
            at = LiveText.Left(frame.Grid, line, at, width - at, to[..length], CellTone.Plain, frame.Look);
            at = LiveText.Left(frame.Grid, line, at, width - at, "%", CellTone.Dim, frame.Look) + 2;
        }
        return line + 1;
    }

    // All of it is of this VM and vCPU, so another one is not another question.
    private static SummaryRequest RequestOf(LiveFrame frame, GroupBy by, SummaryScope scope) =>
        new() { By = by, Scope = scope with { Vm = null, Vcpu = null }, LacksExits = !frame.Source.HasAllExits };

    private void ReadInner(LiveFrame frame, Interval only, SummaryScope scope)
    {
        _rows.Clear();
        if (InnerOf(frame, scope) is not { } by) return;
        _inner.Read(only, RequestOf(frame, by, scope));
        foreach (SummaryRow row in _inner.Rows)
            if (row.Count > 0) _rows.Add(row);
        _rows.Sort(_largest);
    }

    // What is one level below; of an argument who makes it.
    private static GroupBy? InnerOf(LiveFrame frame, SummaryScope scope)
    {
        if (scope.Code is null) return GroupBy.Reason;
        if (scope.Qualifier is null && frame.Source.Detail.WantQualifiers) return GroupBy.Reason | GroupBy.Qualifier;
        if (scope.Vm is null && frame.Source.Grouping >= Grouping.Vm) return GroupBy.Vm;
        return scope.Vcpu is null && frame.Source.Grouping >= Grouping.Vcpu ? GroupBy.Vcpu : null;
    }

    private void DrawInner(LiveFrame frame, int line, int column, int width, int height, SummaryScope scope)
    {
        if (height < 2 || _rows.Count == 0) return;
        const int rate = 7, share = 5, time = 7;
        int name = width - rate - share - time - 3;
        if (_rows.Count > height - 1) _rows.RemoveRange(height - 1, _rows.Count - height + 1);
        _inner.AddDetail(_rows);
        ulong busy = 0;
        foreach (SummaryRow row in _inner.Rows) busy += row.BusyNs;
        string title = scope.Code is null ? "reason" : scope.Qualifier is null && frame.Source.Detail.WantQualifiers ? "argument"
            : scope.Vm is null ? "VM" : "vCPU";
        LiveText.Left(frame.Grid, line, column, name, title, CellTone.Heading, frame.Look);
        LiveText.Right(frame.Grid, line, column + name + 1, rate, "exits/s", CellTone.Heading);
        LiveText.Right(frame.Grid, line, column + name + rate + 2, share, "Busy%", CellTone.Heading);
        LiveText.Right(frame.Grid, line++, column + name + rate + share + 3, time, "p99", CellTone.Heading);
        Span<char> to = stackalloc char[LiveText.MostFigure];
        foreach (SummaryRow row in _rows)
        {
            CellTone tone = row.IsIdle ? CellTone.Dim : CellTone.Plain;
            LiveText.Left(frame.Grid, line, column, name, InnerName(frame, row.Key), tone, frame.Look);
            LiveText.Right(frame.Grid, line, column + name + 1, rate, to[..LiveText.Rate(to, frame.PerSecond(row.Count))], tone);
            int length = LiveText.Share(to, row.Timed > 0 ? row.BusyNs : double.NaN, busy);
            LiveText.Right(frame.Grid, line, column + name + rate + 2, share, to[..length], tone);
            length = LiveText.Time(to, row.P99Ns, frame.Look);
            LiveText.Right(frame.Grid, line++, column + name + rate + share + 3, time, to[..length], tone);
        }
    }

    private static string InnerName(LiveFrame frame, GroupKey key) =>
        key.Qualifier != default ? frame.Names.Argument(key.Code, key.Qualifier)
        : key.Code != default ? frame.Reason(key.Code)
        : key.VcpuId is { } vcpu ? frame.Names.Number(vcpu) : frame.Names.Vm(key.Vm);

    private static string Time(LiveFrame frame, ulong? ns) => ns is { } value ? ScaledText.Time(value, frame.Look.Unicode) : "-";

    private static void Put(LiveFrame frame, ref int line, int last, int width, string text, CellTone tone)
    {
        if (line < last) LiveText.Left(frame.Grid, line++, 1, width - 2, text, tone, frame.Look);
    }
}
