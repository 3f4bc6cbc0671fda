using System.Text;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;

namespace Kvmscope.Live.Screen;

/// <summary>A screen of characters that knows no terminal: views draw into it, and terminals and tests show it.</summary>
internal sealed class CellGrid
{
    private static readonly Rune s_space = new(' '), s_substitute = new('?');
    private Cell[] _cells = [];

    /// <summary>Its columns.</summary>
    public int Columns { get; private set; }

    /// <summary>Its rows.</summary>
    public int Rows { get; private set; }

    /// <summary>One row.</summary>
    public Span<Cell> this[int row] => _cells.AsSpan(row * Columns, Columns);

    /// <summary>Makes it as large as said, and empty.</summary>
    public void Reset(int columns, int rows)
    {
        if (_cells.Length != columns * rows) _cells = new Cell[columns * rows];
        (Columns, Rows) = (columns, rows);
        _cells.AsSpan().Fill(new Cell(s_space, CellTone.Plain));
    }

    /// <summary>
    /// Writes foreign or own text in one row, cleaned as <see cref="ForeignText"/> says. What does not fit is cut without a mark, also
    /// left of the first column; nothing is written in a row that is not there.
    /// </summary>
    /// <returns>The column after it.</returns>
    public int Put(int row, int column, ReadOnlySpan<char> text, CellTone tone = CellTone.Plain)
    {
        if ((uint)row >= (uint)Rows) return column;
        Span<Cell> cells = this[row];
        // The cell that a mark belongs to.
        int last = -1;
        for (int used; !text.IsEmpty; text = text[used..])
        {
            Rune.DecodeFromUtf16(text, out Rune rune, out used);
            bool shown = ForeignText.IsShown(rune);
            int width = shown ? TextWidth.Of(rune) : 1;
            if (width == 0)
            {
                // One mark is enough to tell names apart, and a cell has room for one.
                if (last >= 0 && cells[last].Mark == default) cells[last] = cells[last] with { Mark = rune };
                continue;
            }
            for (int i = 0; i < (shown ? 1 : used); i++)
            {
                if (column + width > Columns) return column;
                last = Put(cells, column, shown ? rune : s_substitute, width, tone);
                column += width;
            }
        }
        return column;
    }

    private static int Put(Span<Cell> cells, int column, Rune rune, int width, CellTone tone)
    {
        if (column + width <= 0) return -1;
        // Half of a wide character is nothing.
        if (column < 0) (rune, column, width) = (s_space, 0, 1);
        if (cells[column].Character == default && column > 0)
            cells[column - 1] = cells[column - 1] with { Character = s_space, Mark = default };
        int end = column + width;
        if (end < cells.Length && cells[end].Character == default) cells[end] = cells[end] with { Character = s_space };
        cells[column] = new Cell(rune, tone);
        if (width == 2) cells[column + 1] = new Cell(default, tone);
        return column;
    }
}

/// <summary>One place of a grid.</summary>
/// <param name="Character">The character; the default where the one before it is wide.</param>
/// <param name="Tone">How it looks.</param>
/// <param name="Mark">A combining mark on it, or the default.</param>
internal readonly record struct Cell(Rune Character, CellTone Tone, Rune Mark = default);

/// <summary>What something means, from which its look follows; never by colour alone.</summary>
internal enum CellTone : byte
{
    /// <summary>As text is.</summary>
    Plain,
    /// <summary>Less: idle, labels.</summary>
    Dim,
    /// <summary>More: sums, what is chosen to sort by.</summary>
    Bold,
    /// <summary>The line of headings.</summary>
    Heading,
    /// <summary>The first and the last line of the screen.</summary>
    Bar,
    /// <summary>The selected row.</summary>
    Selected,
    /// <summary>What is not good: run queue, losses, pause.</summary>
    Warning,
    /// <summary>What is bad: over a threshold.</summary>
    Alarm,
    /// <summary>Parts of the wall clock in a bar.</summary>
    Guest, Kvm, Vmm, Runq, Halt, Poll, Sleep, Unattributed,
    /// <summary>Shades of a heat map, from few to many.</summary>
    Heat1, Heat2, Heat3, Heat4, Heat5,
}
