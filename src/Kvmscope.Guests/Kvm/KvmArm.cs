using System.Runtime.InteropServices;
using Kvmscope.Core;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Guests.Kvm;

/// <summary>KVM's API on arm64, with the names of linux/kvm.h and arch/arm64/include/uapi/asm/kvm.h.</summary>
internal static unsafe class KvmArm
{
    private const nuint KVM_CREATE_DEVICE = 0xC00CAEE0, KVM_SET_DEVICE_ATTR = 0x4018AEE1;
    private const nuint KVM_ARM_PREFERRED_TARGET = 0x8020AEAF, KVM_ARM_VCPU_INIT = 0x4020AEAE, KVM_SET_ONE_REG = 0x4010AEAC;
    private const uint KVM_DEV_TYPE_ARM_VGIC_V3 = 7, KVM_DEV_ARM_VGIC_GRP_ADDR = 0, KVM_DEV_ARM_VGIC_GRP_CTRL = 4;
    private const ulong KVM_VGIC_V3_ADDR_TYPE_DIST = 2, KVM_VGIC_V3_ADDR_TYPE_REDIST = 3, KVM_DEV_ARM_VGIC_CTRL_INIT = 0;
    private const uint KVM_ARM_VCPU_PSCI_0_2 = 2;

    /// <summary>A core register: KVM_REG_ARM64, 64 bits, KVM_REG_ARM_CORE; the rest is its offset in struct kvm_regs, in words.</summary>
    private const ulong CoreRegister = 0x6030_0000_0010_0000;
    private const ulong X0 = 0, Pc = 2 * 32;

    [StructLayout(LayoutKind.Sequential)]
    private struct VcpuInit
    {
        internal uint Target;
        internal fixed uint Features[7];
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct OneRegister
    {
        internal ulong Id, Address;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Device
    {
        internal uint Type, Fd, Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct DeviceAttribute
    {
        internal uint Flags, Group;
        internal ulong Attribute, Address;
    }

    /// <summary>Sets the CPU type of the vCPU (the host's), PSCI, and its start address and argument.</summary>
    internal static void Init(SafeFileHandle vm, SafeFileHandle vcpu, ulong entry, ulong argument)
    {
        VcpuInit init;
        KvmDevice.Control(vm, KVM_ARM_PREFERRED_TARGET, (nint)(&init), "KVM_ARM_PREFERRED_TARGET");
        init.Features[0] |= 1u << (int)KVM_ARM_VCPU_PSCI_0_2;
        KvmDevice.Control(vcpu, KVM_ARM_VCPU_INIT, (nint)(&init), "KVM_ARM_VCPU_INIT");
        Set(vcpu, X0, argument);
        Set(vcpu, Pc, entry);
    }

    /// <summary>Creates a GICv3 in the kernel, after all vCPUs. It lives as long as the VM.</summary>
    /// <exception cref="KvmscopeException">The host does not have one (status 1).</exception>
    internal static void CreateGic(SafeFileHandle vm, ulong distributor, ulong redistributors)
    {
        Device device = new() { Type = KVM_DEV_TYPE_ARM_VGIC_V3 };
        KvmDevice.Control(vm, KVM_CREATE_DEVICE, (nint)(&device), "KVM_CREATE_DEVICE (GICv3)");
        using var gic = new SafeFileHandle((nint)device.Fd, ownsHandle: true);
        Set(gic, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &distributor);
        Set(gic, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &redistributors);
        Set(gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, null);
    }

    private static void Set(SafeFileHandle gic, uint group, ulong attribute, ulong* value)
    {
        DeviceAttribute argument = new() { Group = group, Attribute = attribute, Address = (ulong)value };
        KvmDevice.Control(gic, KVM_SET_DEVICE_ATTR, (nint)(&argument), "KVM_SET_DEVICE_ATTR (GICv3)");
    }

    private static void Set(SafeFileHandle vcpu, ulong register, ulong value)
    {
        OneRegister argument = new() { Id = CoreRegister | register, Address = (ulong)&value };
        KvmDevice.Control(vcpu, KVM_SET_ONE_REG, (nint)(&argument), "KVM_SET_ONE_REG");
    }
}
