using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>One exit whose handling took at least the threshold.</summary>
/// <param name="At">Wall-clock time at which the handling ended (the kvm_entry).</param>
/// <param name="Vm">The VM.</param>
/// <param name="Vcpu">vCPU id as the VMM numbered it; negative where a capture does not say it.</param>
/// <param name="Tid">The thread that ran the vCPU.</param>
/// <param name="Cpu">The host CPU on which the handling ended.</param>
/// <param name="Level">L1 or L2.</param>
/// <param name="Code">The reason, raw.</param>
/// <param name="DurationNs">Handling time in ns.</param>
public readonly record struct SlowExit(
    DateTimeOffset At, VmIdentity Vm, int Vcpu, int Tid, int Cpu, ExitLevel Level, ExitCode Code, ulong DurationNs)
{
    /// <summary>The vCPU's id; null where it is not known.</summary>
    public int? VcpuId => Vcpu < 0 ? null : Vcpu;

    /// <summary>The reason's argument; none where it was not asked for.</summary>
    public Qualifier Qualifier { get; init; }

    /// <summary>
    /// The guest's instruction pointer: at the exit on SVM; on VMX where the guest goes on, if KVM has read it. Null where not known.
    /// </summary>
    public ulong? Rip { get; init; }

    /// <summary>The host CPU on which the exit happened (the thread may be moved while it is handled); null where not asked for.</summary>
    public int? CpuAtExit { get; init; }

    /// <summary>Where the handling time went; null where not asked for.</summary>
    public TimeParts? Parts { get; init; }

    /// <summary>
    /// The task that had the CPU for which the thread waited longest; null where it did not wait or it was not asked for.
    /// </summary>
    public TaskIdentity? RanInstead { get; init; }
}

/// <summary>A task of this host.</summary>
/// <param name="Pid">Its thread id.</param>
/// <param name="Name">Its command name (comm), as the kernel keeps it: up to 15 bytes.</param>
public sealed record TaskIdentity(int Pid, string Name);
