using Kvmscope.Core.Model;
using Kvmscope.Live.Data;
using Kvmscope.Live.Keys;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;
using Kvmscope.Live.Views;

namespace Kvmscope.Live;

/// <summary>A live screen without a terminal and without a clock: input goes in, a grid comes out.</summary>
/// <param name="source">What it is about.</param>
/// <param name="start">How it begins.</param>
/// <param name="unicode">Whether characters outside ASCII can be shown.</param>
internal sealed class LiveApp(LiveSource source, LiveState start, bool unicode)
{
    private const int LeastForPane = 16, LeastPane = 8, MostPane = 16, HeaderLines = 2, EmptyLines = 4, LeastText = 20;

    private readonly LiveFrame _frame = new(source, new LiveReader(source), new LiveLook(unicode));
    private readonly CellGrid _hidden = new();
    private readonly LiveRows[] _views = [.. LiveViews.All.Select(LiveRows.Of)];

    private readonly SwappedView _swapped = new();
    private readonly LiveState _start = start;

    // What was drawn last; where the state is another one now, keys are about what would be drawn.
    private LiveState? _drawn;
    private (int Columns, int Rows) _size = (80, 24);

    /// <summary>What is shown now.</summary>
    public LiveState State { get; private set; } = start;

    /// <summary>What happened in the shown time; null where nothing was recorded, and before it is drawn.</summary>
    public Interval? Interval => _frame.Reader.Interval;

    /// <summary>Draws all of it in the grid's size.</summary>
    public void Draw(CellGrid grid) => Draw(grid, isText: false);

    /// <summary>What is shown as text of a width, with all of its rows: nothing is selected, and there are no pane and no keys.</summary>
    public string Print(int columns)
    {
        (int Columns, int Rows) size = _size;
        var grid = new CellGrid();
        grid.Reset(Math.Max(columns, LeastText), HeaderLines + EmptyLines);
        Draw(grid, isText: true);
        grid.Reset(grid.Columns, HeaderLines + 1 + (_frame.Empty is null ? Math.Max(_frame.Count, 1) : EmptyLines));
        Draw(grid, isText: true);
        (_drawn, _size) = (null, size);
        return LiveText.Of(grid);
    }

    /// <summary>The same in the width of the screen.</summary>
    public string Text() => Print(_size.Columns);

    /// <summary>The figures of what is shown; empty where nothing was recorded.</summary>
    public string Json()
    {
        var output = new StringWriter();
        _frame.Reader.Read(State);
        if (State.View == LiveView.Slow) LiveFigures.Write(output, ((SlowView)RowsOf(State)).Shown(_frame));
        else if (Interval is { } interval) LiveFigures.Write(output, source, State, interval);
        return output.ToString();
    }

    /// <summary>Shows a message until the next action.</summary>
    public void Say(string message) => State = State with { Message = message };

    /// <summary>Does what a key or the mouse says, where it is on the grid that was drawn last.</summary>
    /// <returns>What the program has to do besides drawing again.</returns>
    public LiveEffect Handle(LiveInput input)
    {
        if (input.Key == LiveKey.Closed) return LiveEffect.Quit;
        if (input.Key == LiveKey.Resize) return LiveEffect.Draw;
        if (LiveActions.Of(State.Mode, input) is not { } action) return LiveEffect.None;
        if (!ReferenceEquals(_drawn, State))
        {
            _hidden.Reset(_size.Columns, _size.Rows);
            Draw(_hidden, isText: false);
        }
        LiveState before = State with { Message = null };
        (State, LiveEffect effect) = action.Do(before, new LiveTurn(_frame, RowsOf(State), _start, input));
        return effect;
    }

    // Latencies and pages have another side of their own.
    private LiveRows RowsOf(LiveState state) =>
        state.Transposed && state.View is not (LiveView.Latency or LiveView.Places) ? _swapped : _views[(int)state.View - 1];

    private void Draw(CellGrid grid, bool isText)
    {
        _size = (grid.Columns, grid.Rows);
        _drawn = State;
        grid.Reset(grid.Columns, grid.Rows);
        _frame.Begin(State, grid, isText);
        _frame.Reader.Read(State);
        if (State.Mode is LiveMode.Help or LiveMode.Notes)
        {
            _frame.HeadingLine = HeaderLines - 1;
            _frame.Page = Math.Max(0, grid.Rows - HeaderLines - 1);
            if (State.Mode == LiveMode.Help) HelpView.Draw(_frame);
            else NotesView.Draw(_frame);
        }
        else DrawRows(_frame, RowsOf(State));
        LiveHeader.Draw(_frame);
        LiveFooter.Draw(_frame);
    }

    private static void DrawRows(LiveFrame frame, LiveRows rows)
    {
        rows.Read(frame);
        int height = frame.Grid.Rows;
        bool hasPane = frame.State.Pane && !frame.IsText && height >= LeastForPane && frame.Count > 0;
        int pane = hasPane ? Math.Clamp(height / 3, LeastPane, MostPane) : 0;
        frame.HeadingLine = HeaderLines;
        frame.Page = Math.Max(0, height - HeaderLines - 1 - pane - (frame.IsText ? 0 : 1));
        frame.Selected = frame.IsText ? -1 : SelectedOf(frame, rows);
        frame.Scroll = ScrollOf(frame);
        string? empty = frame.Empty ?? (frame.Count > 0 ? null : LiveNeeds.NoRows(frame));
        if (empty is null) rows.Draw(frame);
        else LiveText.Wrapped(frame.Grid, HeaderLines + 1, 1, empty, CellTone.Plain);
        if (hasPane) rows.DrawPane(frame, frame.Selected, height - 1 - pane);
    }

    private static int SelectedOf(LiveFrame frame, LiveRows rows)
    {
        if (frame.Count == 0) return -1;
        if (frame.State.Selected is not { } selected) return 0;
        if (selected.Index < frame.Count && rows.Key(selected.Index) == selected.Key) return selected.Index;
        for (int i = 0; i < frame.Count; i++)
            if (rows.Key(i) == selected.Key) return i;
        return Math.Min(selected.Index, frame.Count - 1);
    }

    private static int ScrollOf(LiveFrame frame)
    {
        int scroll = frame.State.Scroll;
        if (frame.Selected >= scroll + frame.Page) scroll = frame.Selected - frame.Page + 1;
        if (frame.Selected >= 0 && frame.Selected < scroll) scroll = frame.Selected;
        return Math.Clamp(scroll, 0, Math.Max(0, frame.Count - frame.Page));
    }
}

/// <summary>What the program has to do.</summary>
internal enum LiveEffect
{
    /// <summary>Draw again.</summary>
    Draw,

    /// <summary>Nothing: the screen is as it was.</summary>
    None,

    /// <summary>End.</summary>
    Quit,

    /// <summary>Write what is shown to a file, and say so (<see cref="LiveState.Message"/>).</summary>
    Write,
}
