using System.Text;
using Kvmscope.Core.Output;

namespace Kvmscope.Core.Rules;

/// <summary>Reads a rule's text from left to right, a word or a sign at a time; blanks between them do not matter.</summary>
internal sealed class RuleCursor(RuleSource source, int end)
{
    private const string Signs = ",(){}\"=<>!";

    private readonly string _text = source.Line;
    private int _at;

    /// <summary>Where the next word or sign is, from 1; after the last character where there is none.</summary>
    internal int Column
    {
        get
        {
            SkipBlanks();
            return _at + 1;
        }
    }

    /// <summary>Whether nothing is left.</summary>
    internal bool IsAtEnd
    {
        get
        {
            SkipBlanks();
            return _at >= end;
        }
    }

    /// <summary>Whether a text can stand in a rule without quotes.</summary>
    internal static bool IsWord(string text) => text.Length > 0 && text[0] != '#' && text.All(IsWordCharacter);

    /// <summary>What comes next, as an error names it.</summary>
    internal string Next
    {
        get
        {
            if (IsAtEnd) return "the end";
            int length = 0;
            while (_at + length < end && IsWordCharacter(_text[_at + length])) length++;
            return $"'{ForeignText.OneLine(_text.Substring(_at, Math.Max(1, length)))}'";
        }
    }

    /// <summary>Takes the sign if it comes next.</summary>
    internal bool TryTake(string sign)
    {
        SkipBlanks();
        if (string.CompareOrdinal(_text, _at, sign, 0, sign.Length) != 0 || _at + sign.Length > end) return false;
        _at += sign.Length;
        return true;
    }

    /// <summary>Takes a word; empty where none comes next.</summary>
    internal string Word()
    {
        SkipBlanks();
        int from = _at;
        while (_at < end && IsWordCharacter(_text[_at])) _at++;
        return _text[from.._at];
    }

    /// <summary>Takes digits, with a point within them where a fraction follows; empty where none come next.</summary>
    internal string Number()
    {
        SkipBlanks();
        int from = _at;
        while (IsDigit(_at)) _at++;
        if (_at > from && _at < end && _text[_at] == '.' && IsDigit(_at + 1))
            for (_at++; IsDigit(_at);) _at++;
        return _text[from.._at];
    }

    /// <summary>Takes a word, or a text in quotes, in which a backslash keeps a quote or a backslash; empty where none comes next.</summary>
    internal string WordOrQuoted()
    {
        int open = Column;
        if (!TryTake("\"")) return Word();
        var text = new StringBuilder();
        for (; _at < end && _text[_at] != '"'; _at++)
        {
            if (_text[_at] == '\\' && _at + 1 < end && _text[_at + 1] is '"' or '\\') _at++;
            text.Append(_text[_at]);
        }
        if (_at >= end) throw source.Error(open, "a quote is not closed", "a \" that has no other", "Write vm=\"my vm\", and \\\" for a quote within it.");
        _at++;
        return text.ToString();
    }

    private bool IsDigit(int at) => at < end && char.IsAsciiDigit(_text[at]);

    private void SkipBlanks()
    {
        while (_at < end && char.IsWhiteSpace(_text[_at])) _at++;
    }

    private static bool IsWordCharacter(char c) => !char.IsWhiteSpace(c) && !char.IsControl(c) && !Signs.Contains(c, StringComparison.Ordinal);
}
