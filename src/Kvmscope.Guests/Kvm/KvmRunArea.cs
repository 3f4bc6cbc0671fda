using System.Runtime.InteropServices;

namespace Kvmscope.Guests.Kvm;

/// <summary>The head of struct kvm_run: what KVM and its user tell each other about one vCPU.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32 + 256)]
internal unsafe struct KvmRunArea
{
    [FieldOffset(1)] internal byte ImmediateExit;
    [FieldOffset(8)] internal KvmExitReason ExitReason;

    // KVM_EXIT_IO
    [FieldOffset(32)] internal byte IoDirection;
    [FieldOffset(33)] internal byte IoSize;
    [FieldOffset(34)] internal ushort IoPort;
    [FieldOffset(36)] internal uint IoCount;
    [FieldOffset(40)] internal ulong IoDataOffset;

    // KVM_EXIT_MMIO
    [FieldOffset(32)] internal ulong MmioAddress;
    [FieldOffset(40)] internal fixed byte MmioData[8];
    [FieldOffset(52)] internal byte MmioIsWrite;

    // KVM_EXIT_FAIL_ENTRY
    [FieldOffset(32)] internal ulong HardwareEntryFailureReason;

    // KVM_EXIT_INTERNAL_ERROR
    [FieldOffset(32)] internal uint Suberror;
}

/// <summary>Why KVM_RUN returned (KVM_EXIT_* of linux/kvm.h); not a VM exit's reason.</summary>
internal enum KvmExitReason : uint
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
