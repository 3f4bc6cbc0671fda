namespace Kvmscope.Guests;

/// <summary>
/// One kind of work of a built-in guest. Each makes exactly one VM exit each time, always with the same reason, except where noted.
/// </summary>
public enum GuestWork
{
    /// <summary>CPUID leaf 0.</summary>
    Cpuid,

    /// <summary>OUT of one byte to a port of the VMM.</summary>
    PortOut,

    /// <summary>IN of one byte from a port of the VMM.</summary>
    PortIn,

    /// <summary>
    /// A 4-byte write to absent guest-physical memory. NPF on SVM, EPT_MISCONFIG on VMX (see <see cref="GuestExpectations"/>).
    /// </summary>
    MmioWrite,

    /// <summary>A 4-byte read of the same.</summary>
    MmioRead,

    /// <summary>RDMSR of IA32_MISC_ENABLE, which KVM never passes through and emulates in the kernel.</summary>
    MsrRead,

    /// <summary>WRMSR of IA32_MISC_ENABLE, with its current value.</summary>
    MsrWrite,

    /// <summary>
    /// HLT without an interrupt controller in the kernel: goes to the VMM, which continues the guest at once. In L2: reflected to L1.
    /// </summary>
    Hlt,

    /// <summary>
    /// HLT with an interrupt controller in the kernel: waits in the kernel until the VMM's timer wakes the vCPU. Not in a plan with
    /// <see cref="Hlt"/>; not in L2.
    /// </summary>
    HltInKernel,

    /// <summary>VMCALL or VMMCALL (KVM_HC_VAPIC_POLL_IRQ, which does nothing); on arm64 HVC (PSCI_VERSION).</summary>
    Hypercall,

    /// <summary>OUT to the port on which the VMM sleeps every <see cref="BuiltInGuestOptions.SlowEvery"/>-th time.</summary>
    SlowPort,

    /// <summary>OUT to the port on which the VMM is busy every <see cref="BuiltInGuestOptions.SlowEvery"/>-th time.</summary>
    PortSpin,

    /// <summary>arm64: SMC with the PSCI function of <see cref="Hypercall"/>, which is HVC there.</summary>
    SecureCall,

    /// <summary>arm64: a read of ID_AA64ISAR0_EL1.</summary>
    SystemRead,

    /// <summary>arm64: a write of OSLAR_EL1.</summary>
    SystemWrite,

    /// <summary>arm64: a write of ICC_SGI1R_EL1 that reaches no CPU.</summary>
    Sgi,

    /// <summary>arm64: WFI, ended by the virtual timer.</summary>
    Wfi,

    /// <summary>arm64: a read of the interrupt controller in the kernel, GICD_TYPER.</summary>
    GicRead,

    /// <summary>arm64: the first write to a page of memory: a stage-2 fault.</summary>
    Fault,

    /// <summary>One round of an empty loop: no exit.</summary>
    Spin,

    /// <summary>100 CPUID, timed by the guest with RDTSC: 100 exits each time. Not in L2.</summary>
    CostBatch,
}
