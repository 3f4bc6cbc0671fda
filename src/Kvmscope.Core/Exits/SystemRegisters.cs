using System.Globalization;

namespace Kvmscope.Core.Exits;

/// <summary>System registers and instructions of arm64 that KVM traps, by encoding (op0, op1, CRn, CRm, op2; Arm ARM, D24; arch/arm64/tools/sysreg).</summary>
internal static class SystemRegisters
{
    private static readonly Dictionary<(uint Op0, uint Op1, uint Crn, uint Crm, uint Op2), string> s_names = new()
    {
        [(3, 0, 0, 0, 0)] = "MIDR_EL1",
        [(3, 0, 0, 0, 5)] = "MPIDR_EL1",
        [(3, 0, 0, 0, 6)] = "REVIDR_EL1",
        [(3, 0, 0, 1, 0)] = "ID_PFR0_EL1",
        [(3, 0, 0, 1, 1)] = "ID_PFR1_EL1",
        [(3, 0, 0, 1, 2)] = "ID_DFR0_EL1",
        [(3, 0, 0, 4, 0)] = "ID_AA64PFR0_EL1",
        [(3, 0, 0, 4, 1)] = "ID_AA64PFR1_EL1",
        [(3, 0, 0, 4, 4)] = "ID_AA64ZFR0_EL1",
        [(3, 0, 0, 4, 5)] = "ID_AA64SMFR0_EL1",
        [(3, 0, 0, 5, 0)] = "ID_AA64DFR0_EL1",
        [(3, 0, 0, 5, 1)] = "ID_AA64DFR1_EL1",
        [(3, 0, 0, 6, 0)] = "ID_AA64ISAR0_EL1",
        [(3, 0, 0, 6, 1)] = "ID_AA64ISAR1_EL1",
        [(3, 0, 0, 6, 2)] = "ID_AA64ISAR2_EL1",
        [(3, 0, 0, 7, 0)] = "ID_AA64MMFR0_EL1",
        [(3, 0, 0, 7, 1)] = "ID_AA64MMFR1_EL1",
        [(3, 0, 0, 7, 2)] = "ID_AA64MMFR2_EL1",
        [(3, 1, 0, 0, 0)] = "CCSIDR_EL1",
        [(3, 1, 0, 0, 1)] = "CLIDR_EL1",
        [(3, 1, 0, 0, 7)] = "AIDR_EL1",
        [(3, 2, 0, 0, 0)] = "CSSELR_EL1",
        [(3, 3, 0, 0, 1)] = "CTR_EL0",
        [(3, 0, 1, 0, 0)] = "SCTLR_EL1",
        [(3, 0, 1, 0, 1)] = "ACTLR_EL1",
        [(3, 0, 1, 0, 2)] = "CPACR_EL1",
        [(3, 0, 2, 0, 0)] = "TTBR0_EL1",
        [(3, 0, 2, 0, 1)] = "TTBR1_EL1",
        [(3, 0, 2, 0, 2)] = "TCR_EL1",
        [(3, 0, 5, 1, 0)] = "AFSR0_EL1",
        [(3, 0, 5, 1, 1)] = "AFSR1_EL1",
        [(3, 0, 5, 2, 0)] = "ESR_EL1",
        [(3, 0, 6, 0, 0)] = "FAR_EL1",
        [(3, 0, 10, 2, 0)] = "MAIR_EL1",
        [(3, 0, 10, 3, 0)] = "AMAIR_EL1",
        [(3, 0, 13, 0, 1)] = "CONTEXTIDR_EL1",
        [(3, 0, 4, 6, 0)] = "ICC_PMR_EL1",
        [(3, 0, 12, 8, 0)] = "ICC_IAR0_EL1",
        [(3, 0, 12, 8, 1)] = "ICC_EOIR0_EL1",
        [(3, 0, 12, 11, 1)] = "ICC_DIR_EL1",
        [(3, 0, 12, 11, 3)] = "ICC_RPR_EL1",
        [(3, 0, 12, 11, 5)] = "ICC_SGI1R_EL1",
        [(3, 0, 12, 11, 6)] = "ICC_ASGI1R_EL1",
        [(3, 0, 12, 11, 7)] = "ICC_SGI0R_EL1",
        [(3, 0, 12, 12, 0)] = "ICC_IAR1_EL1",
        [(3, 0, 12, 12, 1)] = "ICC_EOIR1_EL1",
        [(3, 0, 12, 12, 2)] = "ICC_HPPIR1_EL1",
        [(3, 0, 12, 12, 3)] = "ICC_BPR1_EL1",
        [(3, 0, 12, 12, 4)] = "ICC_CTLR_EL1",
        [(3, 0, 12, 12, 5)] = "ICC_SRE_EL1",
        [(3, 0, 12, 12, 6)] = "ICC_IGRPEN0_EL1",
        [(3, 0, 12, 12, 7)] = "ICC_IGRPEN1_EL1",
        [(3, 3, 14, 0, 0)] = "CNTFRQ_EL0",
        [(3, 3, 14, 0, 1)] = "CNTPCT_EL0",
        [(3, 3, 14, 0, 2)] = "CNTVCT_EL0",
        [(3, 3, 14, 2, 0)] = "CNTP_TVAL_EL0",
        [(3, 3, 14, 2, 1)] = "CNTP_CTL_EL0",
        [(3, 3, 14, 2, 2)] = "CNTP_CVAL_EL0",
        [(3, 3, 14, 3, 0)] = "CNTV_TVAL_EL0",
        [(3, 3, 14, 3, 1)] = "CNTV_CTL_EL0",
        [(3, 3, 14, 3, 2)] = "CNTV_CVAL_EL0",
        [(3, 3, 9, 12, 0)] = "PMCR_EL0",
        [(3, 3, 9, 12, 1)] = "PMCNTENSET_EL0",
        [(3, 3, 9, 12, 2)] = "PMCNTENCLR_EL0",
        [(3, 3, 9, 12, 3)] = "PMOVSCLR_EL0",
        [(3, 3, 9, 12, 4)] = "PMSWINC_EL0",
        [(3, 3, 9, 12, 5)] = "PMSELR_EL0",
        [(3, 3, 9, 12, 6)] = "PMCEID0_EL0",
        [(3, 3, 9, 12, 7)] = "PMCEID1_EL0",
        [(3, 3, 9, 13, 0)] = "PMCCNTR_EL0",
        [(3, 3, 9, 13, 1)] = "PMXEVTYPER_EL0",
        [(3, 3, 9, 13, 2)] = "PMXEVCNTR_EL0",
        [(3, 3, 9, 14, 0)] = "PMUSERENR_EL0",
        [(3, 0, 9, 14, 1)] = "PMINTENSET_EL1",
        [(3, 0, 9, 14, 2)] = "PMINTENCLR_EL1",
        [(3, 3, 9, 14, 3)] = "PMOVSSET_EL0",
        [(3, 3, 14, 15, 7)] = "PMCCFILTR_EL0",
        [(2, 0, 0, 2, 2)] = "MDSCR_EL1",
        [(2, 0, 1, 0, 4)] = "OSLAR_EL1",
        [(2, 0, 1, 1, 4)] = "OSLSR_EL1",
        [(2, 0, 1, 3, 4)] = "OSDLR_EL1",
        [(2, 0, 1, 4, 4)] = "DBGPRCR_EL1",
        [(2, 0, 0, 0, 2)] = "OSDTRRX_EL1",
        [(2, 0, 0, 3, 2)] = "OSDTRTX_EL1",
        [(2, 0, 7, 14, 6)] = "DBGAUTHSTATUS_EL1",
        [(1, 0, 7, 6, 2)] = "DC_ISW",
        [(1, 0, 7, 10, 2)] = "DC_CSW",
        [(1, 0, 7, 14, 2)] = "DC_CISW",
        [(1, 0, 7, 8, 0)] = "AT_S1E1R",
        [(1, 0, 7, 8, 1)] = "AT_S1E1W",
    };

