using Kvmscope.Live.Keys;
using Kvmscope.Live.Screen;

namespace Kvmscope.Live.Views;

/// <summary>The keys.</summary>
internal static class HelpView
{
    private const int KeyWidth = 28;

    /// <summary>Draws them.</summary>
    public static void Draw(LiveFrame frame)
    {
        List<(string Key, string Text, CellTone Tone)> lines = [.. Lines(frame.Grid.Columns)];
        frame.Count = lines.Count;
        frame.Scroll = Math.Clamp(frame.State.Lines, 0, Math.Max(0, lines.Count - frame.Page));
        int keys = KeysWidth(frame.Grid.Columns);
        for (int i = 0; i < frame.Page && frame.Scroll + i < lines.Count; i++)
        {
            (string key, string text, CellTone tone) = lines[frame.Scroll + i];
            int line = frame.HeadingLine + 1 + i;
            LiveText.Left(frame.Grid, line, 1, keys, key, tone, frame.Look);
            LiveText.Left(frame.Grid, line, keys + 2, frame.Grid.Columns - keys - 2, text, CellTone.Plain, frame.Look);
        }
    }

    private static int KeysWidth(int columns) => Math.Min(KeyWidth, columns / 3);

    private static IEnumerable<(string Key, string Text, CellTone Tone)> Lines(int columns)
    {
        string topic = "";
        foreach (LiveAction action in LiveActions.Listed)
        {
            if (action.Topic != topic) yield return (topic = action.Topic, "", CellTone.Heading);
            string key = action.Keys;
            foreach (string line in LiveText.Wrap(action.What, columns - KeysWidth(columns) - 2))
            {
                yield return (key, line, CellTone.Bold);
                key = "";
            }
        }
        yield return ("", "", CellTone.Plain);
        foreach (string line in LiveText.Wrap(Lost, columns - KeysWidth(columns) - 2)) yield return ("", line, CellTone.Plain);
    }

    private const string Lost = "Lost% is what the vCPUs wanted to run and did not: KVM + VMM + RunQ, in % of the wall clock as the other "
        + "parts. The time in the first line is the end of what is shown; '-' is not known or not measured.";
}

/// <summary>The last line: what is typed, what there is to say, or the main keys.</summary>
internal static class LiveFooter
{
    /// <summary>Draws it.</summary>
    public static void Draw(LiveFrame frame)
    {
        int line = frame.Grid.Rows - 1, width = frame.Grid.Columns;
        if (line < 1 || frame.IsText) return;
        LiveText.Paint(frame.Grid, line, 0, width, CellTone.Bar);
        switch (frame.State.Mode)
        {
            case State.LiveMode.Filter:
                DrawTyped(frame, line, "filter: ", frame.State.Filter, "Enter keeps, Esc clears");
                return;
            case State.LiveMode.GoTo:
                DrawTyped(frame, line, "go to: ", frame.State.Typed, "14:05, 14:05:30, -5m, +90s");
                return;
            case State.LiveMode.Help or State.LiveMode.Notes:
                LiveText.Left(frame.Grid, line, 0, width, "[Esc] back  [PgUp] [PgDn] scroll", CellTone.Bar, frame.Look);
                return;
            default:
                if (frame.State.Message is { } message) LiveText.Left(frame.Grid, line, 0, width, message, CellTone.Warning, frame.Look);
                else DrawKeys(frame, line, width);
                return;
        }
    }

    // The end of what is typed is seen, with a mark where the next character comes.
    private static void DrawTyped(LiveFrame frame, int line, string name, string text, string hint)
    {
        int width = frame.Grid.Columns, at = LiveText.Left(frame.Grid, line, 0, width, name, CellTone.Bar, frame.Look);
        int first = Core.Output.Text.TextWidth.FitEnd(text, Math.Max(0, width - at - 1));
        at = LiveText.Left(frame.Grid, line, at, width - at, text.AsSpan(first), CellTone.Bar, frame.Look);
        at = LiveText.Left(frame.Grid, line, at, width - at, "_", CellTone.Bar, frame.Look);
        if (at + 3 + hint.Length <= width) LiveText.Left(frame.Grid, line, at + 3, hint.Length, hint, CellTone.Bar, frame.Look);
    }

    // Those that do not fit are left out; help is always there.
    private static void DrawKeys(LiveFrame frame, int line, int width)
    {
        const string help = "[?] help";
        int at = 0;
        foreach (LiveAction action in LiveActions.All)
        {
            if (action.Short is not { } name || name.Key == "?") continue;
            int length = name.Key.Length + name.Name.Length + 3;
            if (at + length + 2 + help.Length > width) continue;
            at = LiveText.Left(frame.Grid, line, at, 1, "[", CellTone.Bar, frame.Look);
            at = LiveText.Left(frame.Grid, line, at, width, name.Key, CellTone.Bar, frame.Look);
            at = LiveText.Left(frame.Grid, line, at, 2, "] ", CellTone.Bar, frame.Look);
            at = LiveText.Left(frame.Grid, line, at, width, name.Name, CellTone.Bar, frame.Look) + 2;
        }
        LiveText.Left(frame.Grid, line, at, width - at, help, CellTone.Bar, frame.Look);
    }
}
