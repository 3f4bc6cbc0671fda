using Kvmscope.Core.Captures;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Interchange.Tests;

/// <summary>
/// The arguments of exits from what their events say: EXITINFO1 and 2 (AMD's manual, volume 2, "Secure Virtual Machine"), the exit
/// qualification and the interruption information (Intel's manual, volume 3, "VM Exits"), and events of KVM after kvm_exit.
/// </summary>
public sealed class CapturedArgumentTests
{
    private const ulong In = 1UL << 32, Out = 2UL << 32, Read = In, Write = Out, Mmio = 0x100;
    private const ulong SvmCpuid = 0x72, SvmPort = 0x7b, SvmMsr = 0x7c, SvmFault = 0x400, SvmApic = 0x402;

    [Theory]
    [InlineData(SvmPort, 0x01f7_0001UL, 0UL, In | 0x1f7)]
    [InlineData(SvmPort, 0xffff_0000UL, 0UL, Out | 0xffff)]
    [InlineData(SvmPort, 0x1234_0060_fffeUL, 0UL, Out | 0x60)]
    [InlineData(SvmFault, 0UL, 0x1234UL, 1UL)]
    [InlineData(SvmFault, 0x1_0000_0001UL, 0x1234UL, 9UL)]
    [InlineData(SvmFault, 2UL, 0x1234UL, 2UL)]
    [InlineData(SvmFault, 3UL, 0x1234UL, 10UL)]
    [InlineData(SvmFault, 16UL, 0x1234UL, 4UL)]
    [InlineData(SvmFault, 18UL, 0x1234UL, 2UL)]
    [InlineData(SvmFault, 15UL, 0xfee0_0fffUL, Mmio | 0xfee0_0000)]
    [InlineData(SvmApic, 0x3_0000_03fcUL, 0UL, Write | 0x3f0)]
    [InlineData(SvmApic, 0x2_0000_f300UL, 0UL, Read | 0x300)]
    public void Of_svm(ulong code, ulong info1, ulong info2, ulong raw)
    {
        CapturedEvent exit = Exit(Isa.Svm, code) with { HasInfo = true, Info1 = info1, Info2 = info2 };
        Assert.Equal(Qualifier.Of(raw), Argument(exit));
        Assert.Equal(Qualifier.None, Argument(exit with { HasInfo = false }));
    }

    [Theory]
    [InlineData(30, 0x03f8_0008UL, In | 0x3f8)]
    [InlineData(30, 0xffff_ffff_0cf8_fff7UL, Out | 0xcf8)]
    [InlineData(48, 1UL, 1UL)]
    [InlineData(48, 2UL, 2UL)]
    [InlineData(48, 4UL, 4UL)]
    [InlineData(48, 6UL, 2UL)]
    [InlineData(48, 0x9UL, 9UL)]
    [InlineData(48, 0x11UL, 9UL)]
    [InlineData(48, 0x22UL, 10UL)]
    [InlineData(48, 0x41UL, 1UL)]
    [InlineData(28, 0xfff_ff48UL, 0x08UL)]
    [InlineData(28, 0x3fUL, 0x3fUL)]
    [InlineData(29, 0xfffUL, 0x17UL)]
    [InlineData(56, 0x5_0b5UL, Write | 0x0b0)]
    [InlineData(44, 0x0_80UL, Read | 0x80)]
    [InlineData(44, 0x1_fffUL, Write | 0xfff)]
    [InlineData(44, 0x3_080UL, 0x80UL)]
    [InlineData(44, 0xf1_080UL, Write | 0x80)]
    [InlineData(45, 0x1ecUL, 0xecUL)]
    public void Of_vmx(ulong code, ulong info, ulong raw)
    {
        CapturedEvent exit = Exit(Isa.Vmx, code) with { HasInfo = true, Info1 = info };
        Assert.Equal(Qualifier.Of(raw), Argument(exit));
        Assert.Equal(Qualifier.None, Argument(exit with { HasInfo = false }));
    }

