namespace Kvmscope.Core.Model;

/// <summary>Where a vCPU's wall-clock time went. The parts of a vCPU add up to the time that it was observed.</summary>
public enum TimePart
{
    /// <summary>The guest ran (L1 or L2).</summary>
    Guest,

    /// <summary>KVM handled an exit, on the CPU.</summary>
    Kvm,

    /// <summary>The vCPU's thread was in user space, running or waiting: from the return of KVM_RUN to the next.</summary>
    Vmm,

    /// <summary>The thread could run and waited for a CPU.</summary>
    Runq,

    /// <summary>The vCPU was halted, and its thread slept (HLT and the like).</summary>
    Halt,

    /// <summary>The vCPU was halted, and KVM polled for its wake-up on the CPU.</summary>
    Poll,

    /// <summary>The thread slept in the kernel for another reason (a page that comes from disk, a lock).</summary>
    Sleep,

    /// <summary>What could not be attributed.</summary>
    Unattributed,
}
