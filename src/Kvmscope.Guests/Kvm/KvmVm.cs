using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Guests.Kvm;

/// <summary>A VM: a KVM file descriptor.</summary>
internal sealed unsafe class KvmVm(KvmDevice device, SafeFileHandle handle) : IDisposable
{
    /// <summary>Gives the guest memory at a guest-physical address, or removes it if the size is 0.</summary>
    internal void SetMemory(nint userspaceAddress, nuint size, ulong physical = 0)
    {
        var region = new KvmMemoryRegion { GuestPhysicalAddress = physical, Size = size, UserspaceAddress = (ulong)userspaceAddress };
        KvmDevice.Control(handle, KvmApi.KVM_SET_USER_MEMORY_REGION, (nint)(&region), "KVM_SET_USER_MEMORY_REGION");
    }

    /// <summary>
    /// Sets where KVM puts 3 pages of its own on an Intel CPU without unrestricted guest: any address that the guest does not use.
    /// </summary>
    internal void SetTssAddress(ulong address) =>
        KvmDevice.Control(handle, KvmApi.KVM_SET_TSS_ADDR, (nint)address, "KVM_SET_TSS_ADDR");

    /// <summary>Gives the VM interrupt controllers in the kernel; HLT then waits in KVM_RUN.</summary>
    internal void CreateIrqchip() => KvmDevice.Control(handle, KvmApi.KVM_CREATE_IRQCHIP, 0, "KVM_CREATE_IRQCHIP");

    /// <summary>arm64: gives the VM an interrupt controller in the kernel; after its vCPUs.</summary>
    internal void CreateGic(ulong distributor, ulong redistributors) => KvmArm.CreateGic(handle, distributor, redistributors);

    /// <summary>arm64: makes a vCPU ready to run.</summary>
    internal void Init(KvmVcpu vcpu, ulong entry, ulong argument) => KvmArm.Init(handle, vcpu.Handle, entry, argument);

    /// <summary>Creates a vCPU.</summary>
    internal KvmVcpu CreateVcpu(int id)
    {
        int fd = KvmDevice.Control(handle, KvmApi.KVM_CREATE_VCPU, id, "KVM_CREATE_VCPU");
        return new KvmVcpu(new SafeFileHandle(fd, ownsHandle: true), device.RunAreaSize);
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();
}

/// <summary>struct kvm_userspace_memory_region.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmMemoryRegion
{
    internal uint Slot, Flags;
    internal ulong GuestPhysicalAddress, Size, UserspaceAddress;
}
