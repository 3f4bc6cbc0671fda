using System.Globalization;
using Kvmscope.Core;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Durations = Kvmscope.CommandLine.Durations;

namespace Kvmscope.Live.State;

/// <summary>Moves through a history.</summary>
internal static class LiveTime
{
    private const long Second = 1_000_000_000, Minute = 60 * Second;

    private static readonly long[] s_steps =
    [
        Second / 10, Second / 5, Second / 2, Second, 2 * Second, 5 * Second, 10 * Second, 30 * Second, Minute, 2 * Minute, 5 * Minute,
        10 * Minute, 30 * Minute, 60 * Minute,
    ];

    private static readonly string[] s_times = ["H:mm", "HH:mm", "H:mm:ss", "HH:mm:ss", "H:mm:ss.FFF", "HH:mm:ss.FFF"];

    /// <summary>The stretch that a state shows: it ends where an interval does, and is as long as one at least.</summary>
    public static (long From, long To) Window(IHistory history, LiveState state)
    {
        long to = history.To;
        if (state.At is { } at && at < to) to = at <= history.From ? history.EdgeAfter(history.From) : history.EdgeAfter(at - 1);
        return (to - Math.Max(state.StepNs, history.DetailAt(to).StepNs), to);
    }

    /// <summary>Shows one stretch earlier or later.</summary>
    public static LiveState Step(IHistory history, LiveState state, bool isBack)
    {
        (long from, long to) = Window(history, state);
        // Intervals are a little longer or shorter than they should be.
        long about = history.DetailAt(to).StepNs / 2;
        if (isBack) return ShowUntil(history, state, history.EdgeBefore(from + about));
        return ShowUntil(history, state, to >= history.To ? to : history.EdgeAfter(to + (to - from) - about));
    }

    /// <summary>Shows what is some time away.</summary>
    public static LiveState Move(IHistory history, LiveState state, long byNs) =>
        ShowUntil(history, state, EdgeAt(history, Window(history, state).To + byNs));

    /// <summary>Shows the last stretch that has exits; the newest one where none has any.</summary>
    public static LiveState LastWithExits(IHistory history, LiveState state)
    {
        // Twice as far back each time: a long end without exits is not read interval by interval.
        long from = history.To, end = history.To;
        for (long back = history.StepNs; !HasExits(history, from, end); back *= 2)
        {
            if (from <= history.From) return state;
            end = from;
            from = back >= history.To - history.From ? history.From : history.EdgeBefore(history.To - back + 1);
        }
        while (history.EdgeBefore(end) is var last && last > from)
        {
            long middle = Math.Min(last, Math.Max(history.EdgeAfter(from), history.EdgeBefore(from + ((end - from) / 2) + 1)));
            if (HasExits(history, middle, end)) from = middle;
            else end = middle;
        }
        return end >= history.To ? state : state with { At = end };
    }

    private static bool HasExits(IHistory history, long from, long to) =>
        from < to && history.Sum(from, to, Grouping.Host, ExitParts.None) is { } interval && interval.Rows.Any(row => row.Count != 0);

    /// <summary>A minute.</summary>
    public static long MinuteNs => Minute;

    /// <summary>Shows the first stretch.</summary>
    public static LiveState First(IHistory history, LiveState state)
    {
        long step = history.DetailAt(history.From + 1).StepNs;
        return ShowUntil(history, state, EdgeAt(history, history.From + Math.Max(state.StepNs, step) - (step / 2)));
    }

    /// <summary>The next longer or shorter step; the same at the end.</summary>
    /// <param name="state">The state.</param>
    /// <param name="isLonger">Which way.</param>
    /// <param name="shortest">The shortest that there can be, ns.</param>
    public static long OtherStep(LiveState state, bool isLonger, long shortest)
    {
        if (isLonger) return Array.Find(s_steps, step => step > state.StepNs) is > 0 and var longer ? longer : state.StepNs;
        long shorter = Array.FindLast(s_steps, step => step < state.StepNs);
        return shorter == 0 ? state.StepNs : Math.Max(shorter, Math.Min(shortest, state.StepNs));
    }

    /// <summary>The place of a typed time: of a time of day, or so far from what is shown.</summary>
    /// <exception cref="KvmscopeException">It is not a time, or not in the history.</exception>
    public static LiveState GoTo(IHistory history, LiveState state, string text)
    {
        text = text.Trim();
        long shown = Window(history, state).To;
        if (text is ['+' or '-', ..])
        {
            if (!Durations.TryParse(text[1..], "s", out double ns) || ns is < 0 or > 1e18) throw No(text);
            return Move(history, state, text[0] == '-' ? -(long)ns : (long)ns);
        }
        if (!DateTime.TryParseExact(text, s_times, CultureInfo.InvariantCulture, DateTimeStyles.NoCurrentDateDefault, out DateTime time))
            throw No(text);
        if (PlaceOf(history, history.TimeAt(shown), time.TimeOfDay) is { } place)
            return ShowUntil(history, state, EdgeAt(history, place));
        throw new KvmscopeException(ExitStatus.Usage, $"{text} is not in what is kept: {Span(history)}");
    }

    // On the shown day, else on the nearest one.
    private static long? PlaceOf(IHistory history, DateTimeOffset shown, TimeSpan time)
    {
        DateTimeOffset first = history.TimeAt(history.From), last = history.TimeAt(history.To);
        int days = (int)Math.Min(366, Math.Ceiling((last - first).TotalDays) + 1);
        for (int i = 0; i <= days; i++)
        {
            if (On(-i) is { } before) return before;
            if (On(i) is { } after) return after;
        }
        return null;

        long? On(int day)
        {
            var at = new DateTimeOffset(shown.Date.AddDays(day) + time, shown.Offset);
            return at >= first && at <= last ? history.PlaceOf(at) : null;
        }
    }

    /// <summary>From when to when a history is.</summary>
    public static string Span(IHistory history) => string.Create(CultureInfo.InvariantCulture,
        $"{history.TimeAt(history.From):HH:mm:ss} to {history.TimeAt(history.To):HH:mm:ss}");

    private static long EdgeAt(IHistory history, long place) =>
        place >= history.To ? history.To : history.EdgeAfter(Math.Max(place, history.From + 1) - 1);

    private static LiveState ShowUntil(IHistory history, LiveState state, long to) =>
        state with { At = to <= history.From ? history.EdgeAfter(history.From) : to };

    private static KvmscopeException No(string text) =>
        new(ExitStatus.Usage, $"'{text}' is no time: give 14:05, 14:05:30, -5m or +90s");
}
