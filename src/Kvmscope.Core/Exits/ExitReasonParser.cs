using System.Globalization;
using Kvmscope.Core.Selections;

namespace Kvmscope.Core.Exits;

/// <summary>From what a user typed to an exit code, and to suggestions.</summary>
internal static class ExitReasonParser
{
    private const int MaxSuggestions = 3, LongestName = 64, ShortestPart = 3;

    /// <summary>Reads a number or a name, without spaces around it.</summary>
    internal static bool TryParse(ReadOnlySpan<char> text, IsaInfo isa, out ulong code)
    {
        bool isMarked = text.StartsWith(isa.Mark, StringComparison.OrdinalIgnoreCase);
        return isa.TryNumber(isMarked ? text[isa.Mark.Length..] : text, isMarked, out code) || TryName(text, isa, out code);
    }

    /// <summary>Reads a plain number, decimal or hexadecimal.</summary>
    internal static bool TryPlain(ReadOnlySpan<char> text, out ulong number) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? ulong.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    /// <summary>
    /// The codes whose names a pattern matches; none where the text is no pattern. Names that are shown come first: other spellings count
    /// only if none of them matches, so that nobody excludes a reason whose name on the screen looks different.
    /// </summary>
    internal static IReadOnlyList<ulong> Match(string text, IsaInfo isa)
    {
        if (Glob.Of(Normalize(text)) is not { } glob) return [];
        ulong[] shown = Where(isa, info => glob.Matches(info.Name));
        if (shown.Length > 0) return shown;
        string bare = WithoutPrefix(Normalize(text), isa.Prefixes);
        if (bare.Length < text.Trim().Length) return Match(bare, isa);
        return Where(isa, info => SpellingsOf(info).Any(name => glob.Matches(Normalize(name))));
    }

    private static ulong[] Where(IsaInfo isa, Func<ExitReasonInfo, bool> isMeant) =>
        [.. isa.Reasons.Where(isMeant).Select(CodeOf).Distinct()];

    private static IEnumerable<string> SpellingsOf(ExitReasonInfo info) =>
        new[] { info.TraceName, info.DropIn }.Concat(info.Aliases.Split(' ')).Where(name => name.Length > 0);

    private static ulong CodeOf(ExitReasonInfo info) => info.Number == ulong.MaxValue ? uint.MaxValue : info.Number;

    private static string WithoutPrefix(string name, IReadOnlyList<string> prefixes)
    {
        foreach (string prefix in prefixes)
            if (name.StartsWith(prefix, StringComparison.Ordinal)) return name[prefix.Length..];
        return name;
    }

    /// <summary>Names that may have been meant, the best first.</summary>
    /// <param name="text">As typed, without what stands for other text.</param>
    /// <param name="isa">Whose names.</param>
    /// <param name="isPart">Whether it is part of a name, so that a single word of a name can be near it.</param>
    internal static IReadOnlyList<string> Suggest(string text, IsaInfo isa, bool isPart = false)
    {
        string wanted = Normalize(text);
        foreach (string prefix in IsaInfo.All.SelectMany(info => info.Prefixes))
            if (wanted.StartsWith(prefix, StringComparison.Ordinal)) wanted = wanted[prefix.Length..];
        if (wanted.Length is 0 or > LongestName) return [];
        var found = new List<(int Distance, string Name)>();
        foreach (ExitReasonInfo info in isa.Reasons)
        {
            int distance = DistanceTo(info, wanted, isPart);
            if (distance <= Math.Max(2, wanted.Length / 3)) found.Add((distance, info.Name));
        }
        found.Sort((a, b) => a.Distance != b.Distance ? a.Distance.CompareTo(b.Distance) : string.CompareOrdinal(a.Name, b.Name));
        if (found.Count > MaxSuggestions) found.RemoveRange(MaxSuggestions, found.Count - MaxSuggestions);
        return found.ConvertAll(f => f.Name);
    }

