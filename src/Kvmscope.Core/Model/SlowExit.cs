using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>One exit whose handling took at least the threshold.</summary>
/// <param name="At">Wall-clock time at which the handling ended (the kvm_entry).</param>
/// <param name="Vm">Whose it was.</param>
/// <param name="Vcpu">vCPU id as the VMM numbered it.</param>
/// <param name="Tid">The thread that ran the vCPU.</param>
/// <param name="Cpu">The host CPU on which the handling ended.</param>
/// <param name="Level">L1 or L2.</param>
/// <param name="Code">The reason, raw.</param>
/// <param name="DurationNs">Handling time in ns.</param>
public readonly record struct SlowExit(
    DateTimeOffset At, VmIdentity Vm, int Vcpu, int Tid, int Cpu, ExitLevel Level, ExitCode Code, ulong DurationNs);
