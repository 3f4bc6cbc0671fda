namespace Kvmscope.Core.Output.Charts;

/// <summary>A small bitmap font for PNG pictures: Latin-1 and the ellipsis.</summary>
internal static partial class BitmapFont
{
    /// <summary>How wide a character is, including the space to the next.</summary>
    internal const int Width = 7;

    /// <summary>How many lines of dots a character has.</summary>
    internal const int Height = 13;

    /// <summary>How many of them are above the baseline.</summary>
    internal const int Ascent = 11;

    private const char FirstAscii = ' ', LastAscii = '~', FirstLatin = '\u00a0', LastLatin = '\u00ff', Ellipsis = '…';
    private const int AsciiCount = LastAscii - FirstAscii + 1, LatinCount = LastLatin - FirstLatin + 1;

    private static readonly byte[] s_regular = Convert.FromBase64String(Regular), s_bold = Convert.FromBase64String(Bold);

    /// <summary>The lines of a character, the highest bit to the left; a question mark for one that the font does not have.</summary>
    internal static ReadOnlySpan<byte> Lines(char character, bool bold) =>
        (bold ? s_bold : s_regular).AsSpan(PlaceOf(character) * Height, Height);

    private static int PlaceOf(char character) => character switch
    {
        >= FirstAscii and <= LastAscii => character - FirstAscii,
        >= FirstLatin and <= LastLatin => AsciiCount + character - FirstLatin,
        Ellipsis => AsciiCount + LatinCount,
        _ => '?' - FirstAscii,
    };
}
