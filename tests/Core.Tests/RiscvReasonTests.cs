using Kvmscope.Core.Exits;
using Kvmscope.Core.Exits.Riscv64;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

public sealed class RiscvReasonTests
{
    private const ulong Interrupt = 1UL << 63;

    [Theory]
    [InlineData(10, "SUPERVISOR_SYSCALL", "10")]
    [InlineData(22, "VIRTUAL_INST_FAULT", "22")]
    [InlineData(23, "STORE_GUEST_PAGE_FAULT", "23")]
    [InlineData(Interrupt | 5, "IRQ_S_TIMER", "1/5")]
    [InlineData(11, "RISCV64#11", "11")]
    [InlineData(Interrupt | 16, "RISCV64#1/16", "1/16")]
    public void Codes_have_names_and_numbers(ulong code, string name, string number)
    {
        Assert.Equal(name, ExitReasons.Name(new ExitCode(Isa.Riscv64, code)));
        Assert.Equal(number, ExitReasons.NumberText(new ExitCode(Isa.Riscv64, code)));
    }

    [Theory]
    [InlineData("EXC_SUPERVISOR_SYSCALL", 10)]
    [InlineData("sbi", 10)]
    [InlineData("virtual-inst", 22)]
    [InlineData("irq_s_timer", Interrupt | 5)]
    [InlineData("1/5", Interrupt | 5)]
    [InlineData("0/0x16", 22)]
    [InlineData("RISCV64#1/0x10", Interrupt | 16)]
    [InlineData("0x8000000000000005", Interrupt | 5)]
    [InlineData("9223372036854775813", Interrupt | 5)]
    public void Spellings_are_read(string text, ulong code)
    {
        Assert.True(ExitReasons.TryParse(text, Isa.Riscv64, out ulong read));
        Assert.Equal(code, read);
    }

    [Theory]
    [InlineData("2/5")]
    [InlineData("1/")]
    [InlineData("/5")]
    [InlineData("10/5")]
    [InlineData("1/0x8000000000000005")]
    [InlineData("RISCV64#")]
    [InlineData("ECALL")]
    [InlineData("HVC64")]
    [InlineData("EXIT_REASON_IRQ_S_TIMER")]
    public void What_is_no_reason_is_refused(string text) => Assert.False(ExitReasons.TryParse(text, Isa.Riscv64, out _));

    [Fact]
    public void Every_index_has_one_code()
    {
        IsaInfo info = IsaInfo.Of(Isa.Riscv64);
        for (int index = 0; index < 0xe8; index++) Assert.Equal(index, info.IndexOf(info.CodeAt(index)));
        Assert.All((ulong[])[0x70, Interrupt | 0x78, Interrupt - 1, ulong.MaxValue], code => Assert.Null(info.IndexOf(code)));
    }

    // After an exit that KVM does not handle, KVM_RUN fails: there is no time to look at.
    [Theory]
    [InlineData(8, false)]
    [InlineData(2, true)]
    [InlineData(23, true)]
    public void Only_what_KVM_handles_is_worth_timing(ulong code, bool timed) =>
        Assert.Equal(timed, ReasonAdvice.LookAt(new ExitCode(Isa.Riscv64, code)).Any(line => line.Command.Contains("slower 1ms")));

    // The same as RiscvReasonCodeTests, which asks the BPF program.
    [Theory]
    [InlineData(0x1050_0073, "WFI")]
    [InlineData(0x00d0_0073, "WRS.NTO")]
    [InlineData(0xc000_2373, "CYCLE read")] // csrr t1, cycle
    [InlineData(0xc010_27f3, "TIME read")] // csrr a5, time
    [InlineData(0x1505_1073, "SISELECT write")] // csrw siselect, a0
    [InlineData(0x1515_2573, "SIREG write")] // csrrs a0, sireg, a0
    [InlineData(0x1510_7573, "SIREG read")] // csrrci a0, sireg, 0
    [InlineData(0x1510_d073, "SIREG write")] // csrwi sireg, 1
    [InlineData(0x15c0_1573, "STOPEI write")] // csrrw a0, stopei, zero
    [InlineData(0x6220_0073, "instruction 0x62200073")] // hfence.gvma
    [InlineData(0x0000_1234, "instruction 0x1234")]
    public void Instructions_of_captures_are_named(uint instruction, string name)
    {
        Qualifier qualifier = Qualifier.Of(Riscv64Qualifiers.InstructionOf(instruction));
        Assert.Equal(name, Qualifiers.Name(new ExitCode(Isa.Riscv64, 22), qualifier));
    }

    [Theory]
    [InlineData(10, 0x10, 0, "BASE_GET_SPEC_VERSION")]
    [InlineData(10, 0x5449_4d45, 0, "TIME_SET_TIMER")]
    [InlineData(10, 0x5246_4e43, 1, "RFENCE_REMOTE_SFENCE_VMA")]
    [InlineData(10, 1, 0, "LEGACY_CONSOLE_PUTCHAR")]
    [InlineData(10, 0x5449_4d45, 9, "0x54494d45.9")]
    [InlineData(10, 0x10, 0x100, "0x10.256")]
    [InlineData(10, 0x0900_0000, 3, "0x9000000.3")]
    [InlineData(22, 0x1050_0073, 0, "WFI")]
    [InlineData(22, 0x00d0_0073, 0, "WRS.NTO")]
    [InlineData(22, 0x01d0_0073, 0, "WRS.STO")]
    [InlineData(22, 0xc01, 1, "TIME read")]
    [InlineData(22, 0x150, 2, "SISELECT write")]
    [InlineData(22, 0x5c0, 1, "CSR 0x5c0 read")]
    [InlineData(22, 0x6200_0073, 0, "instruction 0x62000073")]
    [InlineData(21, 0x1000_0101, 0, "0x10000000 read (UART)")]
    [InlineData(23, 0x1000_1102, 0, "0x10001000 write (virtio-mmio)")]
    [InlineData(23, 2, 0, "write")]
    [InlineData(20, 4, 0, "fetch")]
    public void Qualifiers_have_names(ulong code, uint low, ulong high, string name)
    {
        var qualifier = new Qualifier(QualifierState.Known, (high << 32) | low);
        Assert.Equal(name, Qualifiers.Name(new ExitCode(Isa.Riscv64, code), qualifier));
    }
}
