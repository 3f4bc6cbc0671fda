using System.Text;

namespace Kvmscope.Live.Screen;

/// <summary>A terminal that is taken as a whole. Disposing it gives it back as it was.</summary>
internal interface ILiveTerminal : IDisposable
{
    /// <summary>Its columns now.</summary>
    int Columns { get; }

    /// <summary>Its rows now.</summary>
    int Rows { get; }

    /// <summary>Whether it has colours that may be used.</summary>
    bool HasColor { get; }

    /// <summary>Whether block characters and others outside ASCII can be shown.</summary>
    bool Unicode { get; }

    /// <summary>Shows a grid of its size; only what changed is sent.</summary>
    void Show(CellGrid grid);

    /// <summary>Waits for what the user does.</summary>
    /// <param name="timeout">How long; zero takes only what is there.</param>
    /// <returns>Null where nothing came.</returns>
    LiveInput? Read(TimeSpan timeout);
}

/// <summary>One thing that the user did.</summary>
/// <param name="Key">Which key, or what else.</param>
/// <param name="Character">The character of <see cref="LiveKey.Character"/>.</param>
/// <param name="Column">Where the mouse was, from 0.</param>
/// <param name="Row">Where the mouse was, from 0.</param>
internal readonly record struct LiveInput(LiveKey Key, Rune Character = default, int Column = 0, int Row = 0)
{
    /// <summary>A character.</summary>
    public static LiveInput Of(char character) => new(LiveKey.Character, new Rune(character));
}

/// <summary>Keys, and what the mouse and the window do.</summary>
internal enum LiveKey
{
    /// <summary>A character that can be seen, or a space.</summary>
    Character, Enter, Escape, Tab, BackTab, Backspace, Delete, Up, Down, Left, Right, ShiftLeft, ShiftRight, PageUp, PageDown, Home, End,
    /// <summary>F1.</summary>
    Help,
    /// <summary>The left button, once; twice within a short time; the wheel.</summary>
    Click, DoubleClick, WheelUp, WheelDown,
    /// <summary>The window has another size now, or the program was stopped and goes on: draw all again.</summary>
    Resize,
    /// <summary>The terminal is gone.</summary>
    Closed,
}
