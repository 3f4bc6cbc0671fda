namespace Kvmscope.Core.Model;

/// <summary>What happened between two snapshots: what every view and format shows.</summary>
/// <param name="Command">The command that asked: count, time, hist.</param>
/// <param name="Started">Wall-clock time at which the interval began.</param>
/// <param name="Seconds">How long the interval was, by the monotonic clock; never negative.</param>
/// <param name="Rows">The rows that have something to show, unordered; counters are those of the interval. Not to be changed.</param>
/// <param name="Trust">What was seen and lost in the interval.</param>
public sealed record Answer(string Command, DateTimeOffset Started, double Seconds, IReadOnlyList<SnapshotRow> Rows, Accounting Trust)
{
    /// <summary>Exits of the interval whose reason has no name in this version, unread ones included.</summary>
    public ulong UnknownReasons { get; init; }

    /// <summary>Rows whose counters ran backwards between the snapshots: they are taken as started again at zero.</summary>
    public int RestartedRows { get; init; }

    /// <summary>The wall clock of each group in the interval, unordered; empty without the split.</summary>
    public IReadOnlyList<VcpuTime> Times { get; init; } = [];

    /// <summary>What was asked for and cannot be had on this kernel.</summary>
    public IReadOnlyList<MissingSource> Missing { get; init; } = [];
}
