using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>
/// Makes of the differences of rows' parts what can be shown. While an exit is open, its time stands in the row of what is known of it
/// by then; once it ends, all of it is in the row that it turned out to belong to, another qualifier's or that of the rest. So what one
/// row of a reason lost another has gained, and rows of one vCPU group, reason and level are settled together: their sum is the
/// difference of their sums, and no part of any is negative.
/// </summary>
internal static class PartsSettlement
{
    private readonly record struct Group(int Vm, int Vcpu, ExitCode Code, ExitLevel Level);

    /// <summary>The rows with their parts settled; a row that is not as it was is another object, as rows belong to snapshots.</summary>
    /// <param name="rows">Rows with differences as <see cref="TimeParts.Less"/> gives them.</param>
    internal static IReadOnlyList<SnapshotRow> Settle(IReadOnlyList<SnapshotRow> rows)
    {
        Dictionary<Group, List<SnapshotRow>>? groups = null;
        for (int i = 0; i < rows.Count; i++)
            if (rows[i].Parts is { } parts && HasNegative(parts)) (groups ??= [])[GroupOf(rows[i])] = [];
        // Hardly ever: an exit was open over the begin of the interval and ended with another qualifier or part.
        if (groups is null) return rows;
        SnapshotRow[] settled = [.. rows];
        for (int i = 0; i < settled.Length; i++)
        {
            if (settled[i].Parts is not { } parts || !groups.TryGetValue(GroupOf(settled[i]), out List<SnapshotRow>? members)) continue;
            settled[i] = settled[i].WithParts(parts);
            members.Add(settled[i]);
        }
        foreach (List<SnapshotRow> members in groups.Values) SettleTogether(members);
        return settled;
    }

    private static void SettleTogether(List<SnapshotRow> members)
    {
        TimeParts sum = default;
        foreach (SnapshotRow row in members) sum.Add(row.Parts!.Value);
        sum = sum.Settled();
        for (int i = 0; i < TimeParts.Count; i++)
        {
            var part = (TimePart)i;
            ulong positive = 0;
            foreach (SnapshotRow row in members) positive += Set(row, part, Positive(row.Parts!.Value[part]));
            // The sum is not larger than what its rows have.
            ulong excess = positive - Math.Min(positive, sum[part]);
            foreach (SnapshotRow row in members.OrderByDescending(row => row.Parts!.Value[part]))
            {
                ulong has = row.Parts!.Value[part], taken = Math.Min(excess, has);
                if (taken == 0) break;
                Set(row, part, has - taken);
                excess -= taken;
            }
        }
    }

    private static ulong Set(SnapshotRow row, TimePart part, ulong ns)
    {
        TimeParts parts = row.Parts!.Value;
        parts[part] = ns;
        row.Parts = parts;
        return ns;
    }

    private static bool HasNegative(in TimeParts parts)
    {
        for (int i = 0; i < TimeParts.Count; i++)
            if ((long)parts[(TimePart)i] < 0) return true;
        return false;
    }

    private static ulong Positive(ulong ns) => (long)ns < 0 ? 0 : ns;

    private static Group GroupOf(SnapshotRow row) => new(row.Vm?.Ordinal ?? -1, row.Vcpu ?? -1, row.Code, row.Level);
}
