namespace Kvmscope.Core.Exits;

/// <summary>Names of leaves, hypercalls, pages, vectors and registers that exits are about.</summary>
internal static class QualifierTables
{
    /// <summary>CPUID leaves by what they tell (SDM volume 2, APM volume 3; 0x40000000: include/uapi/asm/kvm_para.h).</summary>
    internal static readonly Dictionary<uint, string> Leaves = new()
    {
        [0] = "vendor",
        [1] = "features",
        [2] = "cache",
        [4] = "cache",
        [5] = "MWAIT",
        [6] = "power",
        [7] = "features",
        [0xa] = "PMU",
        [0xb] = "topology",
        [0xd] = "XSAVE",
        [0x12] = "SGX",
        [0x14] = "trace",
        [0x15] = "TSC",
        [0x16] = "frequency",
        [0x18] = "TLB",
        [0x1d] = "AMX",
        [0x1f] = "topology",
        [0x4000_0000] = "hypervisor",
        [0x4000_0001] = "KVM features",
        [0x8000_0000] = "extended",
        [0x8000_0001] = "features",
        [0x8000_0002] = "brand",
        [0x8000_0003] = "brand",
        [0x8000_0004] = "brand",
        [0x8000_0005] = "cache",
        [0x8000_0006] = "cache",
        [0x8000_0007] = "power",
        [0x8000_0008] = "address sizes",
        [0x8000_000a] = "SVM",
        [0x8000_001d] = "cache",
        [0x8000_001e] = "topology",
        [0x8000_001f] = "encryption",
        [0x8000_0026] = "topology",
    };

    /// <summary>KVM's hypercalls (include/uapi/linux/kvm_para.h).</summary>
    internal static readonly Dictionary<uint, string> KvmCalls = new()
    {
        [1] = "KVM_HC_VAPIC_POLL_IRQ",
        [2] = "KVM_HC_MMU_OP",
        [3] = "KVM_HC_FEATURES",
        [4] = "KVM_HC_PPC_MAP_MAGIC_PAGE",
        [5] = "KVM_HC_KICK_CPU",
        [9] = "KVM_HC_CLOCK_PAIRING",
        [10] = "KVM_HC_SEND_IPI",
        [11] = "KVM_HC_SCHED_YIELD",
        [12] = "KVM_HC_MAP_GPA_RANGE",
    };

    /// <summary>Hyper-V's hypercalls (TLFS, appendix A; asm-generic/hyperv-tlfs.h).</summary>
    internal static readonly Dictionary<uint, string> HypervCalls = new()
    {
        [0x2] = "HvFlushVirtualAddressSpace",
        [0x3] = "HvFlushVirtualAddressList",
        [0x8] = "HvNotifyLongSpinWait",
        [0xb] = "HvSendSyntheticClusterIpi",
        [0x13] = "HvFlushVirtualAddressSpaceEx",
        [0x14] = "HvFlushVirtualAddressListEx",
        [0x15] = "HvSendSyntheticClusterIpiEx",
        [0x5c] = "HvPostMessage",
        [0x5d] = "HvSignalEvent",
        [0x69] = "HvPostDebugData",
        [0x6a] = "HvRetrieveDebugData",
        [0x6b] = "HvResetDebugSession",
        [0x87] = "HvGetVpRegisters",
        [0xaf] = "HvFlushGuestPhysicalAddressSpace",
        [0xb0] = "HvFlushGuestPhysicalAddressList",
    };

    /// <summary>Whose page of guest-physical memory it is, as PC firmware and VMMs lay it out; null where that cannot be told.</summary>
    internal static string? DeviceOf(ulong page) => page switch
    {
        0xfec0_0000 => "IOAPIC",
        0xfed0_0000 => "HPET",
        0xfed4_0000 => "TPM",
        0xfee0_0000 => "local APIC",
        >= 0xfec0_0000 and <= 0xffff_ffff => null,
        >= 0xb000_0000 and <= 0xbfff_ffff => "PCI config or BAR",
        >= 0xc000_0000 and < 0xfec0_0000 => "PCI BAR",
        >= 0xa_0000 and < 0xc_0000 => "VGA",
        _ => null,
    };

    /// <summary>The host's own interrupt vectors (arch/x86/include/asm/irq_vectors.h; those that are the same from 5.10 to 7.2).</summary>
    internal static readonly Dictionary<uint, string> Vectors = new()
    {
        [0xec] = "local timer",
        [0xf0] = "posted interrupt, nested",
        [0xf1] = "posted interrupt, wake-up",
        [0xf2] = "posted interrupt",
        [0xf6] = "IRQ work",
        [0xf7] = "platform IPI",
        [0xf8] = "reboot",
        [0xf9] = "threshold APIC",
        [0xfa] = "thermal",
        [0xfb] = "call function, one CPU",
        [0xfc] = "call function",
        [0xfd] = "reschedule",
        [0xfe] = "APIC error",
        [0xff] = "spurious",
    };

    /// <summary>Exceptions by vector (SDM volume 3, 6.3).</summary>
    internal static readonly Dictionary<uint, string> Exceptions = new()
    {
        [0] = "#DE",
        [1] = "#DB",
        [2] = "NMI",
        [3] = "#BP",
        [4] = "#OF",
        [5] = "#BR",
        [6] = "#UD",
        [7] = "#NM",
        [8] = "#DF",
        [10] = "#TS",
        [11] = "#NP",
        [12] = "#SS",
        [13] = "#GP",
        [14] = "#PF",
        [16] = "#MF",
        [17] = "#AC",
        [18] = "#MC",
        [19] = "#XM",
        [20] = "#VE",
        [21] = "#CP",
    };

    /// <summary>Registers of the local APIC by offset (SDM volume 3, table 11-1).</summary>
    internal static readonly Dictionary<uint, string> ApicRegisters = new()
    {
        [0x20] = "ID",
        [0x30] = "LVR",
        [0x80] = "TASKPRI",
        [0x90] = "ARBPRI",
        [0xa0] = "PROCPRI",
        [0xb0] = "EOI",
        [0xc0] = "RRR",
        [0xd0] = "LDR",
        [0xe0] = "DFR",
        [0xf0] = "SPIV",
        [0x280] = "ESR",
        [0x2f0] = "LVTCMCI",
        [0x300] = "ICR",
        [0x310] = "ICR2",
        [0x320] = "LVTT",
        [0x330] = "LVTTHMR",
        [0x340] = "LVTPC",
        [0x350] = "LVT0",
        [0x360] = "LVT1",
        [0x370] = "LVTERR",
        [0x380] = "TMICT",
        [0x390] = "TMCCT",
        [0x3e0] = "TDCR",
        [0x3f0] = "SELF_IPI",
    };
}