    /// <summary>op0, op1, CRn, CRm and op2 of a syndrome.</summary>
    internal static ulong[] Encoding(ulong raw)
    {
        var (op0, op1, crn, crm, op2) = Split(raw);
        return [op0, op1, crn, crm, op2];
    }

    /// <summary>The register's name; <c>S3_0_C12_C11_5</c>, as assemblers write it, where it has none here.</summary>
    internal static string Name(ulong raw)
    {
        var key = Split(raw);
        if (s_names.TryGetValue(key, out string? name)) return name;
        var (op0, op1, crn, crm, op2) = key;
        if (op0 == 2 && op1 == 0 && crn == 0 && op2 >= 4) return Debug(crm, op2);
        if (op0 == 3 && op1 == 3 && crn == 14 && crm is >= 8 and <= 11) return Counter("PMEVCNTR", crm - 8, op2);
        if (op0 == 3 && op1 == 3 && crn == 14 && crm is >= 12 and <= 15) return Counter("PMEVTYPER", crm - 12, op2);
        return string.Create(CultureInfo.InvariantCulture, $"S{op0}_{op1}_C{crn}_C{crm}_{op2}");
    }

    private static string Debug(uint number, uint op2) => op2 switch
    {
        4 => $"DBGBVR{number}_EL1",
        5 => $"DBGBCR{number}_EL1",
        6 => $"DBGWVR{number}_EL1",
        _ => $"DBGWCR{number}_EL1",
    };

    private static string Counter(string name, uint high, uint low) => $"{name}{(high << 3) | low}_EL0";

    private static (uint Op0, uint Op1, uint Crn, uint Crm, uint Op2) Split(ulong raw)
    {
        uint iss = (uint)raw;
        return (iss >> 20 & 3, iss >> 14 & 7, iss >> 10 & 0xf, iss >> 1 & 0xf, iss >> 17 & 7);
    }
}
