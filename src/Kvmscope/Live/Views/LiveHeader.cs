using System.Globalization;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;
using Kvmscope.Live.Screen;

namespace Kvmscope.Live.Views;

/// <summary>The first two lines: what, when and how much; and below it the way to what is shown.</summary>
internal static class LiveHeader
{
    private const long Hour = 3_600_000_000_000, Minute = 60_000_000_000, Second = 1_000_000_000;

    /// <summary>Draws both lines.</summary>
    public static void Draw(LiveFrame frame)
    {
        if (frame.Grid.Rows == 0) return;
        LiveText.Paint(frame.Grid, 0, 0, frame.Grid.Columns, CellTone.Bar);
        var line = new HeaderLine();
        Interval? interval = frame.Reader.Interval;
        line.Add(0, "kvmscope top", CellTone.Bar);
        line.Add(3, frame.Source.Title, CellTone.Bar, most: Math.Max(12, frame.Grid.Columns / 5));
        bool isEmpty = frame.Source.History.From >= frame.Source.History.To;
        if (!isEmpty) line.Add(9, Time(frame, interval?.To ?? frame.Source.History.TimeAt(frame.Reader.To)), CellTone.Bar);
        line.Add(7, Step(frame), CellTone.Bar);
        if (interval is not null) AddFigures(line, frame, interval);
        AddPlace(line, frame);
        ulong lost = LiveLosses.Of(interval);
        line.Add(6, "lost " + ScaledText.Number(lost, 6), lost == 0 ? CellTone.Bar : CellTone.Warning);
        line.Draw(frame);
        DrawPath(frame);
    }

    /// <summary>How long the shown time is; where less of it was observed, both.</summary>
    private static string Step(LiveFrame frame)
    {
        long asked = Math.Max(frame.State.StepNs, frame.Reader.Detail.StepNs), length = asked;
        if (frame.Reader.Interval is { } interval)
        {
            long observed = (long)(interval.Seconds * Second);
            // An interval is rarely exactly as long as it should be.
            if (Math.Abs(observed - asked) > asked / 10) length = observed;
            if (interval.ObservedNs is not null && length != asked)
                return $"{Length(length)} of {Length(asked)}";
        }
        return Length(length);
    }

    private static string Length(long ns)
    {
        if (ns >= Minute && ns % Second == 0) return ns % Minute == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{ns / Minute} min")
            : string.Create(CultureInfo.InvariantCulture, $"{ns / Minute}:{ns % Minute / Second:00} min");
        return ns % Second == 0 ? string.Create(CultureInfo.InvariantCulture, $"{ns / Second} s") : ScaledText.Time((ulong)Math.Max(0, ns));
    }

    // With its date where that is not the newest one's; of a recording always, and with its zone.
    private static string Time(LiveFrame frame, DateTimeOffset time)
    {
        bool isFine = frame.State.StepNs < Second;
        if (!frame.Source.IsLive) return WallTime.Of(isFine ? time : WholeSeconds(time));
        string form = isFine ? "HH:mm:ss.fff" : "HH:mm:ss";
        if (time.Date != frame.Source.History.TimeAt(frame.Source.History.To).Date) form = "yyyy-MM-dd " + form;
        return time.ToString(form, CultureInfo.InvariantCulture);
    }

    private static DateTimeOffset WholeSeconds(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond));

    private static void AddFigures(HeaderLine line, LiveFrame frame, Interval interval)
    {
        bool hasVcpus = frame.Source.Grouping == Grouping.Vcpu && frame.Reader.Detail.Grouping == Grouping.Vcpu;
        string vms = frame.Source.Grouping == Grouping.Host ? "" : Count(interval.Vms.Count, "VM");
        string vcpus = hasVcpus ? Count(interval.Vcpus.Count, "vCPU") : "";
        line.Add(4, string.Join(' ', new[] { vms, vcpus }.Where(text => text.Length > 0)), CellTone.Bar);
        if (interval.Seconds > 0) line.Add(5, ScaledText.Rate(interval.Accounting.Exits / interval.Seconds, 5) + " exits/s", CellTone.Bar);
    }

    private static void AddPlace(HeaderLine line, LiveFrame frame)
    {
        string behind = Distance(frame.Source.History.To - frame.Reader.To);
        if (!frame.Source.IsLive) line.Add(8, "recorded " + behind, CellTone.Bar);
        else if (frame.State.At is not null) line.Add(10, "PAUSED " + behind, CellTone.Warning);
    }

    private static string Distance(long ns) => ns >= Hour
        ? string.Create(CultureInfo.InvariantCulture, $"-{ns / Hour}:{ns % Hour / Minute:00}:{ns % Minute / Second:00}")
        : string.Create(CultureInfo.InvariantCulture, $"-{ns / Minute:00}:{ns % Minute / Second:00}");

    private static string Count(int number, string name) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {name}{(number == 1 ? "" : "s")}");

    private static void DrawPath(LiveFrame frame)
    {
        if (frame.Grid.Rows < 2) return;
        int at = 0, width = frame.Grid.Columns;
        string notes = LiveNotes.Short(frame);
        int room = Math.Max(width / 2, width - TextWidth.Of(notes) - 2);
        foreach (string step in LivePath.Steps(frame))
        {
            if (at > 0) at = LiveText.Left(frame.Grid, 1, at, room - at, frame.Look.Step, CellTone.Dim, frame.Look);
            at = LiveText.Left(frame.Grid, 1, at, room - at, step, CellTone.Bold, frame.Look, middle: true);
        }
        int rest = width - at - 2;
        if (notes.Length > 0 && rest > 3)
        {
            int own = Math.Min(rest, TextWidth.Of(notes));
            LiveText.Left(frame.Grid, 1, width - own, own, notes, LiveNotes.IsBad(frame) ? CellTone.Warning : CellTone.Dim, frame.Look);
        }
    }
}

/// <summary>Texts with gaps; where there is no room, those worth least are left out.</summary>
internal sealed class HeaderLine
{
    private const int Gap = 3;

    private readonly List<(int Worth, string Text, CellTone Tone, int Width)> _parts = [];

    /// <summary>Adds a text; the empty one is none.</summary>
    public void Add(int worth, string text, CellTone tone, int most = int.MaxValue)
    {
        if (text.Length > 0) _parts.Add((worth, text, tone, Math.Min(most, TextWidth.Of(text))));
    }

    /// <summary>Draws what there is room for in the first line.</summary>
    public void Draw(LiveFrame frame)
    {
        int gap = Gap;
        while (Total(gap) > frame.Grid.Columns)
        {
            // Narrower gaps before anything is left out.
            if (gap > 2) gap--;
            else if (_parts.Count > 1) _parts.RemoveAt(_parts.IndexOf(_parts.MinBy(part => part.Worth)));
            else break;
        }
        int at = 0;
        foreach ((_, string text, CellTone tone, int width) in _parts)
        {
            LiveText.Left(frame.Grid, 0, at, width, text, tone, frame.Look, middle: true);
            at += width + gap;
        }
    }

    private int Total(int gap) => _parts.Sum(part => part.Width + gap) - gap;
}
