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

    private TextCell(Kind kind, ulong value, string? text, char mark = '\0')
    {
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
        whole == 0 ? new(Kind.Missing, 0, null) : new(Kind.Share, (ulong)((((UInt128)part * 1000) + (whole / 2)) / whole), null);

    /// <summary>Not known for this row.</summary>
    internal static TextCell Missing => new(Kind.Missing, 0, null);

    /// <summary>The same with room for a mark after it, marked or not.</summary>
    internal TextCell WithMark(bool marked) => new(_kind, _value, _text, marked ? '*' : ' ');

    /// <summary>How many characters it needs.</summary>
    internal int Measure(bool compact)
    {
        int mark = _mark == '\0' ? 0 : 1;
        if (_text is not null) return _text.Length + mark;
        Span<char> to = stackalloc char[ScaledText.MaxLength];
        return Format(to, compact, unicode: true) + mark;
    }

    /// <summary>Writes it into its room: text on the left, all else on the right.</summary>
    internal void Write(Span<char> room, TableDensity density, bool left, bool unicode)
    {
        if (_kind == Kind.Empty) return;
        if (_mark != '\0' && room.Length > 0)
        {
            room[^1] = _mark;
            room = room[..^1];
        }
        if (_text is not null)
        {
            WriteText(room, _text, left && _kind == Kind.Text, unicode);
            return;
        }
        Span<char> to = stackalloc char[ScaledText.MaxLength];
        int length = Format(to, density.Compact, unicode);
        if (length <= room.Length) to[..length].CopyTo(room[(room.Length - length)..]);
        else room.Fill('#');
    }

    /// <summary>Writes text into its room, cut if there is not enough; it is cleaned later with its line.</summary>
    internal static void WriteText(Span<char> room, ReadOnlySpan<char> text, bool left, bool unicode)
    {
        int length = text.Length;
        bool cut = length > room.Length;
        if (cut) length = room.Length - 1;
        if (length < 0) return;
        if (cut && length > 0 && char.IsHighSurrogate(text[length - 1])) length--;
        int start = left || cut ? 0 : room.Length - length;
        text[..length].CopyTo(room[start..]);
        if (cut) room[length] = unicode ? '…' : '~';
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
