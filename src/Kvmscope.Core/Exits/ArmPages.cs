namespace Kvmscope.Core.Exits;

/// <summary>Whose page of guest-physical memory it is on arm64, as QEMU's machine virt lays it out (hw/arm/virt.c); other VMMs differ, so the address is always shown too.</summary>
internal static class ArmPages
{
    internal static string? DeviceOf(ulong page) => page switch
    {
        >= 0x0800_0000 and < 0x0801_0000 => "GIC distributor",
        >= 0x0801_0000 and < 0x0802_0000 => "GICv2 CPU interface",
        >= 0x0802_0000 and < 0x0803_0000 => "GICv2m",
        >= 0x0808_0000 and < 0x080a_0000 => "GIC ITS",
        >= 0x080a_0000 and < 0x0900_0000 => "GIC redistributor",
        0x0900_0000 => "PL011 UART",
        0x0901_0000 => "PL031 RTC",
        0x0902_0000 => "fw_cfg",
        0x0903_0000 => "PL061 GPIO",
        >= 0x0a00_0000 and < 0x0a00_4000 => "virtio-mmio",
        >= 0x1000_0000 and < 0x3eff_0000 => "PCI BAR",
        >= 0x3eff_0000 and < 0x3f00_0000 => "PCI I/O",
        >= 0x3f00_0000 and < 0x4000_0000 => "PCI config",
        _ => null,
    };
}
