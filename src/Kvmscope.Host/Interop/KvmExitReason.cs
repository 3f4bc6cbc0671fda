namespace Kvmscope.Host;

/// <summary>Why KVM_RUN returned (KVM_EXIT_* of linux/kvm.h); not a VM exit's reason.</summary>
enum KvmExitReason : uint
{
    Unknown = 0,
    Exception = 1,
    Io = 2,
    Hypercall = 3,
    Debug = 4,
    Halt = 5,
    Mmio = 6,
    IrqWindowOpen = 7,
    Shutdown = 8,
    FailEntry = 9,
    Interrupted = 10,
    InternalError = 17,
}
