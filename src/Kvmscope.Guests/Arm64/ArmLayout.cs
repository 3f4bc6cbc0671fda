namespace Kvmscope.Guests.Arm64;

/// <summary>
/// The layout of the guest-physical memory of a built-in guest on arm64. The blocks of the vCPUs have the layout of
/// <see cref="GuestLayout"/>.
/// </summary>
internal static class ArmLayout
{
    /// <summary>The first vCPU's block.</summary>
    internal const ulong Ram = 0x4000_0000;

    /// <summary>The interrupt controller in the kernel: where QEMU's virt has it.</summary>
    internal const uint GicDistributor = 0x0800_0000, GicRedistributors = 0x080a_0000;

    /// <summary>The redistributor of a vCPU: two frames of 64 KB, the second for private interrupts.</summary>
    internal const uint RedistributorSize = 0x2_0000, RedistributorFrame = 0x1_0000;

    /// <summary>GICD_TYPER: a read that the kernel answers.</summary>
    internal const uint GicType = GicDistributor + 4;

    /// <summary>A write to this address ends the guest (the UART of virt).</summary>
    internal const uint Stop = 0x0900_0000;

    /// <summary>Pages that the VMM serves (virtio-mmio of virt): at the second the VMM sleeps, at the third it is busy.</summary>
    internal const uint Mmio = 0x0a00_0000, Slow = Mmio + 0x1000, Spin = Mmio + 0x2000;

    /// <summary>The end of the pages that the VMM serves.</summary>
    internal const uint MmioEnd = Mmio + 0x10_0000;

    /// <summary>In a block: pages that are not touched before the plan.</summary>
    internal const int Faults = 0x10_0000, MaxFaults = (GuestLayout.BlockSize - Faults) / 4096;

    // in the parameters
    internal const int NextFault = GuestLayout.Parameters + 0x48;
}
