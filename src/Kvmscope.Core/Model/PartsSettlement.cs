namespace Kvmscope.Core.Model;

/// <summary>
/// Turns the differences of rows' parts into what can be shown. While an exit is open, its time is in the row of what is known of it so
/// far; when it ends, all of it moves to its final row, maybe of another qualifier. So what one row of a reason lost, another one gained,
/// and the rows of one vCPU group, reason and level are settled together: their sum is the difference of their sums, and no part is
/// negative.
/// </summary>
internal static class PartsSettlement
{
    /// <summary>The rows with their parts settled; a changed row is a new object, as rows belong to intervals.</summary>
    /// <param name="rows">Rows with differences as <see cref="TimeParts.Less"/> gives them.</param>
    internal static IEnumerable<Row> Settle(IReadOnlyCollection<Row> rows)
    {
        Dictionary<GroupKey, List<Row>>? groups = null;
        foreach (Row row in rows)
            if (row.PartsOrNone.HasNegative) (groups ??= [])[row.Key.WithoutQualifier()] = [];
        // Rarely: an exit was open at the start of the interval and ended with another qualifier or part.
        if (groups is null) return rows;
        Row[] settled = [.. rows];
        for (int i = 0; i < settled.Length; i++)
        {
            if (settled[i].Parts is not { } parts || !groups.TryGetValue(settled[i].Key.WithoutQualifier(), out List<Row>? members))
                continue;
            settled[i] = settled[i].WithParts(parts);
            members.Add(settled[i]);
        }
        foreach (List<Row> members in groups.Values) SettleTogether(members);
        return settled;
    }

    private static void SettleTogether(List<Row> members)
    {
        TimeParts sum = default;
        foreach (Row row in members) sum.Add(row.Parts!.Value);
        sum = sum.Settled();
        for (int i = 0; i < TimeParts.Count; i++)
        {
            var part = (TimePart)i;
            ulong positive = 0;
            foreach (Row row in members) positive += Set(row, part, Positive(row.Parts!.Value[part]));
            // The sum is not larger than what its rows have.
            ulong excess = positive - Math.Min(positive, sum[part]);
            foreach (Row row in members.OrderByDescending(row => row.Parts!.Value[part]))
            {
                ulong has = row.Parts!.Value[part], taken = Math.Min(excess, has);
                Set(row, part, has - taken);
                excess -= taken;
            }
        }
    }

    private static ulong Set(Row row, TimePart part, ulong ns)
    {
        TimeParts parts = row.Parts!.Value;
        parts[part] = ns;
        row.Parts = parts;
        return ns;
    }

    private static ulong Positive(ulong ns) => (long)ns < 0 ? 0 : ns;
}
