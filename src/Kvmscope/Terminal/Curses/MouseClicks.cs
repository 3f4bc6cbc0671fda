using Kvmscope.Live.Screen;

namespace Kvmscope.Terminal.Curses;

/// <summary>Makes clicks of buttons that go down.</summary>
internal sealed class MouseClicks
{
    // As most desktops have it.
    private static readonly TimeSpan s_double = TimeSpan.FromMilliseconds(400);

    private readonly TimeProvider _clock;
    private (int Column, int Row, long Time)? _last;

    /// <summary>With the system's clock.</summary>
    public MouseClicks()
        : this(TimeProvider.System)
    {
    }

    /// <summary>With a clock.</summary>
    public MouseClicks(TimeProvider clock) => _clock = clock;

    /// <summary>
    /// A button went down: 0 is the left one, 64 and 65 the wheel; bits 2 to 4 are Shift, Alt and Ctrl, bit 5 is movement (xterm's
    /// ctlseqs, "Mouse Tracking").
    /// </summary>
    public LiveInput? Of(int button, int column, int row)
    {
        if (column < 0 || row < 0) return null;
        switch (button & ~0x1c)
        {
            case 64: return new LiveInput(LiveKey.WheelUp, Column: column, Row: row);
            case 65: return new LiveInput(LiveKey.WheelDown, Column: column, Row: row);
            case 0: break;
            default: return null;
        }
        long now = _clock.GetTimestamp();
        bool isDouble = _last is { } last && (last.Column, last.Row) == (column, row) && _clock.GetElapsedTime(last.Time, now) <= s_double;
        // A third is a new one.
        _last = isDouble ? null : (column, row, now);
        return new LiveInput(isDouble ? LiveKey.DoubleClick : LiveKey.Click, Column: column, Row: row);
    }
}
