using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>The difference of two snapshots. Counters are cumulative in the kernel and are never reset to be read.</summary>
public static class Delta
{
    private const double NsPerSecond = 1e9;

    private readonly record struct Key(int Vm, int Vcpu, ExitCode Code, ExitLevel Level, Qualifier Qualifier);

    /// <summary>What happened between two snapshots of the same grouping.</summary>
    /// <param name="command">The command that asked.</param>
    /// <param name="started">Wall-clock time at which the interval began.</param>
    /// <param name="before">The snapshot at its begin, or null where it began with the trace.</param>
    /// <param name="now">The snapshot at its end.</param>
    /// <param name="startMonotonicNs">CLOCK_MONOTONIC at its begin in ns; used only where <paramref name="before"/> is null.</param>
    public static Answer Between(string command, DateTimeOffset started, Snapshot? before, Snapshot now, long startMonotonicNs)
    {
        Changes changes = Changed(before, now);
        long begin = before?.MonotonicNs ?? startMonotonicNs;
        ulong unknown = 0;
        var rows = new List<SnapshotRow>(changes.Rows.Count);
        foreach (SnapshotRow row in PartsSettlement.Settle(changes.Rows))
        {
            if (row.Count == 0 && row.Timed == 0 && !HasMore(row)) continue;
            rows.Add(row);
            // Rows of no ISA are the unread ones, which trust counts.
            if (row.Code.Isa != Isa.None && !ExitReasons.IsKnown(row.Code)) unknown += row.Count;
        }
        return new Answer(command, started, Math.Max(0, now.MonotonicNs - begin) / NsPerSecond, rows, changes.Trust)
        {
            UnknownReasons = unknown + changes.Trust.UnreadReasons,
            RestartedRows = changes.RestartedRows,
            Times = [.. changes.Times.Where(time => (long)time.WallNs > 0).Select(time => time with { Parts = time.Parts.Settled() })],
            Missing = now.Missing,
        };
    }

    /// <summary>
    /// What changed between two snapshots, as it can be added up: parts are not settled (<see cref="TimeParts.Less"/>), and a wall clock
    /// that turned out shorter than it had seemed (of a vCPU whose end no hook told) is negative in two's complement, too.
    /// </summary>
    /// <param name="Rows">The rows that changed. Not to be changed where there was no snapshot before: they are that of <c>now</c>.</param>
    /// <param name="Times">The wall clocks.</param>
    /// <param name="Trust">What was seen and lost.</param>
    /// <param name="RestartedRows">Rows whose counters ran backwards.</param>
    internal readonly record struct Changes(
        IReadOnlyList<SnapshotRow> Rows, IReadOnlyList<VcpuTime> Times, Accounting Trust, int RestartedRows);

    /// <summary>What changed since <paramref name="before"/>, or since the trace began.</summary>
    internal static Changes Changed(Snapshot? before, Snapshot now)
    {
        Dictionary<Key, SnapshotRow> old = Index(before);
        var rows = new List<SnapshotRow>(now.Rows.Count);
        int restarted = 0;
        foreach (SnapshotRow row in now.Rows)
        {
            if (old.Count == 0 || !old.Remove(KeyOf(row), out SnapshotRow? then))
            {
                if (Has(row)) rows.Add(row);
                continue;
            }
            if (row.Count == then.Count && row.Timed == then.Timed && row.Parts is null && row.Rounds is null) continue;
            SnapshotRow? difference = Subtract(row, then);
            if (difference is null) restarted++;
            if (Has(difference ?? row)) rows.Add(difference ?? row);
        }
        // What an open exit was taken for before its qualifier was known, and nothing else: its time is in another row now.
        foreach (SnapshotRow gone in old.Values)
            if (gone.Parts is { IsZero: false } parts) rows.Add(Less(gone, parts));
        return new Changes(rows, now.Times.Count == 0 ? [] : Subtract(now.Times, before?.Times ?? []),
            before is null ? now.Trust : now.Trust.Less(before.Trust), restarted);
    }

    private static bool Has(SnapshotRow row) =>
        row.Count != 0 || row.Timed != 0 || row.Parts is { IsZero: false } || row.Rounds is { Reflected: > 0 } or { Ended: > 0 };

    // An exit that was open all the while has no count in the interval, and yet its time.
    private static bool HasMore(SnapshotRow row) => row.Parts is { Sum: > 0 } || row.Rounds is { Reflected: > 0 } or { Ended: > 0 };

    private static VcpuTime[] Subtract(IReadOnlyList<VcpuTime> now, IReadOnlyList<VcpuTime> then)
    {
        Dictionary<(int Vm, int Vcpu), VcpuTime> old = then.ToDictionary(KeyOf);
        return [.. now.Select(time => old.TryGetValue(KeyOf(time), out VcpuTime? before)
            ? time with { WallNs = unchecked(time.WallNs - before.WallNs), Parts = time.Parts.Less(before.Parts) }
            : time)];
    }

    private static SnapshotRow Less(SnapshotRow gone, in TimeParts parts) => new()
    {
        Vm = gone.Vm,
        Vcpu = gone.Vcpu,
        Code = gone.Code,
        Level = gone.Level,
        Qualifier = gone.Qualifier,
        Parts = default(TimeParts).Less(parts),
    };

    private static (int Vm, int Vcpu) KeyOf(VcpuTime time) => (time.Vm?.Ordinal ?? -1, time.Vcpu ?? -1);

    private static Key KeyOf(SnapshotRow row) => new(row.Vm?.Ordinal ?? -1, row.Vcpu ?? -1, row.Code, row.Level, row.Qualifier);

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
            Qualifier = now.Qualifier,
            Parts = now.Parts?.Less(then.Parts ?? default),
            Rounds = now.Rounds is { } rounds ? Subtract(rounds, then.Rounds) : null,
            Count = now.Count - then.Count,
            Timed = now.Timed - then.Timed,
            TotalNs = now.TotalNs - then.TotalNs,
            MaxNs = now.MaxNs,
        };
        if (then.HasBins) return Histogram.TrySubtract(now.Bins, then.Bins, row.Bins) ? row : null;
        if (now.HasBins) now.Bins.CopyTo(row.Bins, 0);
        return row;
    }

    private static ReflectedRounds Subtract(ReflectedRounds now, ReflectedRounds? then)
    {
        if (then is null || now.Reflected < then.Reflected || now.Ended < then.Ended) return now;
        var rounds = new ReflectedRounds
        {
            Reflected = now.Reflected - then.Reflected,
            Ended = now.Ended - then.Ended,
            TotalNs = Subtract(now.TotalNs, then.TotalNs),
            HandlingNs = Subtract(now.HandlingNs, then.HandlingNs),
            L1Exits = Subtract(now.L1Exits, then.L1Exits),
            MaxNs = now.MaxNs,
        };
        Histogram.TrySubtract(now.Bins, then.Bins, rounds.Bins);
        return rounds;
    }

    private static ulong Subtract(ulong now, ulong then) => now >= then ? now - then : now;
}