    [Theory]
    [InlineData(0, 0x8000_0b0eU, 0x30eUL)]
    [InlineData(1, 0x8000_0fecU, 0xecUL)]
    public void Of_an_interruption_of_vmx_that_is_valid(ulong code, uint interrupt, ulong raw)
    {
        CapturedEvent exit = Exit(Isa.Vmx, code) with { Interrupt = interrupt };
        Assert.Equal(Qualifier.Of(raw), Argument(exit));
        Assert.Equal(Qualifier.Of(raw), Argument(exit with { HasInfo = true, Info1 = 77 }));
        Assert.Equal(Qualifier.None, Argument(exit with { Interrupt = interrupt & 0x7fff_ffff, HasInfo = true }));
        Assert.Equal(Qualifier.None, Argument(exit with { Interrupt = null, HasInfo = true, Info1 = 77 }));
    }

    [Theory]
    [InlineData(22, 0xc0102573UL, Read | 0xc01)]
    [InlineData(22, 0x10500073UL, 0x10500073UL)]
    [InlineData(22, 0UL, null)]
    [InlineData(10, 0xc0102573UL, null)]
    [InlineData(21, 0xc0102573UL, null)]
    public void Of_riscv64_an_instruction_is_known(ulong code, ulong info, ulong? raw)
    {
        CapturedEvent exit = Exit(Isa.Riscv64, code) with { HasInfo = true, Info1 = info };
        Assert.Equal(raw is { } known ? Qualifier.Of(known) : Qualifier.None, Argument(exit));
    }

    [Theory]
    [InlineData(Isa.Vmx, 30, CapturedKind.Pio, 0xf_03f8UL, false, In | 0x3f8)]
    [InlineData(Isa.Svm, SvmPort, CapturedKind.Pio, 0x60UL, true, Out | 0x60)]
    [InlineData(Isa.Vmx, 49, CapturedKind.Mmio, 0xfebc_1004UL, true, Mmio | 0xfebc_1000)]
    [InlineData(Isa.Vmx, 48, CapturedKind.FastMmio, 0xfebc_1004UL, false, Mmio | 0xfebc_1000)]
    [InlineData(Isa.Svm, SvmFault, CapturedKind.Mmio, 0x1_febc_1fffUL, false, Mmio | 0x1_febc_1000)]
    [InlineData(Isa.Arm64, 0x224, CapturedKind.Mmio, 0x0900_0018UL, true, Mmio | 0x0900_0002)]
    [InlineData(Isa.Arm64, 0x224, CapturedKind.Mmio, 0x0900_0018UL, false, Mmio | 0x0900_0001)]
    [InlineData(Isa.Arm64, 0x224, CapturedKind.FastMmio, 0x0900_0018UL, false, null)]
    [InlineData(Isa.Vmx, 31, CapturedKind.Msr, 0xf_0000_0010UL, false, 0x10UL)]
    [InlineData(Isa.Vmx, 32, CapturedKind.Msr, 0x6e0UL, true, 0x6e0UL)]
    [InlineData(Isa.Svm, SvmMsr, CapturedKind.Msr, 0xc000_0080UL, true, Write | 0xc000_0080)]
    [InlineData(Isa.Svm, SvmMsr, CapturedKind.Msr, 0x10UL, false, Read | 0x10)]
    [InlineData(Isa.Vmx, 18, CapturedKind.Hypercall, 0xf_0000_0005UL, false, 5UL)]
    [InlineData(Isa.Svm, 0x81, CapturedKind.HypervHypercall, 0x5_005cUL, false, (1UL << 32) | 0x5c)]
    [InlineData(Isa.Vmx, 10, CapturedKind.Cpuid, 0x8000_0008UL, false, 0x8000_0008UL)]
    [InlineData(Isa.Vmx, 10, CapturedKind.Pio, 0x60UL, true, null)]
    [InlineData(Isa.Vmx, 30, CapturedKind.Mmio, 0x60UL, true, null)]
    [InlineData(Isa.Vmx, 30, CapturedKind.Msr, 0x60UL, true, null)]
    [InlineData(Isa.Vmx, 30, CapturedKind.Cpuid, 0x60UL, true, null)]
    [InlineData(Isa.Vmx, 30, CapturedKind.Hypercall, 0x60UL, true, null)]
    [InlineData(Isa.Vmx, 30, CapturedKind.HypervHypercall, 0x60UL, true, null)]
    [InlineData(Isa.Vmx, 31, CapturedKind.FastMmio, 0x60UL, true, null)]
    [InlineData(Isa.Vmx, 12, CapturedKind.Pio, 0x60UL, true, null)]
    public void An_event_of_the_same_exit_says_it(Isa isa, ulong code, CapturedKind kind, ulong value, bool isWrite, ulong? raw) =>
        Assert.Equal(raw is { } known ? Qualifier.Of(known) : Qualifier.None,
            Argument(Exit(isa, code), More(kind) with { Value = value, IsWrite = isWrite }));

