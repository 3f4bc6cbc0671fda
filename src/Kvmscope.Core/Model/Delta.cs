using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>The difference of two snapshots. Counters are cumulative in the kernel and are never reset to be read.</summary>
public static class Delta
{
    private const double NsPerSecond = 1e9;

    private readonly record struct Key(int Vm, int Vcpu, ExitCode Code, ExitLevel Level);

    /// <summary>What happened between two snapshots of the same grouping.</summary>
    /// <param name="command">The command that asked.</param>
    /// <param name="started">Wall-clock time at which the interval began.</param>
    /// <param name="before">The snapshot at its begin, or null where it began with the trace.</param>
    /// <param name="now">The snapshot at its end.</param>
    /// <param name="startMonotonicNs">CLOCK_MONOTONIC at its begin in ns; used only where <paramref name="before"/> is null.</param>
    public static Answer Between(string command, DateTimeOffset started, Snapshot? before, Snapshot now, long startMonotonicNs)
    {
        long begin = before?.MonotonicNs ?? startMonotonicNs;
        double seconds = Math.Max(0, now.MonotonicNs - begin) / NsPerSecond;
        Dictionary<Key, SnapshotRow> old = Index(before);

        var rows = new List<SnapshotRow>(now.Rows.Count);
        ulong unknown = 0;
        int restarted = 0;
        for (int i = 0; i < now.Rows.Count; i++)
        {
            SnapshotRow row = now.Rows[i];
            if (old.Count > 0 && old.TryGetValue(KeyOf(row), out SnapshotRow? then))
            {
                if (row.Count == then.Count && row.Timed == then.Timed) continue;
                SnapshotRow? difference = Subtract(row, then);
                if (difference is null) restarted++;
                else row = difference;
            }
            if (row.Count == 0 && row.Timed == 0) continue;
            rows.Add(row);
            // Rows of no ISA are the unread ones, which trust counts.
            if (row.Code.Isa != Isa.None && !ExitReasons.IsKnown(row.Code)) unknown += row.Count;
        }
        Trust trust = before is null ? now.Trust : Subtract(now.Trust, before.Trust);
        return new Answer(command, started, seconds, rows, trust)
        {
            UnknownReasons = unknown + trust.UnreadReasons,
            RestartedRows = restarted,
        };
    }

    private static Key KeyOf(SnapshotRow row) => new(row.Vm?.Ordinal ?? -1, row.Vcpu ?? -1, row.Code, row.Level);

    private static Dictionary<Key, SnapshotRow> Index(Snapshot? snapshot)
    {
        if (snapshot is null) return [];
        var index = new Dictionary<Key, SnapshotRow>(snapshot.Rows.Count);
        for (int i = 0; i < snapshot.Rows.Count; i++) index[KeyOf(snapshot.Rows[i])] = snapshot.Rows[i];
        return index;
    }

    // Null where a counter ran backwards: the row's counters began again, and all that it has is of this interval.
    private static SnapshotRow? Subtract(SnapshotRow now, SnapshotRow then)
    {
        if (now.Count < then.Count || now.Timed < then.Timed || now.TotalNs < then.TotalNs) return null;
        var row = new SnapshotRow
        {
            Vm = now.Vm,
            Vcpu = now.Vcpu,
            Code = now.Code,
            Level = now.Level,
            Count = now.Count - then.Count,
            Timed = now.Timed - then.Timed,
            TotalNs = now.TotalNs - then.TotalNs,
            MaxNs = now.MaxNs,
        };
        if (then.HasBins) return Histogram.TrySubtract(now.Bins, then.Bins, row.Bins) ? row : null;
        if (now.HasBins) now.Bins.CopyTo(row.Bins, 0);
        return row;
    }

    private static Trust Subtract(Trust now, Trust then) => new()
    {
        Exits = Subtract(now.Exits, then.Exits),
        Entries = Subtract(now.Entries, then.Entries),
        UnpairedExits = Subtract(now.UnpairedExits, then.UnpairedExits),
        UnpairedEntries = Subtract(now.UnpairedEntries, then.UnpairedEntries),
        Open = now.Open,
        LostEvents = Subtract(now.LostEvents, then.LostEvents),
        DroppedCells = Subtract(now.DroppedCells, then.DroppedCells),
        DroppedVcpus = Subtract(now.DroppedVcpus, then.DroppedVcpus),
        DroppedExits = Subtract(now.DroppedExits, then.DroppedExits),
        UnreadReasons = Subtract(now.UnreadReasons, then.UnreadReasons),
    };

    private static ulong Subtract(ulong now, ulong then) => now >= then ? now - then : now;
}
