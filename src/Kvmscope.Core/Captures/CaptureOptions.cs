using Kvmscope.Core.Model;

namespace Kvmscope.Core.Captures;

/// <summary>What is made of a capture.</summary>
public sealed record CaptureOptions
{
    /// <summary>How long an interval is, ns.</summary>
    public long IntervalNs { get; init; } = 1_000_000_000;

    /// <summary>Exits of at least this handling time are kept one by one, in ns; 0: none.</summary>
    public ulong SlowNs { get; init; }

    /// <summary>Whether reflected exits are followed: the capture has the events that tell when L1 and L2 are entered.</summary>
    public bool WantNested { get; init; }

    /// <summary>Whether the wall clock is split: the capture has sched_switch.</summary>
    public bool WantSplit { get; init; }

    /// <summary>Wall-clock time at which the capture's clock was 0.</summary>
    public DateTimeOffset Zero { get; init; } = DateTimeOffset.UnixEpoch;

    /// <summary>How many vCPUs are kept apart at once; events of further ones are counted as dropped.</summary>
    public int MostVcpus { get; init; } = Accounting.MostVcpus;

    /// <summary>How many slow exits an interval has at most; further ones are counted as lost.</summary>
    public int MostSlow { get; init; } = 10_000;
}
