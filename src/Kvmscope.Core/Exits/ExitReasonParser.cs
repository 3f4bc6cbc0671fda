using System.Globalization;

namespace Kvmscope.Core.Exits;

/// <summary>From what a user typed to an exit code, and to suggestions.</summary>
internal static class ExitReasonParser
{
    private const int MaxSuggestions = 3, LongestName = 64;

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

    internal static IReadOnlyList<string> Suggest(string text, IsaInfo isa)
    {
        string wanted = Normalize(text);
        foreach (string prefix in IsaInfo.All.SelectMany(info => info.Prefixes))
            if (wanted.StartsWith(prefix, StringComparison.Ordinal)) wanted = wanted[prefix.Length..];
        if (wanted.Length is 0 or > LongestName) return [];
        var found = new List<(int Distance, string Name)>();
        foreach (ExitReasonInfo info in isa.Reasons)
        {
            int distance = DistanceTo(info, wanted);
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
            code = info.Number == ulong.MaxValue ? uint.MaxValue : info.Number;
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
    private static int DistanceTo(ExitReasonInfo info, string wanted)
    {
        if (info.Name == wanted || Contains(info.Near, wanted)) return 0;
        int best = Math.Min(EditDistance(info.Name, wanted), PartDistance(info.Name, wanted));
        best = Math.Min(best, EditDistance(info.DropIn, wanted));
        foreach (Range range in info.Aliases.AsSpan().Split(' '))
            best = Math.Min(best, EditDistance(info.Aliases.AsSpan(range), wanted));
        return best;
    }

    private static int PartDistance(string name, string wanted)
    {
        const int shortestPart = 3;
        int at = wanted.Length < shortestPart ? -1 : name.IndexOf(wanted, StringComparison.Ordinal);
        if (at < 0) return int.MaxValue;
        int end = at + wanted.Length;
        return at == 0 || name[at - 1] == '_' || end == name.Length || name[end] == '_' ? 1 : 2;
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
