using Kvmscope.Core.Model;

namespace Kvmscope.Core.Recordings;

/// <summary>What happened in one interval of a recording, or in many that follow one another: a difference of snapshots.</summary>
public sealed record RecordedInterval
{
    /// <summary>The number of its first interval, from 0.</summary>
    public long First { get; init; }

    /// <summary>How many intervals it is the sum of.</summary>
    public int Intervals { get; init; } = 1;

    /// <summary>Wall-clock time at its begin, as the host had it.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>Wall-clock time at its end, as the host had it.</summary>
    public DateTimeOffset To { get; init; }

    /// <summary>CLOCK_MONOTONIC at its begin, ns.</summary>
    public long FromNs { get; init; }

    /// <summary>CLOCK_MONOTONIC at its end, ns.</summary>
    public long ToNs { get; init; }

    /// <summary>The VMs that are named in it.</summary>
    public IReadOnlyCollection<VmIdentity> Vms { get; init; } = [];

    /// <summary>The rows; empty where they were handed over one by one.</summary>
    public IReadOnlyCollection<RecordedRow> Rows { get; init; } = [];

    /// <summary>The wall clocks, their parts not settled.</summary>
    public IReadOnlyCollection<VcpuTime> Times { get; init; } = [];

    /// <summary>Exits that were open at its begin and in no row then (<see cref="Model.OpenExits"/>).</summary>
    public IReadOnlyList<OpenExits> OpenBefore { get; init; } = [];

    /// <summary>Exits that are open at its end and in no row.</summary>
    public IReadOnlyList<OpenExits> OpenAfter { get; init; } = [];

    /// <summary>What was seen and lost.</summary>
    public Accounting Trust { get; init; } = new();

    /// <summary>Exits over the threshold, in order; sums of intervals have none.</summary>
    public IReadOnlyList<SlowExit> Slow { get; init; } = [];

    /// <summary>What was asked for and could not be had.</summary>
    public IReadOnlyList<MissingSource> Missing { get; init; } = [];

    /// <summary>Rows whose counters ran backwards.</summary>
    public int RestartedRows { get; init; }

    /// <summary>What happened between two snapshots that keep vCPUs apart, or less.</summary>
    /// <param name="first">The interval's number.</param>
    /// <param name="from">Its begin: wall clock and CLOCK_MONOTONIC.</param>
    /// <param name="before">The snapshot at its begin; null where that is the begin of the trace.</param>
    /// <param name="now">The snapshot at its end.</param>
    /// <param name="slow">The slow exits since.</param>
    public static RecordedInterval Between(
        long first, (DateTimeOffset At, long Ns) from, Snapshot? before, Snapshot now, IReadOnlyList<SlowExit> slow)
    {
        Delta.Changes changes = Delta.Changed(before, now);
        IReadOnlyList<OpenExits> openBefore = before?.OpenExits ?? [];
        IEnumerable<VmIdentity?> vms = changes.Rows.Select(r => r.Vm).Concat(changes.Times.Select(t => t.Vm)).Concat(slow.Select(s => s.Vm))
            .Concat(openBefore.Concat(now.OpenExits).Select(o => o.Vm));
        return new RecordedInterval
        {
            First = first,
            From = from.At,
            To = now.At,
            FromNs = from.Ns,
            ToNs = now.MonotonicNs,
            Vms = [.. vms.OfType<VmIdentity>().DistinctBy(v => v.Ordinal).OrderBy(v => v.Ordinal)],
            Rows = [.. changes.Rows.Select(RecordedRow.Of)],
            Times = [.. changes.Times.Where(t => t.WallNs != 0 || !t.Parts.IsZero)],
            OpenBefore = openBefore,
            OpenAfter = now.OpenExits,
            Trust = changes.Trust,
            Slow = slow,
            Missing = now.Missing,
            RestartedRows = changes.RestartedRows,
        };
    }
}
