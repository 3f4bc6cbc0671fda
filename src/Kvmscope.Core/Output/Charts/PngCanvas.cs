namespace Kvmscope.Core.Output.Charts;

/// <summary>Draws into an array of inks, for a PNG.</summary>
internal sealed class PngCanvas(int width, int height) : ICanvas
{
    // One byte each, all in memory.
    private const int MaxDots = 1 << 27;

    private readonly byte[] _dots = new byte[Dots(width, height)];

    /// <summary>Writes the picture.</summary>
    internal void Write(Stream output)
    {
        var colors = new int[Palette.Inks];
        for (int i = 0; i < colors.Length; i++) colors[i] = Palette.Light((Ink)i);
        PngEncoder.Write(output, width, height, _dots, colors);
    }

    private static int Dots(int width, int height) => (long)width * height is <= MaxDots and >= 0 and var dots
        ? (int)dots
        : throw new KvmscopeException(ExitStatus.Usage, $"a PNG of {width} by {height} dots is too large",
            "Show fewer rows with --top N, or make it with --format svg.");

    public void Fill(Ink ink, params ReadOnlySpan<Box> boxes)
    {
        foreach (Box box in boxes)
        {
            int left = Math.Clamp(box.X, 0, width), right = Math.Clamp(box.X + box.Width, left, width);
            for (int y = Math.Max(0, box.Y); y < Math.Min(height, box.Y + box.Height); y++)
                _dots.AsSpan((y * width) + left, right - left).Fill((byte)ink);
        }
    }

    public void Cells(LevelGrid grid)
    {
        for (int i = 0; i < grid.Levels.Length; i++)
        {
            if (grid.Levels[i] == 0) continue;
            (int row, int column) = Math.DivRem(i, grid.Columns);
            int x = grid.X + (column * grid.CellWidth), y = grid.Y + (row * grid.CellHeight);
            Fill(Ink.Level1 + grid.Levels[i] - 1, new Box(x, y, grid.CellWidth, grid.CellHeight));
        }
    }

    public void Text(int x, int y, string text, Ink ink, TextAnchor anchor, bool bold)
    {
        string clean = ForeignText.Clean(text);
        int length = clean.Length * BitmapFont.Width;
        int left = anchor switch { TextAnchor.Middle => x - (length / 2), TextAnchor.End => x - length, _ => x };
        foreach (char character in clean)
        {
            WriteCharacter(left, y - BitmapFont.Ascent, BitmapFont.Lines(character, bold), ink);
            left += BitmapFont.Width;
        }
    }

    private void WriteCharacter(int x, int y, ReadOnlySpan<byte> lines, Ink ink)
    {
        for (int line = 0; line < lines.Length; line++)
            for (int dot = 0; dot < BitmapFont.Width; dot++)
                if ((lines[line] & (0x80 >> dot)) != 0) Fill(ink, new Box(x + dot, y + line, 1, 1));
    }
}
