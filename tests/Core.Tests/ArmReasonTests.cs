using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

public sealed class ArmReasonTests
{
    [Theory]
    [InlineData(0x000, "IRQ", "0")]
    [InlineData(0x100, "SERROR", "1")]
    [InlineData(0x201, "WFx", "2/0x01")]
    [InlineData(0x216, "HVC64", "2/0x16")]
    [InlineData(0x224, "DABT_LOW", "2/0x24")]
    [InlineData(0x23f, "ARM64#2/0x3f", "2/0x3f")]
    [InlineData(0x900, "ARM64#9", "9")]
    [InlineData(0xbadca11_00, "HYP_GONE", "195938833")]
    public void Codes_have_names_and_numbers(ulong code, string name, string number)
    {
        Assert.Equal(name, ExitReasons.Name(new ExitCode(Isa.Arm64, code)));
        Assert.Equal(number, ExitReasons.NumberText(new ExitCode(Isa.Arm64, code)));
    }

    [Theory]
    [InlineData("wfx", 0x201)]
    [InlineData("0x16", 0x216)]
    [InlineData("36", 0x224)]
    [InlineData("2/0x3f", 0x23f)]
    [InlineData("ARM64#0", 0x000)]
    [InlineData("ESR_ELx_EC_HVC64", 0x216)]
    [InlineData("ARM_EXCEPTION_IRQ", 0x000)]
    public void Spellings_are_read(string text, ulong code)
    {
        Assert.True(ExitReasons.TryParse(text, Isa.Arm64, out ulong read));
        Assert.Equal(code, read);
    }

    [Theory]
    [InlineData("64")]
    [InlineData("2/0x40")]
    [InlineData("1/0x16")]
    [InlineData("ARM64#2")]
    [InlineData("2/")]
    [InlineData("CPUID")]
    [InlineData("EXIT_REASON_IRQ")]
    public void What_is_no_reason_is_refused(string text) => Assert.False(ExitReasons.TryParse(text, Isa.Arm64, out _));

    [Fact]
    public void Wfx_is_idle() => Assert.True(ExitReasons.IsIdle(new ExitCode(Isa.Arm64, 0x201)));

    // The syndromes are what the assembler makes of these registers: op0 in bits 21:20, op2 19:17, op1 16:14, CRn 13:10, CRm 4:1.
    [Theory]
    [InlineData(0x218, 0x30_0000u | (5 << 17) | (12 << 10) | (11 << 1), 2, "ICC_SGI1R_EL1 write")]
    [InlineData(0x218, 0x30_0000u | (1 << 17) | (3 << 14) | (14 << 10) | (2 << 1), 1, "CNTP_CTL_EL0 read")]
    [InlineData(0x218, 0x20_0000u | (4 << 17) | (1 << 10), 2, "OSLAR_EL1 write")]
    [InlineData(0x218, 0x20_0000u | (7 << 17) | (3 << 1), 1, "DBGWCR3_EL1 read")]
    [InlineData(0x218, 0x30_0000u | (3 << 14) | (14 << 10) | (13 << 1) | (2 << 17), 1, "PMEVTYPER10_EL0 read")]
    [InlineData(0x218, 0x30_0000u | (7 << 14) | (15 << 10) | (15 << 1), 1, "S3_7_C15_C15_0 read")]
    [InlineData(0x201, 0u, 0, "WFI")]
    [InlineData(0x201, 1u, 0, "WFE")]
    [InlineData(0x216, 0xc400_0003u, 0, "PSCI_CPU_ON")]
    [InlineData(0x216, 0x8600_0001u, 0, "KVM_PTP")]
    [InlineData(0x217, 0xc200_0000u, 0, "0xc2000000")]
    [InlineData(0x224, 0x0900_0102u, 0, "0x9000000 write (PL011 UART)")]
    [InlineData(0x224, 0x0800_0101u, 0, "0x8000000 read (GIC distributor)")]
    [InlineData(0x224, 0x5000_0101u, 0, "0x50000000 read")]
    [InlineData(0x224, 0x12u, 0, "write, translation fault")]
    [InlineData(0x220, 0x34u, 0, "fetch, permission fault")]
    public void Qualifiers_have_names(ulong code, uint low, ulong way, string name)
    {
        var qualifier = new Qualifier(QualifierState.Known, (way << 32) | low);
        Assert.Equal(name, Qualifiers.Name(new ExitCode(Isa.Arm64, code), qualifier));
    }
}
