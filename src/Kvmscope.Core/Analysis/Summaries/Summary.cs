using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Summaries;

/// <summary>
/// An interval by VM, vCPU, reason or argument, for what is looked at again and again: it uses its memory again for each interval, and
/// makes percentiles only of the rows that are shown. Its figures are those of <see cref="ReportBuilder"/>.
/// </summary>
public sealed class Summary
{
    /// <summary>The groups, in no order; valid until the next <see cref="Read"/>.</summary>
    public IReadOnlyList<SummaryRow> Rows => throw new NotImplementedException();

    /// <summary>The sum of all.</summary>
    public SummaryRow Total => throw new NotImplementedException();

    /// <summary>Groups an interval; rows of before are used again.</summary>
    public void Read(Interval interval, SummaryRequest request) => throw new NotImplementedException();

    /// <summary>Makes the percentiles and the largest reasons of some rows, of the interval that was read last.</summary>
    public void AddDetail(IReadOnlyList<SummaryRow> rows) => throw new NotImplementedException();
}

/// <summary>What is grouped, and which exits.</summary>
public readonly record struct SummaryRequest
{
    /// <summary>What has its own row: one of Vm, Vcpu, Reason, Qualifier, Page or Rip; with Vm or Vcpu also one of the others.</summary>
    public GroupBy By { get; init; }

    /// <summary>Only exits of these.</summary>
    public SummaryScope Scope { get; init; }
}

/// <summary>Which exits of an interval; what is null is not looked at.</summary>
public readonly record struct SummaryScope
{
    /// <summary>The VM's number.</summary>
    public int? Vm { get; init; }

    /// <summary>The vCPU's id; with <see cref="Vm"/>.</summary>
    public int? Vcpu { get; init; }

    /// <summary>The reason.</summary>
    public ExitCode? Code { get; init; }

    /// <summary>The level.</summary>
    public ExitLevel? Level { get; init; }

    /// <summary>The reason's argument; with <see cref="Code"/>.</summary>
    public Qualifier? Qualifier { get; init; }
}

/// <summary>One group of a <see cref="Summary"/>. Idle exits are in no handling time (<see cref="Idleness"/>).</summary>
public sealed class SummaryRow
{
    /// <summary>Which group; what is not kept apart is <see cref="GroupKey.None"/> or the default.</summary>
    public GroupKey Key { get; internal set; }

    /// <summary>How many vCPUs it has.</summary>
    public int Vcpus { get; internal set; }

    /// <summary>All exits.</summary>
    public ulong Count { get; internal set; }

    /// <summary>Of <see cref="Count"/>, those of L2.</summary>
    public ulong L2Count { get; internal set; }

    /// <summary>Of <see cref="Count"/>, those that were idle, for most of their time.</summary>
    public ulong IdleCount { get; internal set; }

    /// <summary>Handling time of busy exits, and the busy part of others, ns.</summary>
    public ulong BusyNs { get; internal set; }

    /// <summary>Handling time of all exits, ns.</summary>
    public ulong TotalNs { get; internal set; }

    /// <summary>Exits with a handling time, of all.</summary>
    public ulong Timed { get; internal set; }

    /// <summary>Whether all or most of its time was idle.</summary>
    public bool IsIdle { get; internal set; }

    /// <summary>The longest handling time of wholly busy exits (of all, where the row is idle), ns; null where none was timed.</summary>
    public ulong? MaxNs { get; internal set; }

    /// <summary>The median of the same exits, ns; null before <see cref="Summary.AddDetail"/>, and where no histogram was kept.</summary>
    public ulong? P50Ns { get; internal set; }

    /// <summary>The 99th percentile of the same exits, ns; as for <see cref="P50Ns"/>.</summary>
    public ulong? P99Ns { get; internal set; }

    /// <summary>
    /// Where the time went: of a VM or vCPU its wall clock, as <see cref="WallRow"/> says; of other groups the time of their exits; null
    /// without the split.
    /// </summary>
    public TimeParts? Parts { get; internal set; }

    /// <summary>The wall clock of the VM's or vCPU's time in ns, or of all VMs of the scope where rows are reasons; 0 where not
    /// known.</summary>
    public ulong WallNs { get; internal set; }

    /// <summary>What became of L2's exits; null where none was reflected, or it was not asked for.</summary>
    public ReflectedRounds? Rounds { get; internal set; }

    /// <summary>
    /// Of a VM or vCPU, its reasons with the most busy time, the largest first, at most <see cref="MostReasons"/>; empty before
    /// <see cref="Summary.AddDetail"/>, and where rows are reasons.
    /// </summary>
    public IReadOnlyList<ReasonShare> Reasons => throw new NotImplementedException();

    /// <summary>How many reasons a row names.</summary>
    public const int MostReasons = 6;
}

/// <summary>How much one reason has of a group's exits.</summary>
/// <param name="Code">The reason.</param>
/// <param name="Count">Its exits.</param>
/// <param name="BusyNs">Their busy handling time, ns.</param>
public readonly record struct ReasonShare(ExitCode Code, ulong Count, ulong BusyNs);
