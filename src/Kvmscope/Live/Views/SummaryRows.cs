using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Model;
using Kvmscope.Live.Data;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;

namespace Kvmscope.Live.Views;

/// <summary>A view whose rows are groups of exits.</summary>
/// <param name="columns">The columns.</param>
/// <param name="standard">The columns of its own order.</param>
internal abstract class SummaryRows(IReadOnlyList<LiveColumn<SummaryRow>> columns, params string[] standard) : LiveRows
{
    private const int TrendSteps = 12;

    private readonly LiveTable<SummaryRow> _table = new(columns, static row => new RowKey(row.Key), standard);
    private readonly LiveSummary _summary = new();
    private readonly List<SummaryRow> _visible = [];
    private readonly DetailPane _pane = new();
    private readonly Trends _trends = new(TrendSteps);
    private Action<LiveFrame>? _readTrends;

    /// <inheritdoc/>
    public override IEnumerable<string> Orders => _table.Orders;

    /// <summary>The row at a place.</summary>
    public SummaryRow Row(int index) => _table.Rows[index];

    /// <inheritdoc/>
    public override RowKey Key(int index) => new(_table.Rows[index].Key);

    /// <inheritdoc/>
    public override void Read(LiveFrame frame)
    {
        _table.Rows.Clear();
        frame.Title = Title(frame);
        frame.Empty = WhyNone(frame);
        if (frame.Empty is not null) return;
        SummaryRequest request = Request(frame);
        _summary.Read(frame.Reader.Interval, request);
        foreach (SummaryRow row in _summary.Rows)
        {
            if (!Wants(row)) continue;
            frame.CountOfAll++;
            frame.BusyNs += row.BusyNs;
            frame.HasL2 |= row.L2Count > 0;
            if (frame.State.Filter.Length == 0 || Matches(row, frame)) _table.Rows.Add(row);
        }
        frame.Count = _table.Rows.Count;
        if (frame.CountOfAll == 0) frame.Empty = NoRows(frame);
        if (_table.ChooseOrder(frame) && frame.Count > 0) _summary.AddDetail(_table.Rows);
        _table.Sort();
    }

    /// <inheritdoc/>
    public override void Draw(LiveFrame frame)
    {
        _visible.Clear();
        for (int i = frame.Scroll; i < Math.Min(frame.Scroll + frame.Page, _table.Rows.Count); i++) _visible.Add(_table.Rows[i]);
        if (_visible.Count > 0) _summary.AddDetail(_visible);
        frame.Trends = _trends;
        _readTrends ??= ReadTrends;
        _table.Draw(frame, static row => row.IsIdle || row.Count == 0 ? CellTone.Dim : CellTone.Plain, RowColumns.Trend.Name, _readTrends);
    }

    /// <inheritdoc/>
    public override void DrawPane(LiveFrame frame, int index, int top)
    {
        SummaryRow row = _table.Rows[index];
        if (!_visible.Contains(row)) return;
        if (!DrawOwnPane(frame, row, top)) _pane.Draw(frame, row, _summary.Only(row), top);
    }

    /// <summary>What is grouped.</summary>
    protected abstract GroupBy By(LiveFrame frame);

    /// <summary>Why there are no rows; null where there may be some.</summary>
    protected virtual string? WhyNone(LiveFrame frame) => frame.Reader.Interval is null ? LiveNeeds.NoInterval(frame) : null;

    /// <summary>What there is to say where there are no rows; null for the usual.</summary>
    protected virtual string? NoRows(LiveFrame frame) => null;

    /// <summary>Draws the pane where a view has one of its own for a row.</summary>
    protected virtual bool DrawOwnPane(LiveFrame frame, SummaryRow row, int top) => false;

    /// <summary>What the rows are called.</summary>
    protected virtual string Title(LiveFrame frame) => frame.State.View.Title;

    /// <summary>Whether a group is a row of this view.</summary>
    protected virtual bool Wants(SummaryRow row) => true;

    /// <summary>Which exits.</summary>
    protected virtual SummaryScope Scope(LiveFrame frame) => frame.State.Scope;

    private SummaryRequest Request(LiveFrame frame) =>
        new() { By = By(frame), Scope = Scope(frame), LacksExits = !frame.Source.HasAllExits };

    // Read only where they are seen: it takes the intervals of the steps before.
    private void ReadTrends(LiveFrame frame) =>
        _trends.Read(frame.Source.History, frame.Reader.To, frame.Reader.To - frame.Reader.From, Request(frame), _summary.Of);

    private bool Matches(SummaryRow row, LiveFrame frame)
    {
        GroupKey key = row.Key;
        return (key.Vm >= 0 && LiveFilter.Has(frame.State, frame.Names.Vm(key.Vm)))
            || (key.VcpuId is { } id && LiveFilter.HasVcpu(frame.State, frame.Names.Number(id)))
            || (key.Code != default && LiveFilter.Has(frame.State, frame.Reason(key.Code)))
            || (key.Qualifier != default && LiveFilter.Has(frame.State, frame.Names.Argument(key.Code, key.Qualifier)))
            || (key.Place is { } place && (LiveFilter.Has(frame.State, frame.Names.Address(place.Page))
                || LiveFilter.Has(frame.State, frame.Names.Address(place.Rip))));
    }
}

/// <summary>Finds what was typed in names, whatever its case.</summary>
internal static class LiveFilter
{
    private const string Vcpu = "vcpu ";

    /// <summary>Whether a name has it.</summary>
    public static bool Has(LiveState state, string name) => name.Contains(state.Filter, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it is 'vcpu 3' or the beginning of that.</summary>
    public static bool HasVcpu(LiveState state, ReadOnlySpan<char> id)
    {
        ReadOnlySpan<char> filter = state.Filter;
        return filter.Length <= Vcpu.Length
            ? Vcpu.AsSpan().StartsWith(filter, StringComparison.OrdinalIgnoreCase) || id.StartsWith(filter)
            : filter.StartsWith(Vcpu, StringComparison.OrdinalIgnoreCase) && id.StartsWith(filter[Vcpu.Length..]);
    }
}
