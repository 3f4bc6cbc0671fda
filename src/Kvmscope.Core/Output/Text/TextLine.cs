namespace Kvmscope.Core.Output.Text;

/// <summary>One line that is filled column by column; a character may take none, one or two.</summary>
internal sealed class TextLine
{
    private char[] _text = new char[128];
    private int _length;

    /// <summary>The column that is next.</summary>
    internal int Column { get; private set; }

    /// <summary>What is in it, without spaces at its end.</summary>
    internal ReadOnlySpan<char> Text => _text.AsSpan(0, _length).TrimEnd(' ');

    /// <summary>Empties it.</summary>
    internal void Clear() => _length = Column = 0;

    /// <summary>Spaces up to a column.</summary>
    internal void MoveTo(int column)
    {
        if (column <= Column) return;
        Room(column - Column).Fill(' ');
        _length += column - Column;
        Column = column;
    }

    /// <summary>Text in a field of so many columns, from here on: cut where it is too long, else on its left or right side.</summary>
    internal void Put(string text, int columns, bool left, bool middle, bool unicode)
    {
        int width = TextWidth.Of(text);
        if (width > columns)
        {
            text = TextWidth.Cut(text, columns, middle, unicode);
            (width, left) = (TextWidth.Of(text), true);
        }
        if (!left) MoveTo(Column + columns - width);
        Append(text, width);
    }

    /// <summary>A figure, whose characters take one column each, on the right side of a field.</summary>
    internal void PutRight(ReadOnlySpan<char> figure, int columns)
    {
        MoveTo(Column + columns - figure.Length);
        Append(figure, figure.Length);
    }

    private void Append(ReadOnlySpan<char> text, int width)
    {
        text.CopyTo(Room(text.Length));
        _length += text.Length;
        Column += width;
    }

    private Span<char> Room(int length)
    {
        if (_length + length > _text.Length) Array.Resize(ref _text, Math.Max(_length + length, 2 * _text.Length));
        return _text.AsSpan(_length, length);
    }
}
