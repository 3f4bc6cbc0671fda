using Kvmscope.Live.Screen;

namespace Kvmscope.Live.Views;

/// <summary>A column of a <see cref="LiveTable{TRow}"/>.</summary>
/// <typeparam name="TRow">What a row is made of.</typeparam>
/// <param name="Name">Its name, for orders of rows: short, in lower case.</param>
/// <param name="Header">Its heading, with its unit where the figures have none.</param>
/// <param name="Width">How many characters it needs.</param>
internal sealed record LiveColumn<TRow>(string Name, string Header, int Width)
{
    /// <summary>A shorter heading, where there is no room.</summary>
    public string? Short { get; init; }

    /// <summary>How much it is worth: where there is no room, the least is left out first.</summary>
    public int Worth { get; init; } = Always;

    /// <summary>Never left out.</summary>
    public const int Always = int.MaxValue;

    /// <summary>Only on screens of at least this width.</summary>
    public int FromWidth { get; init; }

    /// <summary>How many characters it needs where that depends on what there is to show.</summary>
    public Func<LiveFrame, int>? Needs { get; init; }

    /// <summary>How wide it is at most, where there is room.</summary>
    public int Most { get; init; }

    /// <summary>How wide it is at most where that depends on what there is to show.</summary>
    public Func<LiveFrame, int>? Room { get; init; }

    /// <summary>Whether it is shown; always where null.</summary>
    public Func<LiveFrame, bool>? If { get; init; }

    /// <summary>Writes its figure, which is at its right.</summary>
    public LiveFigure<TRow>? Figure { get; init; }

    /// <summary>Its text, which is at its left.</summary>
    public Func<TRow, LiveFrame, string>? Text { get; init; }

    /// <summary>Whether its text is cut in the middle where there is this much room, as its ends tell more; never where null.</summary>
    public Func<LiveFrame, int, bool>? CutsMiddle { get; init; }

    /// <summary>Draws it, where it is neither.</summary>
    public LivePaint<TRow>? Paint { get; init; }

    /// <summary>What rows are ordered by, the largest first; NaN where it is not known. Null orders by the text.</summary>
    public Func<TRow, LiveFrame, double>? Value { get; init; }

    /// <summary>Whether rows can be ordered by it.</summary>
    public bool Sorts => Value is not null || Text is not null;

    /// <summary>Whether <see cref="Value"/> needs what is made of shown rows only.</summary>
    public bool NeedsDetail { get; init; }

    /// <summary>How it looks in a row; as the row where null or plain.</summary>
    public Func<TRow, LiveFrame, CellTone>? Tone { get; init; }
}

/// <summary>Writes a figure.</summary>
/// <returns>Its length.</returns>
internal delegate int LiveFigure<TRow>(Span<char> to, TRow row, LiveFrame frame);

/// <summary>Draws in a place of a line.</summary>
internal delegate void LivePaint<TRow>(LivePlace place, TRow row, LiveFrame frame);

/// <summary>A place of a line.</summary>
/// <param name="Grid">The screen.</param>
/// <param name="Row">The line.</param>
/// <param name="Column">Its first column.</param>
/// <param name="Width">Its width.</param>
/// <param name="Tone">How the line looks.</param>
internal readonly record struct LivePlace(CellGrid Grid, int Row, int Column, int Width, CellTone Tone);
