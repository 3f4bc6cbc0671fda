using Kvmscope.Core.Model;

namespace Kvmscope.Core.Reports;

/// <summary>Adds up the wall clocks of an answer: what vCPUs did outside of exits, and where their exits' time went.</summary>
internal static class WallClockBuilder
{
    /// <summary>One row a VM, or a vCPU, by VM and vCPU; empty where the answer has no split.</summary>
    internal static IReadOnlyList<WallRow> Build(Answer answer, bool byVcpu)
    {
        var rows = new Dictionary<(int Vm, int Vcpu), WallRow>();
        foreach (VcpuTime time in answer.Times) Add(rows, time.Vm, byVcpu ? time.Vcpu : null, time.WallNs, time.Parts);
        if (rows.Count == 0) return [];
        foreach (SnapshotRow row in answer.Rows)
            if (row.Parts is { } parts) Add(rows, row.Vm, byVcpu ? row.Vcpu : null, 0, parts);
        return [.. rows.OrderBy(r => r.Key.Vm).ThenBy(r => r.Key.Vcpu).Select(r => Level(r.Value))];
    }

    private static void Add(Dictionary<(int Vm, int Vcpu), WallRow> rows, VmIdentity? vm, int? vcpu, ulong wallNs, TimeParts parts)
    {
        var key = (vm?.Ordinal ?? -1, vcpu ?? -1);
        if (rows.TryGetValue(key, out WallRow? known))
        {
            parts.Add(known.Parts);
            wallNs += known.WallNs;
        }
        rows[key] = new WallRow(vm, vcpu, wallNs, parts);
    }

    // Rows and clocks are read one after the other: what happened between is in one of them only. A wait that was open cannot have
    // been longer than the wall clock, and what no part holds is unattributed.
    private static WallRow Level(WallRow row)
    {
        TimeParts parts = row.Parts;
        ulong sum = parts.Sum;
        if (sum < row.WallNs) parts[TimePart.Unattributed] += row.WallNs - sum;
        for (ulong excess = sum > row.WallNs ? sum - row.WallNs : 0; excess > 0;)
        {
            TimePart largest = TimePart.Unattributed;
            if (parts[largest] == 0)
                for (TimePart part = 0; part < TimePart.Unattributed; part++)
                    if (parts[part] > parts[largest]) largest = part;
            ulong taken = Math.Min(excess, parts[largest]);
            parts[largest] -= taken;
            excess -= taken;
        }
        return row with { Parts = parts };
    }
}
