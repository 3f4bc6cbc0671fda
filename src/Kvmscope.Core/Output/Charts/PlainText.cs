using System.Globalization;
using System.Text;

namespace Kvmscope.Core.Output.Charts;

/// <summary>Foreign text, made safe to show.</summary>
internal static class PlainText
{
    private const char Stand = '?';

    /// <summary>The text with <c>?</c> for all that is not a character to see: controls, marks that turn the direction of writing, halves of pairs.</summary>
    internal static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        // A half of a pair comes out of this as U+FFFD.
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (IsShown(rune)) clean.Append(rune.ToString());
            else clean.Append(Stand);
        }
        return clean.ToString();
    }

    /// <summary>The same, cut to that many characters.</summary>
    internal static string Clean(string text, int most)
    {
        string clean = Clean(text);
        if (clean.Length <= most) return clean;
        int length = Math.Max(0, most - 1);
        if (length > 0 && char.IsHighSurrogate(clean[length - 1])) length--;
        return clean[..length] + "…";
    }

    /// <summary>Clean text as XML and HTML have it, in an element or in an attribute.</summary>
    internal static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (char c in Clean(text))
        {
            _ = c switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '"' => escaped.Append("&quot;"),
                '\'' => escaped.Append("&#39;"),
                _ => escaped.Append(c),
            };
        }
        return escaped.ToString();
    }

    private static bool IsShown(Rune rune) => rune != Rune.ReplacementChar && (rune.Value & 0xfffe) != 0xfffe && Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned);
}
