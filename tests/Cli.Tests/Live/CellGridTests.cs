using System.Globalization;
using System.Text;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;
using Kvmscope.Live.Screen;

namespace Kvmscope.Tests.Live;

public sealed class CellGridTests
{
    [Fact]
    public void Text_is_cut_at_the_last_column()
    {
        CellGrid grid = Grid(5);
        Assert.Equal(5, grid.Put(0, 2, "abcd"));
        Assert.Equal("  abc", Line(grid));
    }

    [Fact]
    public void A_wide_character_takes_two_cells_or_is_cut()
    {
        CellGrid grid = Grid(5);
        Assert.Equal(4, grid.Put(0, 0, "漢字漢"));
        Assert.Equal("漢_字_ ", Line(grid));
    }

    [Fact]
    public void Text_over_half_a_wide_character_leaves_a_space_for_the_other_half()
    {
        CellGrid grid = Grid(6);
        grid.Put(0, 0, "漢字漢");
        grid.Put(0, 1, "ab");
        Assert.Equal(" ab 漢_", Line(grid));
    }

    [Fact]
    public void A_mark_stays_on_its_character()
    {
        CellGrid grid = Grid(4);
        Assert.Equal(2, grid.Put(0, 0, "e\u0301\u0302x"));
        Assert.Equal(new Cell(new Rune('e'), CellTone.Plain, new Rune(0x301)), grid[0][0]);
        Assert.Equal(new Cell(new Rune('x'), CellTone.Plain), grid[0][1]);
    }

    [Fact]
    public void A_mark_at_the_beginning_has_no_character_and_is_left_out()
    {
        CellGrid grid = Grid(4);
        grid.Put(0, 0, "ab");
        grid.Put(0, 2, "\u0301c");
        Assert.Equal(default, grid[0][1].Mark);
        Assert.Equal("abc ", Line(grid));
    }

    [Fact]
    public void A_mark_on_a_character_that_was_cut_is_cut_too()
    {
        CellGrid grid = Grid(2);
        grid.Put(0, 0, "abe\u0301");
        Assert.Equal(default, grid[0][1].Mark);
    }

    [Theory]
    [InlineData("a\u001b[31mb", "a?[31mb   ")]
    [InlineData("a\u202eb", "a?b       ")]
    [InlineData("a\U000e0041b", "a??b      ")]
    [InlineData("a\nb\u009b", "a?b?      ")]
    public void Foreign_text_is_cleaned(string text, string expected)
    {
        CellGrid grid = Grid(10);
        grid.Put(0, 0, text);
        Assert.Equal(expected, Line(grid));
    }

    [Fact]
    public void Half_a_pair_is_cleaned()
    {
        CellGrid grid = Grid(4);
        grid.Put(0, 0, "a\ud800b");
        Assert.Equal("a?b ", Line(grid));
    }

    [Fact]
    public void What_is_left_of_the_first_column_is_cut()
    {
        CellGrid grid = Grid(5);
        Assert.Equal(3, grid.Put(0, -2, "abcde"));
        Assert.Equal("cde  ", Line(grid));
        Assert.Equal(2, grid.Put(0, -1, "漢x"));
        Assert.Equal(" xe  ", Line(grid));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_row_that_is_not_there_takes_nothing(int row)
    {
        CellGrid grid = Grid(3);
        Assert.Equal(0, grid.Put(row, 0, "abc"));
        Assert.Equal("   ", Line(grid));
    }

    [Fact]
    public void A_tone_is_on_both_halves()
    {
        CellGrid grid = Grid(3);
        grid.Put(0, 0, "漢", CellTone.Alarm);
        Assert.Equal([CellTone.Alarm, CellTone.Alarm, CellTone.Plain], grid[0].ToArray().Select(cell => cell.Tone));
    }

    [Fact]
    public void Any_text_anywhere_leaves_whole_characters_and_takes_the_columns_that_it_says()
    {
        var random = new Random(13);
        string[] parts = ["a", " ", "漢", "é", "e\u0301", "\u0301", "\u001b", "\u202e", "\ud800", "\U0001f600",
            "\U000e0041", "\u1100\u1161"];
        CellGrid grid = Grid(12);
        for (int round = 0; round < 20_000; round++)
        {
            var text = new StringBuilder();
            for (int i = random.Next(10); i > 0; i--) text.Append(parts[random.Next(parts.Length)]);
            int column = random.Next(-4, 14), end = grid.Put(0, column, text.ToString());
            string seen = string.Create(CultureInfo.InvariantCulture, $"{column}: {ForeignText.Clean(text.ToString())}: {Line(grid)}");
            int whole = column + TextWidth.Of(text.ToString());
            Assert.True(end == whole || (end < whole && end >= Math.Min(11, column)), seen);
            AssertWhole(grid[0], seen);
        }
    }

    private static void AssertWhole(ReadOnlySpan<Cell> cells, string seen)
    {
        for (int i = 0; i < cells.Length; i++)
        {
            bool wide = cells[i].Character != default && TextWidth.Of(cells[i].Character) == 2;
            Assert.True(wide == (i + 1 < cells.Length && cells[i + 1].Character == default), seen);
        }
        Assert.True(cells[0].Character != default, seen);
    }

    private static CellGrid Grid(int columns)
    {
        var grid = new CellGrid();
        grid.Reset(columns, 1);
        return grid;
    }

    // '_' for the second half of a wide character.
    private static string Line(CellGrid grid) =>
        string.Concat(grid[0].ToArray().Select(cell => cell.Character == default ? "_" : cell.Character.ToString()));
}
