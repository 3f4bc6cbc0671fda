using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>Adds up the wall clocks of an interval: what vCPUs did outside of exits, and where the time of their exits went.</summary>
internal static class WallClockBuilder
{
    /// <summary>
    /// One row per VM or per vCPU, ordered by VM and vCPU, or one of all; empty where the interval has no split.
    /// </summary>
    internal static IReadOnlyList<WallRow> Build(Interval interval, Grouping grouping)
    {
        var rows = new Dictionary<GroupKey, WallRow>();
        foreach (VcpuTime time in interval.Times) Add(time.Key, time.WallNs, time.Parts);
        if (rows.Count == 0) return [];
        foreach (Row row in interval.Rows)
            if (row.Parts is { } parts) Add(row.Key, 0, parts);
        return
        [
            .. rows.OrderBy(r => r.Key.Vm).ThenBy(r => r.Key.Vcpu).Select(r => r.Value)
                .Select(row => row with { Parts = Level(row.Parts, row.WallNs) }),
        ];

        void Add(GroupKey of, ulong wallNs, TimeParts parts)
        {
            GroupKey key = GroupKey.OfVcpu(of.Vm, of.Vcpu).At(grouping);
            if (rows.TryGetValue(key, out WallRow? known))
            {
                parts.Add(known.Parts);
                wallNs += known.WallNs;
            }
            rows[key] = new WallRow(interval.VmOf(key), key.VcpuId, wallNs, parts);
        }
    }

    /// <summary>
    /// The parts of a wall clock so that they add up to it. Rows and clocks are read one after the other: what happened in between is only
    /// in one of them. An open wait cannot be longer than the wall clock, and what is in no part is unattributed.
    /// </summary>
    internal static TimeParts Level(TimeParts parts, ulong wallNs)
    {
        ulong sum = parts.Sum;
        if (sum < wallNs) parts[TimePart.Unattributed] += wallNs - sum;
        for (ulong excess = sum > wallNs ? sum - wallNs : 0; excess > 0;)
        {
            TimePart largest = TimePart.Unattributed;
            if (parts[largest] == 0)
                for (TimePart part = 0; part < TimePart.Unattributed; part++)
                    if (parts[part] > parts[largest]) largest = part;
            ulong taken = Math.Min(excess, parts[largest]);
            parts[largest] -= taken;
            excess -= taken;
        }
        return parts;
    }
}

/// <summary>The wall clock of one VM or vCPU, or of all, split.</summary>
/// <param name="Vm">The VM; null where all are added up.</param>
/// <param name="Vcpu">The vCPU's id; null where a VM's are added up.</param>
/// <param name="WallNs">How long it was observed, in ns; of several vCPUs the sum.</param>
/// <param name="Parts">Where that went; the parts add up to <paramref name="WallNs"/>.</param>
public sealed record WallRow(VmIdentity? Vm, int? Vcpu, ulong WallNs, TimeParts Parts);
