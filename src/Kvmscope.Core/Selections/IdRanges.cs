using System.Collections.Immutable;
using System.Globalization;

namespace Kvmscope.Core.Selections;

/// <summary>Lists of vCPU ids as people write them: <c>0-3,8</c> is 0, 1, 2, 3 and 8.</summary>
public static class IdRanges
{
    /// <summary>How many ids a list can have: as many as can be traced at once.</summary>
    public const int MostIds = 65_536;

    /// <summary>Reads a list; empty items (a trailing comma) are nothing.</summary>
    /// <param name="text">As typed.</param>
    /// <param name="ids">The ids, each once, in ascending order.</param>
    /// <returns>False where an item is no number and no range of them, ends before it begins, or where there are too many ids.</returns>
    public static bool TryParse(string text, out ImmutableArray<int> ids)
    {
        var all = new SortedSet<int>();
        ids = [];
        foreach (string item in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int dash = item.IndexOf('-', StringComparison.Ordinal);
            string begin = dash < 0 ? item : item[..dash], end = item[(dash + 1)..];
            if (!TryId(begin.TrimEnd(), out int first) || !TryId(end.TrimStart(), out int last) || last < first) return false;
            if ((long)last - first >= MostIds) return false;
            for (int id = first; ; id++)
            {
                all.Add(id);
                if (id == last) break;
            }
            if (all.Count > MostIds) return false;
        }
        ids = [.. all];
        return !ids.IsEmpty;
    }

    /// <summary>Writes ids, consecutive ones as a range: <c>0-3,8</c>; it reads as the same ids again.</summary>
    /// <param name="ids">The ids, in any order.</param>
    /// <param name="separator">What stands between two items.</param>
    public static string Format(IEnumerable<int> ids, string separator = ",")
    {
        var parts = new List<(int From, int To)>();
        foreach (int id in ids.Distinct().Order())
        {
            if (parts.Count > 0 && parts[^1].To + 1 == id) parts[^1] = (parts[^1].From, id);
            else parts.Add((id, id));
        }
        return string.Join(separator, parts.Select(p =>
            p.From == p.To ? Number(p.From) : string.Create(CultureInfo.InvariantCulture, $"{p.From}-{p.To}")));
    }

    private static bool TryId(string text, out int id) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id);

    private static string Number(int id) => id.ToString(CultureInfo.InvariantCulture);
}
