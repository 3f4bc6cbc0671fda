using System.Text;

namespace Kvmscope.Live.Screen;

/// <summary>A screen of characters that knows no terminal: views draw into it, and terminals and tests show it.</summary>
internal sealed class CellGrid
{
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
        _cells.AsSpan().Fill(new Cell(new Rune(' '), CellTone.Plain));
    }

    /// <summary>Writes foreign or own text in one row, cleaned; what does not fit is cut without a mark.</summary>
    /// <returns>The column after it.</returns>
    public int Put(int row, int column, ReadOnlySpan<char> text, CellTone tone = CellTone.Plain) => throw new NotImplementedException();
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
