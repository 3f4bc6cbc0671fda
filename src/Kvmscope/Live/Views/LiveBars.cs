using Kvmscope.Core.Model;
using Kvmscope.Live.Screen;

namespace Kvmscope.Live.Views;

/// <summary>Small pictures of characters.</summary>
internal static class LiveBars
{
    private const string Eighths = " ▏▎▍▌▋▊▉█", Heights = "▁▂▃▄▅▆▇█", Digits = ".123456789";

    /// <summary>The parts in the order of the bar: what the guest has, what is lost, what is idle; each with its own character.</summary>
    public static readonly (TimePart Part, string Name, char Block, char Ascii, CellTone Tone)[] Parts =
    [
        (TimePart.Guest, "guest", '█', '#', CellTone.Guest), (TimePart.Kvm, "KVM", '▓', '=', CellTone.Kvm),
        (TimePart.Vmm, "VMM", '▒', '+', CellTone.Vmm), (TimePart.Runq, "run queue", '░', '%', CellTone.Runq),
        (TimePart.Sleep, "sleep", '▚', '~', CellTone.Sleep), (TimePart.Unattributed, "unattributed", '?', '?', CellTone.Unattributed),
        (TimePart.Poll, "poll", ':', ':', CellTone.Poll), (TimePart.Halt, "halt", '·', '.', CellTone.Halt),
    ];

    /// <summary>A bar of all parts, one after another; each boundary is where its share says, rounded to a character.</summary>
    public static void Stack(CellGrid grid, int row, int column, int width, in TimeParts parts, ulong whole, in LiveLook look)
    {
        if (whole == 0) return;
        Span<char> cell = stackalloc char[1];
        double sum = 0;
        int at = 0;
        foreach ((TimePart part, _, char block, char ascii, CellTone tone) in Parts)
        {
            sum += parts[part];
            int end = Math.Min(width, (int)Math.Round(sum * width / whole, MidpointRounding.AwayFromZero));
            cell[0] = look.Unicode ? block : ascii;
            for (; at < end; at++) grid.Put(row, column + at, cell, tone);
        }
    }

    /// <summary>A bar as long as its share of the width; never empty for what is more than 0.</summary>
    public static void Bar(CellGrid grid, int row, int column, int width, double share, CellTone tone, in LiveLook look)
    {
        if (!(share > 0) || width <= 0) return;
        int eighths = Math.Clamp((int)Math.Round(share * width * 8), 1, width * 8);
        Span<char> cell = stackalloc char[1];
        for (int i = 0; i < width && eighths > 0; i++, eighths -= 8)
        {
            // In ASCII half a character is one.
            cell[0] = look.Unicode ? Eighths[Math.Min(eighths, 8)] : eighths >= 4 || i == 0 ? '#' : ' ';
            grid.Put(row, column + i, cell, tone);
        }
    }

    /// <summary>One character per value, the latest at the right; what is not known is blank.</summary>
    public static void Trend(CellGrid grid, int row, int column, int width, ReadOnlySpan<double> values, CellTone tone, in LiveLook look)
    {
        values = values[Math.Max(0, values.Length - width)..];
        column += width - values.Length;
        double most = 0;
        foreach (double value in values)
            if (value > most) most = value;
        Span<char> cell = stackalloc char[1];
        for (int i = 0; i < values.Length; i++)
        {
            if (double.IsNaN(values[i])) continue;
            string steps = look.Unicode ? Heights : Digits;
            int step = most > 0 ? (int)Math.Round(values[i] / most * (steps.Length - 1)) : 0;
            cell[0] = steps[Math.Clamp(step, 0, steps.Length - 1)];
            grid.Put(row, column + i, cell, tone);
        }
    }

    /// <summary>The tone of a cell of a heat map.</summary>
    public static CellTone Heat(double share) => share switch
    {
        <= 0 => CellTone.Dim,
        < 0.02 => CellTone.Heat1,
        < 0.1 => CellTone.Heat2,
        < 0.25 => CellTone.Heat3,
        < 0.5 => CellTone.Heat4,
        _ => CellTone.Heat5,
    };
}
