namespace Kvmscope.Core.Exits;

/// <summary>Functions of the SMC calling convention (Arm DEN 0028), by number: PSCI (DEN 0022), TRNG (DEN 0098), paravirtualized time (DEN 0057), KVM's own (include/linux/arm-smccc.h).</summary>
internal static class FirmwareCalls
{
    private const uint Wide = 0x4000_0000; // the 64-bit form of a fast call

    private static readonly Dictionary<uint, string> s_names = new()
    {
        [0x8000_0000] = "SMCCC_VERSION",
        [0x8000_0001] = "SMCCC_ARCH_FEATURES",
        [0x8000_0002] = "SMCCC_ARCH_SOC_ID",
        [0x8000_3fff] = "SMCCC_ARCH_WORKAROUND_3",
        [0x8000_7fff] = "SMCCC_ARCH_WORKAROUND_2",
        [0x8000_8000] = "SMCCC_ARCH_WORKAROUND_1",
        [0x8400_0000] = "PSCI_VERSION",
        [0x8400_0001] = "PSCI_CPU_SUSPEND",
        [0x8400_0002] = "PSCI_CPU_OFF",
        [0x8400_0003] = "PSCI_CPU_ON",
        [0x8400_0004] = "PSCI_AFFINITY_INFO",
        [0x8400_0005] = "PSCI_MIGRATE",
        [0x8400_0006] = "PSCI_MIGRATE_INFO_TYPE",
        [0x8400_0007] = "PSCI_MIGRATE_INFO_UP_CPU",
        [0x8400_0008] = "PSCI_SYSTEM_OFF",
        [0x8400_0009] = "PSCI_SYSTEM_RESET",
        [0x8400_000a] = "PSCI_FEATURES",
        [0x8400_000b] = "PSCI_CPU_FREEZE",
        [0x8400_000e] = "PSCI_SYSTEM_SUSPEND",
        [0x8400_000f] = "PSCI_SET_SUSPEND_MODE",
        [0x8400_0012] = "PSCI_SYSTEM_RESET2",
        [0x8400_0015] = "PSCI_SYSTEM_OFF2",
        [0x8400_0050] = "TRNG_VERSION",
        [0x8400_0051] = "TRNG_FEATURES",
        [0x8400_0052] = "TRNG_GET_UUID",
        [0x8400_0053] = "TRNG_RND",
        [0x8500_0020] = "PV_TIME_FEATURES",
        [0x8500_0021] = "PV_TIME_ST",
        [0x8600_0000] = "KVM_FEATURES",
        [0x8600_0001] = "KVM_PTP",
        [0x8600_0002] = "KVM_HYP_MEMINFO",
        [0x8600_0003] = "KVM_MEM_SHARE",
        [0x8600_0004] = "KVM_MEM_UNSHARE",
        [0x8600_ff01] = "KVM_UID",
    };

    /// <summary>The function's name, the same for its 32-bit and 64-bit form; hexadecimal where it has none.</summary>
    internal static string Name(uint function) =>
        s_names.TryGetValue(function & ~Wide, out string? name) ? name : Hex.Of(function);
}
