namespace Kvmscope.CommandLine;

/// <summary>Finds names that are similar to a mistyped one.</summary>
internal static class NearNames
{
    /// <summary>The candidates that differ from the word by few letters, or that begin with it: at most three, nearest first.</summary>
    public static IReadOnlyList<string> Of(string word, IEnumerable<string> candidates)
    {
        int most = Math.Max(1, word.TrimStart('-').Length / 3);
        return [.. candidates
            .Select(c => (Name: c, Distance: IsPrefix(word, c) ? 0 : Distance(word, c)))
            .Where(c => c.Distance <= most)
            .OrderBy(c => c.Distance)
            .Take(3)
            .Select(c => c.Name)];
    }

    private static bool IsPrefix(string word, string candidate) =>
        word.TrimStart('-').Length > 1 && candidate.StartsWith(word, StringComparison.OrdinalIgnoreCase);

    /// <summary>Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours, ignoring case.</summary>
    private static int Distance(string a, string b)
    {
        (a, b) = (a.ToLowerInvariant(), b.ToLowerInvariant());
        var rows = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) rows[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) rows[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                int best = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) best = Math.Min(best, rows[i - 2, j - 2] + 1);
                rows[i, j] = best;
            }
        }
        return rows[a.Length, b.Length];
    }
}
