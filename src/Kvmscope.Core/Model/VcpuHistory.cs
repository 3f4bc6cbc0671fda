using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>The last exits of one vCPU, and how it ended or where it is.</summary>
/// <param name="Vm">The VM.</param>
/// <param name="Vcpu">The vCPU's id as the VMM numbered it.</param>
/// <param name="Tid">The thread that ran it last.</param>
/// <param name="At">When this was true: the end of the vCPU, or the reading.</param>
/// <param name="HasEnded">Whether the vCPU has ended.</param>
public sealed record VcpuHistory(VmIdentity Vm, int Vcpu, int Tid, DateTimeOffset At, bool HasEnded)
{
    /// <summary>Where it was then.</summary>
    public VcpuPlace Place { get; init; }

    /// <summary>How KVM_RUN returned last; null where it did not since the trace began.</summary>
    public VmmReturn? LastReturn { get; init; }

    /// <summary>How many exits it made since the trace began, those included that are not kept.</summary>
    public ulong Seen { get; init; }

    /// <summary>How many of the kept exits were being written when they were read, and are left out.</summary>
    public int Unread { get; init; }

    /// <summary>The exits, the oldest first.</summary>
    public IReadOnlyList<LastExit> Exits { get; init; } = [];

    /// <summary>
    /// Whether the last return to the VMM says that the vCPU cannot go on (<see cref="VmmReason.IsAbnormal"/>), and the VMM did not run it
    /// again.
    /// </summary>
    public bool IsAbnormal => Place != VcpuPlace.KvmRun && LastReturn is { Reason.IsAbnormal: true };
}

/// <summary>How KVM_RUN returned.</summary>
/// <param name="Reason">What with.</param>
/// <param name="At">When.</param>
/// <param name="Detail">The number that kvm_run has besides; null where the reason has none.</param>
/// <param name="BeforeNs">How long before <see cref="VcpuHistory.At"/>, in ns.</param>
public sealed record VmmReturn(VmmReason Reason, DateTimeOffset At, ulong? Detail, ulong BeforeNs);

/// <summary>One of a vCPU's last exits.</summary>
/// <param name="Number">Which exit of its vCPU since the trace began, from 1.</param>
/// <param name="At">When it exited.</param>
/// <param name="SinceLastNs">How long after the exit before it, in ns; null where that one is not kept.</param>
/// <param name="Level">L1 or L2.</param>
/// <param name="Code">The reason, raw.</param>
public sealed record LastExit(ulong Number, DateTimeOffset At, ulong? SinceLastNs, ExitLevel Level, ExitCode Code)
{
    /// <summary>The reason's argument.</summary>
    public Qualifier Qualifier { get; init; }

    /// <summary>The guest's instruction pointer, as in <see cref="SlowExit.Rip"/>; null where not known.</summary>
    public ulong? Rip { get; init; }

    /// <summary>Its handling time in ns; null where no entry followed.</summary>
    public ulong? HandlingNs { get; init; }

    /// <summary>What KVM_RUN returned with last while it was handled; null where KVM handled it alone.</summary>
    public VmmReason? Return { get; init; }

    /// <summary>How often KVM_RUN returned while it was handled.</summary>
    public uint Returns { get; init; }
}