    [Fact]
    public void A_leaf_with_sub_leaves_is_known_with_its_sub_leaf_only()
    {
        CapturedEvent cpuid = More(CapturedKind.Cpuid) with { Value = 0xb, Info1 = 1 };
        Assert.Equal(Qualifier.None, Argument(Exit(Isa.Svm, SvmCpuid), cpuid));
        Assert.Equal(Qualifier.Of(0x1_0000_000b), Argument(Exit(Isa.Svm, SvmCpuid), cpuid with { HasInfo = true }));
        Assert.Equal(Qualifier.Of(1), Argument(Exit(Isa.Svm, SvmCpuid), cpuid with { HasInfo = true, Value = 1, Info1 = 7 }));
    }

    [Fact]
    public void The_first_event_counts_and_only_where_it_is_better_than_what_is_known()
    {
        CapturedEvent first = More(CapturedKind.Mmio) with { Value = 0x1000 }, second = More(CapturedKind.Mmio) with { Value = 0x2000 };
        CapturedEvent guess = Exit(Isa.Svm, SvmFault) with { HasInfo = true, Info1 = 2 };
        Assert.Equal(Qualifier.Of(Mmio | 0x1000), Argument(guess, first, second));
        Assert.Equal(Qualifier.Of(2), Argument(guess));
        Assert.Equal(Qualifier.Of(Mmio | 0x5000), Argument(guess with { Info1 = 8, Info2 = 0x5000 }, first));
        CapturedEvent port = Exit(Isa.Svm, SvmPort) with { HasInfo = true, Info1 = 0x60_0001 };
        Assert.Equal(Qualifier.Of(In | 0x60), Argument(port, More(CapturedKind.Pio) with { Value = 0x70 }));
    }

    [Fact]
    public void After_the_entry_or_a_loss_nothing_is_said_of_the_exit_before()
    {
        CapturedEvent mmio = More(CapturedKind.Mmio) with { Value = 0x1000 };
        Assert.Equal(Qualifier.None, Argument(Exit(Isa.Vmx, 49), MadeCapture.Entry(1_500, 11, 0), mmio));
        Assert.Equal(Qualifier.None, Argument(Exit(Isa.Vmx, 49), MadeCapture.Lost(1_500, 1), mmio));
    }

    private static CapturedEvent Exit(Isa isa, ulong code) => MadeCapture.Exit(1_000, 11, 12) with { Code = new ExitCode(isa, code) };

    private static CapturedEvent More(CapturedKind kind) => MadeCapture.Entry(1_200, 11, 0) with { Kind = kind };

    // Of one exit, with these events after it.
    private static Qualifier Argument(params CapturedEvent[] events)
    {
        CaptureResult result = Captured.Import(new GivenEvents([.. events, MadeCapture.Entry(2_000, 11, 0)]));
        Row row = Assert.Single(result.Interval.Rows);
        Assert.Equal(1UL, row.Count);
        return row.Key.Qualifier;
    }
}
