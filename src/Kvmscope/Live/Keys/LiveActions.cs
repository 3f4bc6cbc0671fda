using Kvmscope.Live.Screen;
using Kvmscope.Live.State;
using Bind = Kvmscope.Live.Keys.LiveBinding;

namespace Kvmscope.Live.Keys;

/// <summary>The one table of what can be done; the first that an input means is done.</summary>
internal static class LiveActions
{
    private const string Views = "Views", Rows = "Rows", Time = "Time", Find = "Find and order", Rest = "Other", Typing = "While typing";

    /// <summary>All of them, in the order of help.</summary>
    public static IReadOnlyList<LiveAction> All { get; } =
    [
        new(Views, "1 to 8", "show VMs, vCPUs, reasons, qualifiers, nested, latency, slow exits, pages",
            [.. LiveViews.All.Select(view => Bind.Of((char)('0' + (int)view)))], Moves.ToNumber),
        new(Views, "v, V", "show the next view, the one before", [Bind.Of('v'), Bind.Of('V')], Moves.ToNext) { Short = ("v", "view") },
        new(Views, "Enter", "go into the selected row: VM, vCPU, reason, qualifier", [new(LiveKey.Enter)], Moves.Drill)
        { Short = ("Enter", "drill") },
        new(Views, "Esc, Backspace", "go back, step by step to what was shown at first; the time stays",
            [new(LiveKey.Escape), new(LiveKey.Backspace)], Moves.Back) { Short = ("Esc", "back") },
        new(Views, "t", "swap rows and columns: reasons by VM or vCPU; pages and instructions", [Bind.Of('t')], Moves.Transpose),
        new(Views, "c", "with swapped columns: exits per second, or shares of the busy time", [Bind.Of('c')], Moves.ChangeCells),
        new(Views, "Tab", "show or hide the lower pane with the details of the selected row", [new(LiveKey.Tab), new(LiveKey.BackTab)],
            Moves.TogglePane) { Short = ("Tab", "details") },

        new(Rows, "Up, Down, k, j", "select the row above, below",
            [new(LiveKey.Up), new(LiveKey.Down), Bind.Of('k'), Bind.Of('j')], Moves.UpDown),
        new(Rows, "PgUp, PgDn", "select a page up, down", [new(LiveKey.PageUp), new(LiveKey.PageDown)], Moves.PageUpDown),
        new(Rows, "click", "select a row; on a heading: order by it, again: the other way round", [new(LiveKey.Click)], Moves.Click),
        new(Rows, "double click", "go into a row", [new(LiveKey.DoubleClick)], Moves.DoubleClick),
        new(Rows, "wheel", "three rows up or down", [new(LiveKey.WheelUp), new(LiveKey.WheelDown)], Moves.Wheel),

        new(Find, "/", "only rows with what is typed in their name", [Bind.Of('/')], Moves.BeginFilter) { Short = ("/", "filter") },
        new(Find, "s, >, <", "order by the next column, the one before", [Bind.Of('s'), Bind.Of('>'), Bind.Of('<')], Moves.OrderByNext)
        { Short = ("s", "sort") },
        new(Find, "r", "the other way round", [Bind.Of('r')], Moves.TurnOrder),

        new(Time, "Space", "pause; go on with the newest", [Bind.Of(' ')], Times.Pause) { Short = ("Space", "pause") },
        new(Time, "Left, Right", "one step back, forward", [new(LiveKey.Left), new(LiveKey.Right)], Times.OneStep),
        new(Time, "{, }, Shift-Left/Right", "a minute back, forward",
            [new(LiveKey.ShiftLeft), new(LiveKey.ShiftRight), Bind.Of('{'), Bind.Of('}')], Times.OneMinute),
        new(Time, "Home, End", "the oldest, the newest", [new(LiveKey.Home), new(LiveKey.End)], Times.ToEnd),
        new(Time, "g", "go to a time: 14:05, 14:05:30, -5m, +90s", [Bind.Of('g')], Times.BeginGoTo) { Short = ("g", "go to") },
        new(Time, "+, -", "a longer, shorter step: 1 s, 2 s, 5 s, 10 s, 30 s, 1 min",
            [Bind.Of('+'), Bind.Of('='), Bind.Of('-'), Bind.Of('_')], Times.ChangeStep),

        new(Rest, "w", "write what is shown to files: the screen as text, and the figures as JSON", [Bind.Of('w')],
            static (state, _) => new LiveResult(state, LiveEffect.Write)),
        new(Rest, "i", "list what was lost and what is not measured", [Bind.Of('i')], Moves.ShowNotes),
        new(Rest, "?, F1", "list these keys", [Bind.Of('?'), new(LiveKey.Help)], Moves.ShowHelp) { Short = ("?", "help") },
        new(Rest, "q", "leave", [Bind.Of('q')], static (state, _) => new LiveResult(state, LiveEffect.Quit)) { Short = ("q", "quit") },

        new(Typing, "Enter", "keep the filter", [new(LiveKey.Enter)], Typed.Keep) { Mode = LiveMode.Filter },
        new(Typing, "Esc", "clear the filter", [new(LiveKey.Escape)], Typed.Clear) { Mode = LiveMode.Filter },
        new(Typing, "Backspace", "delete the last character", [new(LiveKey.Backspace), new(LiveKey.Delete)], Typed.Delete)
        { Mode = LiveMode.Filter },
        new(Typing, "any character", "is added", [new(LiveKey.Character)], Typed.Add) { Mode = LiveMode.Filter },
        new(Typing, "Enter", "go to the time", [new(LiveKey.Enter)], Times.GoTo) { Mode = LiveMode.GoTo },
        new(Typing, "Esc", "stay", [new(LiveKey.Escape)], Typed.Clear) { Mode = LiveMode.GoTo },
        new(Typing, "Backspace", "delete the last character", [new(LiveKey.Backspace), new(LiveKey.Delete)], Typed.Delete)
        { Mode = LiveMode.GoTo },
        new(Typing, "any character", "is added", [new(LiveKey.Character)], Typed.Add) { Mode = LiveMode.GoTo },

        .. ListActions(LiveMode.Help), .. ListActions(LiveMode.Notes),
    ];

    /// <summary>What an input means in a mode; null for nothing.</summary>
    public static LiveAction? Of(LiveMode mode, LiveInput input)
    {
        foreach (LiveAction action in All)
            if (action.Mode == mode && action.Has(input)) return action;
        return null;
    }

    /// <summary>The rows of help and of the manual page: what can be done in a table, each with its keys.</summary>
    public static IEnumerable<LiveAction> Listed => All.Where(action => action.Mode is LiveMode.Table);

    private static IEnumerable<LiveAction> ListActions(LiveMode mode) =>
    [
        new(Typing, "Up, Down, PgUp, PgDn", "scroll",
            [
                new(LiveKey.Up), new(LiveKey.Down), new(LiveKey.PageUp), new(LiveKey.PageDown), new(LiveKey.WheelUp),
                new(LiveKey.WheelDown), Bind.Of('k'), Bind.Of('j'),
            ],
            Lists.Scroll) { Mode = mode },
        new(Typing, "Esc, Enter, q, ?, i, F1", "go back",
            [
                new(LiveKey.Escape), new(LiveKey.Enter), new(LiveKey.Backspace), new(LiveKey.Help), Bind.Of('q'), Bind.Of('?'),
                Bind.Of('i'),
            ],
            Lists.Close) { Mode = mode },
    ];
}
