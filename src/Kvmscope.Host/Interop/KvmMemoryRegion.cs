using System.Runtime.InteropServices;

namespace Kvmscope.Host;

/// <summary>struct kvm_userspace_memory_region.</summary>
[StructLayout(LayoutKind.Sequential)]
struct KvmMemoryRegion
{
    internal uint Slot, Flags;
    internal ulong GuestPhysicalAddress, Size, UserspaceAddress;
}
