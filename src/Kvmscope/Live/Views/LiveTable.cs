using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;

namespace Kvmscope.Live.Views;

/// <summary>
/// Rows in columns: orders them, finds room, draws those that are seen. It uses its memory again.
/// </summary>
/// <typeparam name="TRow">What a row is made of.</typeparam>
/// <param name="columns">The columns, from the left.</param>
/// <param name="key">What tells rows apart.</param>
/// <param name="standard">The columns of the view's own order: the first that is there.</param>
internal sealed class LiveTable<TRow>(IReadOnlyList<LiveColumn<TRow>> columns, Func<TRow, RowKey> key, params string[] standard)
    : IComparer<TRow>
{
    private const int Gutter = 1, Gap = 1;

    private readonly List<LiveColumn<TRow>> _shown = [];
    private readonly List<int> _widths = [];
    private LiveColumn<TRow>? _order;
    private bool _turned;
    private LiveFrame? _frame;

    /// <summary>The rows in their order.</summary>
    public List<TRow> Rows { get; } = [];

    /// <summary>The columns that a state can be ordered by, shown or not.</summary>
    public IEnumerable<string> Orders => columns.Where(column => column.Sorts).Select(column => column.Name);

    /// <summary>Chooses the order that a state asks for, as far as there is such a column.</summary>
    /// <returns>Whether it needs what is made of shown rows only.</returns>
    public bool ChooseOrder(LiveFrame frame)
    {
        _frame = frame;
        _order = null;
        if (frame.State.Sort is { } sort) _order = Find(sort.Column, frame);
        for (int i = 0; _order is null && i < standard.Length; i++) _order = Find(standard[i], frame);
        _turned = frame.State.Sort is { } asked && _order?.Name == asked.Column && asked.IsTurned;
        frame.Sorted = _order?.Name ?? "";
        frame.SortedBy = _order?.Header ?? "";
        frame.IsFalling = _order?.Value is not null != _turned;
        return _order?.NeedsDetail ?? false;
    }

    /// <summary>Orders the rows.</summary>
    public void Sort()
    {
        if (_order is not null) Rows.Sort(this);
    }

    /// <summary>Draws the headings and the rows from the frame's first one on.</summary>
    /// <param name="frame">The drawing, laid out.</param>
    /// <param name="tone">How a row looks.</param>
    /// <param name="needs">A column that needs something to be read before.</param>
    /// <param name="read">Reads that; only where the column is shown.</param>
    public void Draw(LiveFrame frame, Func<TRow, CellTone> tone, string? needs = null, Action<LiveFrame>? read = null)
    {
        Lay(frame);
        if (needs is not null && _shown.Exists(column => column.Name == needs)) read?.Invoke(frame);
        CellGrid grid = frame.Grid;
        LiveText.Paint(grid, frame.HeadingLine, 0, grid.Columns, CellTone.Heading);
        for (int i = 0; i < _shown.Count; i++) DrawHeading(frame, i);
        for (int i = 0; i < frame.Page && frame.Scroll + i < Rows.Count; i++)
            DrawRow(frame, frame.Scroll + i, frame.HeadingLine + 1 + i, tone);
    }

    private void DrawHeading(LiveFrame frame, int index)
    {
        LiveColumn<TRow> column = _shown[index];
        int at = frame.Columns[index].From, width = _widths[index];
        CellTone tone = column.Name == frame.Sorted ? CellTone.Bold : CellTone.Heading;
        string header = column.Short is { } text && column.Header.Length > width ? text : column.Header;
        if (column.Figure is null) LiveText.Left(frame.Grid, frame.HeadingLine, at, width, header, tone, frame.Look);
        else LiveText.Right(frame.Grid, frame.HeadingLine, at, width, header, tone);
    }

    private void DrawRow(LiveFrame frame, int index, int line, Func<TRow, CellTone> toneOf)
    {
        TRow row = Rows[index];
        bool isSelected = index == frame.Selected;
        CellTone tone = isSelected ? CellTone.Selected : toneOf(row);
        if (isSelected) LiveText.Left(frame.Grid, line, 0, Gutter, frame.Look.Mark, tone, frame.Look);
        Span<char> to = stackalloc char[LiveText.MostFigure];
        for (int i = 0; i < _shown.Count; i++)
        {
            LiveColumn<TRow> column = _shown[i];
            int at = frame.Columns[i].From, width = _widths[i];
            CellTone own = isSelected || column.Tone is null ? CellTone.Plain : column.Tone(row, frame);
            if (own == CellTone.Plain) own = tone;
            if (column.Figure is { } figure) LiveText.Right(frame.Grid, line, at, width, to[..figure(to, row, frame)], own);
            else if (column.Text is { } text)
            {
                bool middle = column.CutsMiddle?.Invoke(frame, width) ?? false;
                LiveText.Left(frame.Grid, line, at, width, text(row, frame), own, frame.Look, middle);
            }
            else column.Paint?.Invoke(new LivePlace(frame.Grid, line, at, width, own), row, frame);
        }
        if (isSelected) LiveText.Paint(frame.Grid, line, 0, frame.Grid.Columns, CellTone.Selected);
    }

    // The least worth is left out until the rest fits; what is left of the width goes to those that can use it, from the right.
    private void Lay(LiveFrame frame)
    {
        _shown.Clear();
        _widths.Clear();
        frame.Columns.Clear();
        int total = Gutter - Gap, width = frame.Grid.Columns;
        foreach (LiveColumn<TRow> column in columns)
        {
            if (width < column.FromWidth || column.If?.Invoke(frame) == false) continue;
            _shown.Add(column);
            _widths.Add(column.Needs?.Invoke(frame) ?? column.Width);
            total += _widths[^1] + Gap;
        }
        while (total > width && Least() is >= 0 and var least)
        {
            total -= _widths[least] + Gap;
            _shown.RemoveAt(least);
            _widths.RemoveAt(least);
        }
        Widen(frame, width - total);
        int at = Gutter;
        for (int i = 0; i < _shown.Count; i++)
        {
            if (_shown[i].Sorts) frame.Orders.Add(_shown[i].Name);
            frame.Columns.Add(new ShownColumn(_shown[i].Name, at, at + _widths[i], _shown[i].Sorts));
            at += _widths[i] + Gap;
        }
    }

    private void Widen(LiveFrame frame, int rest)
    {
        for (int i = 0; i < _shown.Count && rest > 0; i++)
        {
            int most = _shown[i].Room?.Invoke(frame) ?? _shown[i].Most, more = Math.Clamp(most - _widths[i], 0, rest);
            _widths[i] += more;
            rest -= more;
        }
        // Too narrow for what is always shown: the last of them gets less.
        for (int i = _shown.Count - 1; i >= 0 && rest < 0; i--)
        {
            int less = Math.Min(-rest, _widths[i] - 1);
            _widths[i] -= less;
            rest += less;
        }
    }

    private int Least()
    {
        int least = -1;
        for (int i = 0; i < _shown.Count; i++)
            if (_shown[i].Worth != LiveColumn<TRow>.Always && (least < 0 || _shown[i].Worth <= _shown[least].Worth)) least = i;
        return least;
    }

    private LiveColumn<TRow>? Find(string name, LiveFrame frame)
    {
        foreach (LiveColumn<TRow> column in columns)
            if (column.Name == name && column.Sorts && column.If?.Invoke(frame) != false) return column;
        return null;
    }

    int IComparer<TRow>.Compare(TRow? x, TRow? y)
    {
        int order;
        if (_order!.Value is { } value)
        {
            double a = value(x!, _frame!), b = value(y!, _frame!);
            // What is not known is last either way.
            if (double.IsNaN(a) || double.IsNaN(b)) order = double.IsNaN(a).CompareTo(double.IsNaN(b));
            else order = _turned ? a.CompareTo(b) : b.CompareTo(a);
        }
        else
        {
            order = string.Compare(_order.Text!(x!, _frame!), _order.Text!(y!, _frame!), StringComparison.OrdinalIgnoreCase);
            if (_turned) order = -order;
        }
        return order != 0 ? order : Compare(key(x!), key(y!));
    }

    private static int Compare(in RowKey x, in RowKey y)
    {
        int order = x.Group.Vm.CompareTo(y.Group.Vm);
        if (order == 0) order = x.Group.Vcpu.CompareTo(y.Group.Vcpu);
        if (order == 0) order = Compare(x.Group.Code, y.Group.Code);
        if (order == 0) order = x.Group.Level.CompareTo(y.Group.Level);
        if (order == 0) order = Compare(x.Group.Qualifier, y.Group.Qualifier);
        if (order == 0) order = Compare(x.Group.Place?.Page ?? default, y.Group.Place?.Page ?? default);
        if (order == 0) order = Compare(x.Group.Place?.Rip ?? default, y.Group.Place?.Rip ?? default);
        return order == 0 ? x.Number.CompareTo(y.Number) : order;
    }

    private static int Compare(ExitCode x, ExitCode y) => x.Isa != y.Isa ? x.Isa.CompareTo(y.Isa) : x.Code.CompareTo(y.Code);

    private static int Compare(Qualifier x, Qualifier y) => x.State != y.State ? x.State.CompareTo(y.State) : x.Raw.CompareTo(y.Raw);
}
