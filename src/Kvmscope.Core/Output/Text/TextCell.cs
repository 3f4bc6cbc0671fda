using System.Globalization;

namespace Kvmscope.Core.Output.Text;

/// <summary>One cell of a <see cref="TextTable"/>, formatted when its width is known.</summary>
internal readonly struct TextCell
{
    private const int CompactDigits = 7;

    private enum Kind : byte
    {
        Empty,
        Text,
        RightText,
        Number,
        Time,
        Share,
        Missing,
    }

    private readonly Kind _kind;
    private readonly ulong _value;
    private readonly string? _text;
    // The mark after the figure, so that digits stay below digits; '\0' in columns without marks.
    private readonly char _mark;

    // A share may be shown as 0.0 and not be 0.
    private readonly bool _isZero;

    private TextCell(Kind kind, ulong value, string? text, char mark = '\0', bool? isZero = null)
    {
        _isZero = isZero ?? (value == 0 && kind is Kind.Number or Kind.Time);
        _kind = kind;
        _value = value;
        _text = text;
        _mark = mark;
    }

    /// <summary>Text, shortened where there is no room.</summary>
    internal static TextCell OfText(string text) => new(Kind.Text, 0, text);

    /// <summary>Text that is aligned to the right.</summary>
    internal static TextCell OfRight(string text) => new(Kind.RightText, 0, text);

    /// <summary>A number of things.</summary>
    internal static TextCell OfNumber(ulong number) => new(Kind.Number, number, null);

    /// <summary>A time in ns; null where it was not measured.</summary>
    internal static TextCell OfTime(ulong? ns) => ns is { } value ? new(Kind.Time, value, null) : new(Kind.Missing, 0, null);

    /// <summary>A part of a whole, in percent; missing where the whole is 0.</summary>
    internal static TextCell OfShare(ulong part, ulong whole) =>
        whole == 0 ? new(Kind.Missing, 0, null) : new(Kind.Share, (ulong)((((UInt128)part * 1000) + (whole / 2)) / whole), null,
            isZero: part == 0);

    /// <summary>Not known for this row.</summary>
    internal static TextCell Missing => new(Kind.Missing, 0, null);

    /// <summary>The same with room for a mark after it, marked or not.</summary>
    internal TextCell WithMark(bool marked) => new(_kind, _value, _text, marked ? '*' : ' ', _isZero);

    /// <summary>Its text; null where it is a figure or empty.</summary>
    internal string? Text => _text;

    /// <summary>Whether it is a figure that is exactly 0.</summary>
    internal bool IsZero => _isZero;

    /// <summary>How many columns it needs.</summary>
    internal int Measure(bool compact)
    {
        int mark = _mark == '\0' ? 0 : 1;
        if (_text is not null) return TextWidth.Of(_text) + mark;
        Span<char> to = stackalloc char[ScaledText.MaxLength];
        return Format(to, compact, unicode: true) + mark;
    }

    /// <summary>Writes it into its columns: text on the left, all else on the right.</summary>
    /// <param name="line">The line, at its first column.</param>
    /// <param name="columns">How many columns it has.</param>
    /// <param name="density">How figures are written.</param>
    /// <param name="column">Its column.</param>
    /// <param name="middle">Whether the end of a text is kept where it is cut.</param>
    /// <param name="unicode">Whether µ and … can be shown.</param>
    internal void Write(TextLine line, int columns, TableDensity density, TextColumn column, bool middle, bool unicode)
    {
        if (_kind == Kind.Empty) return;
        int room = _mark == '\0' ? columns : Math.Max(0, columns - 1), end = line.Column + columns;
        if (_text is not null) line.Put(_text, room, column.Left && _kind == Kind.Text, middle, unicode);
        else WriteFigure(line, room, density, unicode);
        if (_mark == '\0' || columns == 0) return;
        line.MoveTo(end - 1);
        line.PutRight([_mark], 1);
    }

    private void WriteFigure(TextLine line, int room, TableDensity density, bool unicode)
    {
        Span<char> to = stackalloc char[ScaledText.MaxLength];
        int length = Format(to, density.Compact, unicode);
        if (length > room) to[..(length = room)].Fill('#');
        line.PutRight(to[..length], room);
    }

    private int Format(Span<char> to, bool compact, bool unicode)
    {
        switch (_kind)
        {
            case Kind.Number:
                return ScaledText.FormatNumber(to, _value, compact ? CompactDigits : int.MaxValue);
            case Kind.Time:
                return ScaledText.FormatTime(to, _value, unicode, compact);
            case Kind.Share:
                return FormatShare(to, _value);
            case Kind.Missing:
                to[0] = '-';
                return 1;
            default:
                return 0;
        }
    }

    private static int FormatShare(Span<char> to, ulong perMille)
    {
        (perMille / 10).TryFormat(to, out int length, default, CultureInfo.InvariantCulture);
        if (perMille >= 1000) return length;
        to[length++] = '.';
        to[length++] = (char)('0' + (perMille % 10));
        return length;
    }
}
