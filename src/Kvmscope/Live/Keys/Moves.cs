using Kvmscope.Live.Screen;
using Kvmscope.Live.State;
using Kvmscope.Live.Views;

namespace Kvmscope.Live.Keys;

/// <summary>Actions about views and rows.</summary>
internal static class Moves
{
    private const int WheelRows = 3;

    internal static LiveResult ToNumber(LiveState state, LiveTurn turn) => To(state, (LiveView)(turn.Input.Character.Value - '0'));

    internal static LiveResult ToNext(LiveState state, LiveTurn turn)
    {
        int count = LiveViews.All.Count, step = turn.Input.Character.Value == 'V' ? count - 1 : 1;
        return To(state, (LiveView)((((int)state.View - 1 + step) % count) + 1));
    }

    internal static LiveResult Drill(LiveState state, LiveTurn turn) => Drill(state, turn, turn.Frame.Selected);

    /// <summary>One layer at a time: filter, path, swapped columns, view and order, pane, selection.</summary>
    internal static LiveResult Back(LiveState state, LiveTurn turn)
    {
        LiveState start = turn.Start;
        string filter = state.Path is null ? start.Filter : "";
        if (state.Filter != filter) return state with { Filter = filter };
        if (state.Path is { } path) return path.From with { At = state.At, StepNs = state.StepNs, Pane = state.Pane };
        if (state.Transposed != start.Transposed || state.Shares != start.Shares)
            return state with { Transposed = start.Transposed, Shares = start.Shares, Selected = null, Scroll = 0 };
        if (state.View != start.View || state.Sort != start.Sort)
            return state with { View = start.View, Sort = start.Sort, Selected = null, Scroll = 0 };
        if (state.Pane != start.Pane) return state with { Pane = start.Pane };
        if (state.Selected != start.Selected || state.Scroll != start.Scroll)
            return state with { Selected = start.Selected, Scroll = start.Scroll };
        return state with { Message = "this is the beginning: q leaves" };
    }

    internal static LiveResult Transpose(LiveState state, LiveTurn turn) => state.View.Swaps
        ? state with { Transposed = !state.Transposed, Selected = null, Scroll = 0, Sort = null }
        : state with { Message = "this view has no other side" };

    internal static LiveResult ChangeCells(LiveState state, LiveTurn turn) => state.Transposed
        ? state with { Shares = !state.Shares }
        : state with { Message = "only with swapped columns (t)" };

    internal static LiveResult TogglePane(LiveState state, LiveTurn turn) => state with { Pane = !state.Pane };

    internal static LiveResult UpDown(LiveState state, LiveTurn turn) =>
        Select(state, turn, turn.Frame.Selected + (turn.Input.Key == LiveKey.Up || turn.Input.Character.Value == 'k' ? -1 : 1));

    internal static LiveResult PageUpDown(LiveState state, LiveTurn turn)
    {
        int page = Math.Max(1, turn.Frame.Page - 1);
        return Select(state, turn, turn.Frame.Selected + (turn.Input.Key == LiveKey.PageUp ? -page : page));
    }

    internal static LiveResult Wheel(LiveState state, LiveTurn turn) =>
        Select(state, turn, turn.Frame.Selected + (turn.Input.Key == LiveKey.WheelUp ? -WheelRows : WheelRows));

    internal static LiveResult Click(LiveState state, LiveTurn turn)
    {
        if (turn.Input.Row == turn.Frame.HeadingLine && turn.Frame.HeadingLine > 0) return ClickHeading(state, turn);
        return RowAt(turn) is { } index ? Select(state, turn, index) : new LiveResult(state, LiveEffect.None);
    }

    internal static LiveResult DoubleClick(LiveState state, LiveTurn turn)
    {
        if (turn.Input.Row == turn.Frame.HeadingLine && turn.Frame.HeadingLine > 0) return ClickHeading(state, turn);
        return RowAt(turn) is { } index ? Drill(state, turn, index) : new LiveResult(state, LiveEffect.None);
    }

    internal static LiveResult BeginFilter(LiveState state, LiveTurn turn) => state with { Mode = LiveMode.Filter };

