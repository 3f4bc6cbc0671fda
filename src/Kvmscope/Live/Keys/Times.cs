using System.Text;
using Kvmscope.Core;
using Kvmscope.Core.Histories;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;

namespace Kvmscope.Live.Keys;

/// <summary>Actions about time.</summary>
internal static class Times
{
    internal static LiveResult Pause(LiveState state, LiveTurn turn)
    {
        if (!turn.Frame.Source.IsLive)
            return state with { Message = "a recording stands still: Left and Right go through it" };
        if (state.At is not null) return state with { At = null };
        return Move(state, turn, (history, now) => now with { At = LiveTime.Window(history, now).To });
    }

    internal static LiveResult OneStep(LiveState state, LiveTurn turn) =>
        Move(state, turn, (history, now) => LiveTime.Step(history, now, turn.Input.Key == LiveKey.Left));

    internal static LiveResult OneMinute(LiveState state, LiveTurn turn)
    {
        bool isBack = turn.Input.Key == LiveKey.ShiftLeft || turn.Input.Character.Value == '{';
        return Move(state, turn, (history, now) => LiveTime.Move(history, now, isBack ? -LiveTime.MinuteNs : LiveTime.MinuteNs));
    }

    internal static LiveResult ToEnd(LiveState state, LiveTurn turn) => turn.Input.Key == LiveKey.Home
        ? Move(state, turn, LiveTime.First)
        : state with { At = null };

    internal static LiveResult BeginGoTo(LiveState state, LiveTurn turn) => state with { Mode = LiveMode.GoTo, Typed = "" };

    internal static LiveResult GoTo(LiveState state, LiveTurn turn)
    {
        LiveState after = state with { Mode = LiveMode.Table, Typed = "" };
        if (state.Typed.Trim().Length == 0) return after;
        try
        {
            return Move(after, turn, (history, now) => LiveTime.GoTo(history, now, state.Typed));
        }
        catch (KvmscopeException error)
        {
            return after with { Message = error.Message };
        }
    }

    internal static LiveResult ChangeStep(LiveState state, LiveTurn turn)
    {
        long step = LiveTime.OtherStep(state, turn.Input.Character.Value is '+' or '=', turn.Frame.Source.History.StepNs);
        if (step != state.StepNs) return state with { StepNs = step };
        return state with { Message = "there is no other step: --interval is the shortest" };
    }

    private static LiveState Move(LiveState state, LiveTurn turn, Func<IHistory, LiveState, LiveState> to)
    {
        IHistory history = turn.Frame.Source.History;
        return history.From >= history.To ? state with { Message = "there is no interval yet" } : to(history, state);
    }
}

/// <summary>Actions of lines that are typed.</summary>
internal static class Typed
{
    // Longer than any name that is worth typing.
    private const int Most = 64;

    internal static LiveResult Add(LiveState state, LiveTurn turn)
    {
        string text = Text(state);
        Rune typed = turn.Input.Character;
        if (text.Length >= Most || Rune.IsControl(typed) || typed == default) return new LiveResult(state, LiveEffect.None);
        return With(state, text + typed);
    }

    internal static LiveResult Delete(LiveState state, LiveTurn turn)
    {
        string text = Text(state);
        if (text.Length == 0) return state with { Mode = LiveMode.Table };
        return With(state, text[..^(text.Length > 1 && char.IsSurrogatePair(text, text.Length - 2) ? 2 : 1)]);
    }

    internal static LiveResult Keep(LiveState state, LiveTurn turn) => state with { Mode = LiveMode.Table };

    internal static LiveResult Clear(LiveState state, LiveTurn turn) => With(state, "") with { Mode = LiveMode.Table };

    private static string Text(LiveState state) => state.Mode == LiveMode.GoTo ? state.Typed : state.Filter;

    // The selected row stays selected; where it is filtered out, the first is.
    private static LiveState With(LiveState state, string text) =>
        state.Mode == LiveMode.GoTo ? state with { Typed = text } : state with { Filter = text, Scroll = 0 };
}
