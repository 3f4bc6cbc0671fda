using System.Text;
using Kvmscope.Core.Output.Text;
using Kvmscope.Live.Screen;

namespace Kvmscope.Terminal.Curses;

/// <summary>Writes a grid into a window of curses, which finds out what of it is new.</summary>
/// <param name="styles">How tones look.</param>
/// <param name="unicode">Whether characters outside ASCII can be shown.</param>
internal sealed unsafe class GridWriter(ToneStyles styles, bool unicode)
{
    // A run of one tone: characters and their marks.
    private int[] _run = [];

    /// <summary>Writes all of it.</summary>
    public void Write(CellGrid grid, nint window)
    {
        int rows = Math.Min(grid.Rows, Libncursesw.getmaxy(window)), columns = Math.Min(grid.Columns, Libncursesw.getmaxx(window));
        if (_run.Length < 2 * columns) _run = new int[2 * columns];
        (int Row, int Column) cursor = (rows - 1, 0);
        bool found = false;
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<Cell> cells = grid[row][..columns];
            for (int column = 0; column < columns;)
            {
                if (!found && cells[column].Tone == CellTone.Selected) (found, cursor) = (true, (row, column));
                column += WriteRun(window, row, column, cells[column..]);
            }
        }
        // Where the cursor cannot be hidden, and for readers of the screen, it is at what is selected.
        _ = Libncursesw.wmove(window, cursor.Row, cursor.Column);
    }

    // Returns how many cells it wrote.
    private int WriteRun(nint window, int row, int column, ReadOnlySpan<Cell> cells)
    {
        CellTone tone = cells[0].Tone;
        int done = 0, length = 0;
        while (done < cells.Length && cells[done].Tone == tone)
        {
            int value = cells[done].Character.Value;
            if (value is < ' ' or >= 0x7f || cells[done].Mark != default) done += WriteOther(cells[done..], ref length);
            else (_run[length++], done) = (value, done + 1);
        }
        _ = Libncursesw.wattr_set(window, styles.Attributes(tone), styles.Pair(tone), 0);
        // The last cell of the screen is written and is an error, because there is no next place for the cursor.
        fixed (int* run = _run) _ = Libncursesw.mvwaddnwstr(window, row, column, run, length);
        return done;
    }

    // What curses would give other columns than the grid does becomes '?', so that the rest keeps its place.
    private int WriteOther(ReadOnlySpan<Cell> cells, ref int length)
    {
        (Rune character, Rune mark) = (cells[0].Character, cells[0].Mark);
        int width = cells.Length > 1 && cells[1].Character == default ? 2 : 1;
        bool fits = IsShown(character, width);
        // Half of a wide character is an empty place.
        _run[length++] = fits ? character.Value : character == default ? ' ' : '?';
        if (fits && mark != default && IsShown(mark, 0)) _run[length++] = mark.Value;
        else if (!fits && width == 2) _run[length++] = ' ';
        return width;
    }

    private bool IsShown(Rune character, int width) => character.IsAscii
        ? width == 1 && character.Value is >= ' ' and < 0x7f
        : unicode && TextWidth.Of(character) == width && Libc.wcwidth(character.Value) == width;
}
