using System.Globalization;
using System.Text;

namespace Kvmscope.Core.Output.Text;

/// <summary>
/// How many columns of a terminal text takes once it is cleaned (<see cref="ForeignText"/>): wide characters two, combining ones none.
/// Where terminals differ (sequences of emoji, a variation selector after a narrow one) each character counts for itself.
/// </summary>
public static class TextWidth
{
    /// <summary>The columns of a text.</summary>
    public static int Of(ReadOnlySpan<char> text)
    {
        if (ForeignText.IsPlain(text)) return text.Length;
        int width = 0;
        for (int i = 0, used; i < text.Length; i += used) width += Next(text[i..], out used);
        return width;
    }

    /// <summary>How many characters from the beginning fit, with the marks that belong to the last one.</summary>
    public static int FitStart(ReadOnlySpan<char> text, int columns)
    {
        int i = 0;
        for (int width = 0, used; i < text.Length; i += used)
        {
            width += Next(text[i..], out used);
            if (width > columns) break;
        }
        return i;
    }

    /// <summary>Where the longest end that fits begins; never with a mark, which belongs to the character before it.</summary>
    public static int FitEnd(ReadOnlySpan<char> text, int columns)
    {
        int rest = Of(text), i = 0;
        while (i < text.Length)
        {
            int width = Next(text[i..], out int used);
            if (rest <= columns && width > 0) break;
            rest -= width;
            i += used;
        }
        return i;
    }

    /// <summary>The text with spaces behind it.</summary>
    public static string PadRight(string text, int columns) => text + new string(' ', Math.Max(0, columns - Of(text)));

    /// <summary>The text in at most so many columns, with a mark where something is left out.</summary>
    /// <param name="text">The text.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="middle">Whether its end is kept.</param>
    /// <param name="unicode">Whether … can be shown; else ~.</param>
    public static string Cut(string text, int columns, bool middle, bool unicode)
    {
        if (Of(text) <= columns) return text;
        if (columns <= 0) return "";
        int end = middle ? (columns - 1) / 2 : 0, begin = columns - 1 - end;
        return string.Concat(text.AsSpan(0, FitStart(text, begin)), unicode ? "…" : "~", text.AsSpan(FitEnd(text, end)));
    }

    /// <summary>Whether texts that are cut to a width are told apart by their ends, and not by their beginnings.</summary>
    public static bool EndsTellApart(IReadOnlyCollection<string> texts, int columns)
    {
        if (texts.Count < 2) return false;
        int Distinct(bool middle) => texts.Select(text => Cut(text, columns, middle, unicode: true)).Distinct().Count();
        int byBeginning = Distinct(middle: false);
        return byBeginning < texts.Count && Distinct(middle: true) > byBeginning;
    }

    // The columns of the first character.
    private static int Next(ReadOnlySpan<char> text, out int used)
    {
        Rune.DecodeFromUtf16(text, out Rune rune, out used);
        // Each UTF-16 unit of these is shown as '?'.
        return ForeignText.IsShown(rune) ? Of(rune) : used;
    }

    /// <summary>The columns of a character that is shown (<see cref="ForeignText.IsShown"/>).</summary>
    public static int Of(Rune rune)
    {
        if (rune.Value < 0x300) return 1;
        // A syllable of Hangul may be a wide consonant, and a vowel and a consonant that are shown within it.
        if (rune.Value is (>= 0x1160 and <= 0x11ff) or (>= 0xd7b0 and <= 0xd7ff)) return 0;
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark) return 0;
        return IsWide(rune.Value) ? 2 : 1;
    }

    private static bool IsWide(int value)
    {
        ReadOnlySpan<int> ranges = WideCharacters.Ranges;
        int low = 0, high = ranges.Length / 2;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (value > ranges[(2 * middle) + 1]) low = middle + 1;
            else if (value < ranges[2 * middle]) high = middle;
            else return true;
        }
        return false;
    }
}
