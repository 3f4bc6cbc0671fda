namespace Kvmscope.Guests.Kvm;

/// <summary>
/// Requests and constants of the KVM API, with the names of linux/kvm.h. A request's number contains the size of its structure, which the
/// tests check.
/// </summary>
internal static class KvmApi
{
    internal const int ApiVersion = 12;

    // on /dev/kvm
    internal const nuint KVM_GET_API_VERSION = 0xAE00;
    internal const nuint KVM_CREATE_VM = 0xAE01;
    internal const nuint KVM_GET_VCPU_MMAP_SIZE = 0xAE04;
    internal const nuint KVM_GET_SUPPORTED_CPUID = 0xC008AE05;

    // on a VM
    internal const nuint KVM_CREATE_VCPU = 0xAE41;
    internal const nuint KVM_SET_USER_MEMORY_REGION = 0x4020AE46;
    internal const nuint KVM_SET_TSS_ADDR = 0xAE47;
    internal const nuint KVM_CREATE_IRQCHIP = 0xAE60;

    // on a vCPU
    internal const nuint KVM_RUN = 0xAE80;
    internal const nuint KVM_SET_REGS = 0x4090AE82;
    internal const nuint KVM_GET_SREGS = 0x8138AE83;
    internal const nuint KVM_SET_SREGS = 0x4138AE84;
    internal const nuint KVM_GET_MSRS = 0xC008AE88;
    internal const nuint KVM_SET_MSRS = 0x4008AE89;
    internal const nuint KVM_SET_SIGNAL_MASK = 0x4004AE8B;
    internal const nuint KVM_SET_CPUID2 = 0x4008AE90;
    internal const nuint KVM_GET_MP_STATE = 0x8004AE98;
    internal const nuint KVM_SET_MP_STATE = 0x4004AE99;

    internal const uint KVM_MP_STATE_RUNNABLE = 0;
    internal const uint KVM_MP_STATE_HALTED = 3;

    /// <summary>
    /// Entries offered to KVM_GET_SUPPORTED_CPUID; KVM's own limit (KVM_MAX_CPUID_ENTRIES) is 256 in 5.10 and later, 80 before.
    /// </summary>
    internal const int CpuidEntries = 256;
}