    internal static LiveResult OrderByNext(LiveState state, LiveTurn turn)
    {
        List<string> columns = turn.Frame.Orders;
        if (columns.Count == 0) return new LiveResult(state, LiveEffect.None);
        int now = columns.IndexOf(turn.Frame.Sorted);
        bool isBack = turn.Input.Character.Value == '<';
        // From a column that is not shown to the first or the last one.
        int next = now < 0 ? (isBack ? columns.Count - 1 : 0) : (now + (isBack ? columns.Count - 1 : 1)) % columns.Count;
        return state with { Sort = new LiveSort(columns[next]) };
    }

    internal static LiveResult TurnOrder(LiveState state, LiveTurn turn)
    {
        string column = turn.Frame.Sorted;
        if (column.Length == 0) return new LiveResult(state, LiveEffect.None);
        return state with { Sort = new LiveSort(column, state.Sort is not { IsTurned: true } sort || sort.Column != column) };
    }

    internal static LiveResult ShowHelp(LiveState state, LiveTurn turn) => state with { Mode = LiveMode.Help, Lines = 0 };

    internal static LiveResult ShowNotes(LiveState state, LiveTurn turn) => state with { Mode = LiveMode.Notes, Lines = 0 };

    // What was chosen on the way stays, as far as it leaves more than one row.
    private static LiveState To(LiveState state, LiveView view)
    {
        if (view == state.View) return state;
        PathStep? path = state.Path;
        while (path is not null && view.Keep(path.Scope) != path.Scope) path = path.From.Path;
        return state with { View = view, Path = path, Transposed = state.Transposed && view.Swaps, Selected = null, Scroll = 0 };
    }

    private static LiveResult Drill(LiveState state, LiveTurn turn, int index)
    {
        if (index < 0 || index >= turn.Frame.Count) return new LiveResult(state, LiveEffect.None);
        LiveState here = state with { Selected = new Selection(turn.Rows.Key(index), index), Scroll = turn.Frame.Scroll };
        if (turn.Rows.Drill(turn.Frame, index) is not { } next) return here with { Message = turn.Rows.WhyNoDrill(turn.Frame) };
        return state with
        {
            Path = new PathStep(next.Scope, here),
            View = next.View,
            Transposed = false,
            Filter = "",
            Selected = null,
            Scroll = 0,
        };
    }

    private static LiveResult Select(LiveState state, LiveTurn turn, int index)
    {
        LiveFrame frame = turn.Frame;
        if (frame.Count == 0) return new LiveResult(state, LiveEffect.None);
        index = Math.Clamp(index, 0, frame.Count - 1);
        return state with { Selected = new Selection(turn.Rows.Key(index), index), Scroll = frame.Scroll };
    }

    private static int? RowAt(LiveTurn turn)
    {
        int line = turn.Input.Row - turn.Frame.HeadingLine - 1, index = turn.Frame.Scroll + line;
        return line >= 0 && line < turn.Frame.Page && index < turn.Frame.Count ? index : null;
    }

    private static LiveResult ClickHeading(LiveState state, LiveTurn turn)
    {
        foreach (ShownColumn column in turn.Frame.Columns)
        {
            if (!column.Sorts || turn.Input.Column < column.From || turn.Input.Column >= column.End) continue;
            return column.Name == turn.Frame.Sorted ? TurnOrder(state, turn) : state with { Sort = new LiveSort(column.Name) };
        }
        return new LiveResult(state, LiveEffect.None);
    }
}

/// <summary>Actions of lists: help and notes.</summary>
internal static class Lists
{
    internal static LiveResult Scroll(LiveState state, LiveTurn turn)
    {
        int page = Math.Max(1, turn.Frame.Page - 1);
        int by = turn.Input.Key switch
        {
            LiveKey.Up or LiveKey.WheelUp => -1,
            LiveKey.PageUp => -page,
            LiveKey.PageDown => page,
            _ => turn.Input.Character.Value == 'k' ? -1 : 1,
        };
        return state with { Lines = Math.Clamp(turn.Frame.Scroll + by, 0, Math.Max(0, turn.Frame.Count - turn.Frame.Page)) };
    }

    internal static LiveResult Close(LiveState state, LiveTurn turn) => state with { Mode = LiveMode.Table, Lines = 0 };
}
