using System.Text;

namespace Kvmscope.Core.Selections;

/// <summary>
/// A pattern as a shell has it: <c>*</c> is any text, <c>?</c> any one character, <c>[abc]</c>, <c>[a-z]</c> and <c>[!a-z]</c> one of (none
/// of) these, and a backslash takes the next character as it is. A <c>[</c> without its <c>]</c> is itself.
/// </summary>
public sealed class Glob
{
    private enum Kind
    {
        Character,
        AnyCharacter,
        AnyText,
        Set,
    }

    private sealed record Token(
        Kind Kind, Rune Character = default, IReadOnlyList<(Rune First, Rune Last)>? Set = null, bool IsNot = false);

    private readonly Token[] _tokens;
    private readonly bool _ignoresCase;

    private Glob(Token[] tokens, bool ignoresCase) => (_tokens, _ignoresCase) = (tokens, ignoresCase);

    /// <summary>The text without what stands for other text: what a name that was meant looks like.</summary>
    public string Literal => string.Concat(_tokens.Where(t => t.Kind == Kind.Character).Select(t => t.Character.ToString()));

    /// <summary>Whether the text is a pattern, and not only itself.</summary>
    public static bool IsPattern(string text) => Of(text) is not null;

    /// <summary>The pattern; null where the text stands for nothing but itself.</summary>
    /// <param name="text">As typed.</param>
    /// <param name="ignoresCase">Whether upper and lower case are the same.</param>
    public static Glob? Of(string text, bool ignoresCase = false)
    {
        if (!text.AsSpan().ContainsAny("*?[")) return null;
        Rune[] runes = [.. text.EnumerateRunes().Select(rune => ignoresCase ? Rune.ToUpperInvariant(rune) : rune)];
        var tokens = new List<Token>();
        for (int at = 0; at < runes.Length;) tokens.Add(Next(runes, ref at));
        return tokens.TrueForAll(t => t.Kind == Kind.Character) ? null : new Glob([.. tokens], ignoresCase);
    }

    /// <summary>Whether it stands for this text, all of it.</summary>
    public bool Matches(string text)
    {
        Rune[] runes = [.. text.EnumerateRunes()];
        // Where the last "any text" was, and how much it stands for: only that has to be tried again.
        int token = 0, at = 0, star = -1, starAt = 0;
        while (at < runes.Length)
        {
            if (token < _tokens.Length && _tokens[token].Kind == Kind.AnyText) (star, starAt) = (token++, at);
            else if (token < _tokens.Length && IsOne(_tokens[token], runes[at])) (token, at) = (token + 1, at + 1);
            else if (star >= 0) (token, at) = (star + 1, ++starAt);
            else return false;
        }
        while (token < _tokens.Length && _tokens[token].Kind == Kind.AnyText) token++;
        return token == _tokens.Length;
    }

    private bool IsOne(Token token, Rune rune)
    {
        if (_ignoresCase) rune = Rune.ToUpperInvariant(rune);
        return token.Kind switch
        {
            Kind.Character => token.Character == rune,
            Kind.Set => token.Set!.Any(range => range.First <= rune && rune <= range.Last) != token.IsNot,
            _ => true,
        };
    }

    private static Token Next(Rune[] runes, ref int at)
    {
        Rune rune = runes[at++];
        switch (rune.Value)
        {
            case '*':
                return new Token(Kind.AnyText);
            case '?':
                return new Token(Kind.AnyCharacter);
            case '\\' when at < runes.Length:
                return new Token(Kind.Character, runes[at++]);
            case '[':
                int end = at;
                if (TrySet(runes, ref end) is not { } set) break;
                at = end;
                return set;
        }
        return new Token(Kind.Character, rune);
    }

    private static Token? TrySet(Rune[] runes, ref int at)
    {
        bool isNot = at < runes.Length && runes[at].Value is '!' or '^';
        if (isNot) at++;
        var set = new List<(Rune, Rune)>();
        // A closing bracket that comes first is one of the set.
        for (bool isFirst = true; at < runes.Length; isFirst = false)
        {
            if (runes[at].Value == ']' && !isFirst)
            {
                at++;
                return new Token(Kind.Set, Set: set, IsNot: isNot);
            }
            Rune first = Take(runes, ref at), last = first;
            if (at + 1 < runes.Length && runes[at].Value == '-' && runes[at + 1].Value != ']')
            {
                at++;
                last = Take(runes, ref at);
            }
            set.Add((first, last));
        }
        return null;
    }

    private static Rune Take(Rune[] runes, ref int at)
    {
        if (runes[at].Value == '\\' && at + 1 < runes.Length) at++;
        return runes[at++];
    }
}