    private static bool TryName(ReadOnlySpan<char> text, IsaInfo isa, out ulong code)
    {
        string name = Normalize(text);
        code = 0;
        if (name.Length == 0) return false;
        if (TryExact(name, isa, ref code)) return true;
        foreach (string prefix in isa.Prefixes)
            if (name.StartsWith(prefix, StringComparison.Ordinal))
                return TryExact(name[prefix.Length..], isa, ref code);
        return false;
    }

    private static bool TryExact(string name, IsaInfo isa, ref ulong code)
    {
        foreach (ExitReasonInfo info in isa.Reasons)
        {
            if (!IsNamed(info, name)) continue;
            code = CodeOf(info);
            return true;
        }
        return false;
    }

    private static bool IsNamed(ExitReasonInfo info, string name) =>
        Same(info.Name, name) || Same(info.KernelName, name) || Same(info.TraceName, name) || Same(info.DropIn, name)
        || Contains(info.Aliases, name);

    private static bool Contains(string list, string name)
    {
        if (name.Length == 0) return false;
        foreach (Range range in list.AsSpan().Split(' '))
            if (list.AsSpan(range).SequenceEqual(name)) return true;
        return false;
    }

    // Without a copy: the table is walked once per name, at start-up.
    private static bool Same(string known, string name)
    {
        if (known.Length != name.Length) return false;
        for (int i = 0; i < name.Length; i++)
            if (Normalize(known[i]) != name[i]) return false;
        return name.Length > 0;
    }

    private static string Normalize(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        return string.Create(text.Length, text, static (to, from) =>
        {
            for (int i = 0; i < to.Length; i++) to[i] = Normalize(from[i]);
        });
    }

    // "UD excp" and "idle-halt" are names that the tracepoint prints.
    private static char Normalize(char c) => c is ' ' or '-' or '.' ? '_' : char.ToUpperInvariant(c);

    // A name of similar meaning is nearest; then a name with a word that starts or ends with what was typed; then one with a few different
    // letters.
    private static int DistanceTo(ExitReasonInfo info, string wanted, bool isPart)
    {
        if (info.Name == wanted || Contains(info.Near, wanted)) return 0;
        int best = Math.Min(EditDistance(info.Name, wanted), PartDistance(info.Name, wanted));
        if (isPart && wanted.Length >= ShortestPart)
            foreach (Range word in info.Name.AsSpan().Split('_'))
                // A word of it with one wrong letter, or two letters in each other's place: MRS of MSR_READ.
                if (IsNearWord(info.Name.AsSpan(word), wanted)) best = Math.Min(best, 1);
        best = Math.Min(best, EditDistance(info.DropIn, wanted));
        foreach (Range range in info.Aliases.AsSpan().Split(' '))
            best = Math.Min(best, EditDistance(info.Aliases.AsSpan(range), wanted));
        return best;
    }

    private static int PartDistance(string name, string wanted)
    {
        int at = wanted.Length < ShortestPart ? -1 : name.IndexOf(wanted, StringComparison.Ordinal);
        if (at < 0) return int.MaxValue;
        int end = at + wanted.Length;
        return at == 0 || name[at - 1] == '_' || end == name.Length || name[end] == '_' ? 1 : 2;
    }

    private static bool IsNearWord(ReadOnlySpan<char> word, string wanted)
    {
        if (word.Length < ShortestPart) return false;
        if (EditDistance(word, wanted) <= 1) return true;
        // Or its beginning, as somebody types it before a star.
        if (word.Length < wanted.Length) return false;
        word = word[..wanted.Length];
        int at = word.CommonPrefixLength(wanted);
        return at + 1 < word.Length && word[at] == wanted[at + 1] && word[at + 1] == wanted[at]
            && word[(at + 2)..].SequenceEqual(wanted.AsSpan(at + 2));
    }

    private static int EditDistance(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (a.IsEmpty) return int.MaxValue;
        Span<int> row = stackalloc int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++) row[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                int replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(replace, 1 + Math.Min(above, row[j - 1]));
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
