using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

/// <summary>Cumulative counters at one instant, as in the kernel's tables: the tests make intervals from them.</summary>
internal sealed record Snapshot(DateTimeOffset At, long MonotonicNs, IReadOnlyList<Row> Rows, Accounting Accounting)
{
    internal IReadOnlyList<VcpuTime> Times { get; init; } = [];

    internal IReadOnlyList<OpenExits> OpenExits { get; init; } = [];

    internal IReadOnlyList<VmIdentity> Vms { get; init; } = [Sample.Web, Sample.Db];

    /// <summary>What happened since an earlier snapshot, or since the start.</summary>
    internal Interval Since(Snapshot? before, DateTimeOffset from, long fromNs = 0)
    {
        Dictionary<GroupKey, Row> old = before?.Rows.ToDictionary(r => r.Key) ?? [];
        var rows = new List<Row>();
        int restarted = 0;
        foreach (Row row in Rows)
        {
            var difference = new Row(row.Key);
            if (!old.Remove(row.Key, out Row? then)) difference.Add(row);
            else if (!difference.AddDifference(row, then)) restarted++;
            if (difference.HasAny) rows.Add(difference);
        }
        // The row of an open exit before its qualifier was known, and nothing else: its time is in another row now.
        foreach (Row gone in old.Values)
            if (gone.Parts is { IsZero: false } parts) rows.Add(new Row(gone.Key) { Parts = default(TimeParts).Less(parts) });
        Dictionary<GroupKey, VcpuTime> times = before?.Times.ToDictionary(t => t.Key) ?? [];
        HashSet<int> named = [.. rows.Select(r => r.Key.Vm), .. Times.Select(t => t.Key.Vm),
            .. OpenExits.Concat(before?.OpenExits ?? []).Select(o => o.Key.Vm)];
        VcpuTime[] changes = [.. Times.Select(t => times.TryGetValue(t.Key, out VcpuTime then)
            ? t with { WallNs = t.WallNs - then.WallNs, Parts = t.Parts.Less(then.Parts) }
            : t)];
        return new Interval
        {
            From = from,
            To = At,
            FromNs = before?.MonotonicNs ?? fromNs,
            ToNs = MonotonicNs,
            Vms = [.. Vms.Where(vm => named.Contains(vm.Ordinal))],
            Changes = rows,
            TimeChanges = changes,
            Vcpus = [.. changes.Where(t => (long)t.WallNs > 0).Select(t => t.Key)],
            OpenBefore = before?.OpenExits ?? [],
            OpenAfter = OpenExits,
            Accounting = before is null ? Accounting : Accounting.Less(before.Accounting),
            RestartedRows = restarted,
        };
    }
}
