namespace Kvmscope.Core.Exits;

/// <summary>The usual device of an I/O port on a PC, as QEMU and other VMMs lay them out. A VMM may put another there.</summary>
internal static class PortNames
{
    private static readonly (ushort First, ushort Last, string Device)[] s_ranges =
    [
        (0x00, 0x0f, "DMA"), (0x20, 0x21, "PIC"), (0x40, 0x43, "PIT"), (0x60, 0x60, "keyboard"), (0x61, 0x61, "PIT gate, speaker"),
        (0x64, 0x64, "keyboard"), (0x70, 0x71, "CMOS, RTC"), (0x80, 0x80, "POST code, delay"), (0x81, 0x8f, "DMA pages"), (0x92, 0x92, "A20, reset"),
        (0xa0, 0xa1, "PIC"), (0xb2, 0xb3, "APM, SMI"), (0xc0, 0xdf, "DMA"), (0xe9, 0xe9, "debug console"), (0xed, 0xed, "delay"), (0xf0, 0xf1, "FPU"),
        (0x170, 0x177, "IDE"), (0x1ce, 0x1cf, "VBE"), (0x1f0, 0x1f7, "IDE"), (0x278, 0x27f, "parallel"), (0x2e8, 0x2ef, "serial COM4"),
        (0x2f8, 0x2ff, "serial COM2"), (0x376, 0x376, "IDE"), (0x378, 0x37f, "parallel"), (0x3b0, 0x3df, "VGA"), (0x3e8, 0x3ef, "serial COM3"),
        (0x3f0, 0x3f5, "floppy"), (0x3f6, 0x3f6, "IDE"), (0x3f7, 0x3f7, "floppy"), (0x3f8, 0x3ff, "serial COM1"), (0x402, 0x402, "firmware debug"),
        (0x4d0, 0x4d1, "PIC"), (0x510, 0x51b, "fw_cfg"), (0x600, 0x607, "ACPI PM"), (0x608, 0x60b, "ACPI PM timer"), (0x620, 0x62f, "ACPI GPE"),
        (0xae00, 0xae1f, "PCI hotplug"), (0xaf00, 0xaf1f, "CPU hotplug"), (0xafe0, 0xafe3, "ACPI GPE"), (0xcf8, 0xcf8, "PCI config address"),
        (0xcf9, 0xcf9, "reset"), (0xcfc, 0xcff, "PCI config data"), (0x5658, 0x5659, "VMware backdoor"),
    ];

    /// <summary>The device; null where there is no usual one.</summary>
    internal static string? DeviceOf(ushort port)
    {
        foreach ((ushort first, ushort last, string device) in s_ranges)
            if (port >= first && port <= last) return device;
        return null;
    }
}
