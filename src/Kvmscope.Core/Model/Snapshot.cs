namespace Kvmscope.Core.Model;

/// <summary>One read of the kernel side's counters. An answer is the difference of two (<c>Delta</c>).</summary>
/// <param name="At">Wall-clock time of the read.</param>
/// <param name="MonotonicNs">CLOCK_MONOTONIC at the read, ns: what seconds are computed from.</param>
/// <param name="Rows">One row a group, reason and level; unordered.</param>
/// <param name="Trust">What was seen and lost so far.</param>
public sealed record Snapshot(DateTimeOffset At, long MonotonicNs, IReadOnlyList<SnapshotRow> Rows, Accounting Trust)
{
    /// <summary>The wall clock of each group, unordered; empty without the split.</summary>
    public IReadOnlyList<VcpuTime> Times { get; init; } = [];

    /// <summary>Exits that no row has yet, as their qualifiers are not known; empty without qualifiers.</summary>
    public IReadOnlyList<OpenExits> OpenExits { get; init; } = [];

    /// <summary>What was asked for and cannot be had on this kernel.</summary>
    public IReadOnlyList<MissingSource> Missing { get; init; } = [];
}
