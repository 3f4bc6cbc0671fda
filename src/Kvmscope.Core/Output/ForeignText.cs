using System.Buffers;
using System.Globalization;
using System.Text;

namespace Kvmscope.Core.Output;

/// <summary>
/// The only place that escapes foreign text: names of VMs, tasks, hosts and files, and all text of a recording. What each output does:
/// <list type="table">
/// <item><term>all except JSON</term><description>Each UTF-16 unit that is not a visible character becomes <c>?</c>, so that the rest keeps
/// its column: control characters (C0, C1, DEL, and with them escape sequences, tabs and line ends), format characters (the bidi controls
/// U+061C, U+200E/F, U+202A–202E, U+2066–2069; zero-width ones U+200B–200D, U+2060, U+FEFF; the soft hyphen; tags), line and paragraph
/// separators, unpaired surrogates, noncharacters, what is not assigned, and U+FFFD. This is done where a line is written
/// (<see cref="Text.Ansi"/>, <see cref="Csv.CsvLine"/>, the canvases), not where the line is made.</description></item>
/// <item><term>CSV</term><description>Also quotes as in RFC 4180, and an apostrophe before text that begins with <c>=</c>, <c>+</c>,
/// <c>-</c> or <c>@</c> (or their full-width forms), which a spreadsheet would read as a formula.</description></item>
/// <item><term>SVG, HTML</term><description>Also <c>&amp; &lt; &gt; " '</c> as entities, in elements and in attributes
/// alike.</description></item>
/// <item><term>JSON</term><description>The text as it is; what would be <c>?</c> elsewhere is escaped (<c>\u001b</c>, <c>\u202e</c>);
/// U+FFFD for half a pair. Data in a page is JSON that also escapes the characters of HTML.</description></item>
/// </list>
/// </summary>
public static class ForeignText
{
    private const char Substitute = '?';

    /// <summary>The text for a terminal, on one line.</summary>
    public static string Clean(string text) =>
        IsPlain(text) ? text : string.Create(text.Length, text, static (to, from) => Clean(to, from));

    /// <summary>The same, with a space for each kind of white space: several lines become one.</summary>
    internal static string OneLine(string text) =>
        Clean(string.Create(text.Length, text, static (to, from) =>
        {
            for (int i = 0; i < to.Length; i++) to[i] = char.IsWhiteSpace(from[i]) ? ' ' : from[i];
        }));

    /// <summary>Clean text, cut to this many characters.</summary>
    public static string Clean(string text, int most)
    {
        string clean = Clean(text);
        if (clean.Length <= most) return clean;
        int length = Math.Max(0, most - 1);
        if (length > 0 && char.IsHighSurrogate(clean[length - 1])) length--;
        return clean[..length] + "…";
    }

    /// <summary>Clean text for SVG and HTML, in an element or in an attribute.</summary>
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

    /// <summary>Whether there is nothing to clean; a fast check.</summary>
    public static bool IsPlain(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange(' ', '~');

    /// <summary>Copies the text, cleaned; both have the same length, and may be the same memory.</summary>
    public static void Clean(Span<char> to, ReadOnlySpan<char> text)
    {
        for (int i = 0, used; i < text.Length; i += used)
        {
            // Half a pair becomes U+FFFD here.
            Rune.DecodeFromUtf16(text[i..], out Rune rune, out used);
            if (IsShown(rune)) text.Slice(i, used).CopyTo(to[i..]);
            else to.Slice(i, used).Fill(Substitute);
        }
    }

    /// <summary>Whether a spreadsheet would take the text for a formula.</summary>
    internal static bool IsFormula(string text) => text is ['=' or '+' or '-' or '@' or '\uff1d' or '\uff0b' or '\uff0d' or '\uff20', ..];

    /// <summary>
    /// Copies JSON, with escapes for characters that are not shown: the encoder of the runtime escapes only some of them. They can be in
    /// strings only, so JSON stays the same.
    /// </summary>
    internal static void EscapeJson(ReadOnlySpan<byte> json, IBufferWriter<byte> to)
    {
        while (!json.IsEmpty)
        {
            int plain = json.IndexOfAnyExceptInRange((byte)0, (byte)0x7f);
            if (plain < 0) plain = json.Length;
            to.Write(json[..plain]);
            json = json[plain..];
            if (json.IsEmpty) return;
            // What is not UTF-8 would become U+FFFD, which is one of them.
            Rune.DecodeFromUtf8(json, out Rune rune, out int used);
            if (IsShown(rune)) to.Write(json[..used]);
            else Escape(rune, to);
            json = json[used..];
        }
    }

    private static void Escape(Rune rune, IBufferWriter<byte> to)
    {
        Span<char> units = stackalloc char[2];
        foreach (char unit in units[..rune.EncodeToUtf16(units)])
            to.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}")));
    }

    /// <summary>Whether a character is shown as it is; else each of its UTF-16 units is replaced.</summary>
    public static bool IsShown(Rune rune) =>
        rune != Rune.ReplacementChar && (rune.Value & 0xfffe) != 0xfffe && Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned);
}
