using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Tests;

public sealed class ExitReasonsTests
{
    [Theory]
    [InlineData(Isa.Vmx, 1, "EXTERNAL_INTERRUPT", "EXTERNAL_INT")]
    [InlineData(Isa.Vmx, 0, "EXCEPTION_NMI", "EXCEPTION_OR_NMI")]
    [InlineData(Isa.Vmx, 28, "CR_ACCESS", "MOV_CR")]
    [InlineData(Isa.Vmx, 29, "DR_ACCESS", "MOV_DR")]
    [InlineData(Isa.Vmx, 31, "MSR_READ", "RDMSR")]
    [InlineData(Isa.Vmx, 32, "MSR_WRITE", "WRMSR")]
    [InlineData(Isa.Vmx, 52, "PREEMPTION_TIMER", "VMX_PREEMPT_TIMER")]
    [InlineData(Isa.Vmx, 12, "HLT", "HLT")]
    [InlineData(Isa.Vmx, 65, "PCONFIG", "PCONFIG")]
    [InlineData(Isa.Vmx, 71, "VMX#71", "VMX#71")]
    [InlineData(Isa.Vmx, 0x8000_0021, "INVALID_STATE (failed entry)", "INVALID_STATE (failed entry)")]
    [InlineData(Isa.Vmx, 0x0400_0030, "EPT_VIOLATION (bus lock)", "EPT_VIOLATION (bus lock)")]
    [InlineData(Isa.Vmx, 0x8400_0021, "INVALID_STATE (failed entry) (bus lock)", "INVALID_STATE (failed entry) (bus lock)")]
    [InlineData(Isa.Vmx, 0x8000_0047, "VMX#71 (failed entry)", "VMX#71 (failed entry)")]
    [InlineData(Isa.Vmx, 0xffff_ffff, "TDX_ERROR", "TDX_ERROR")]
    [InlineData(Isa.Svm, 0x72, "CPUID", "CPUID")]
    [InlineData(Isa.Svm, 0x7b, "IOIO", "IOIO")]
    [InlineData(Isa.Svm, 0x400, "NPF", "NPF")]
    [InlineData(Isa.Svm, 0x46, "EXCP_UD", "EXCP_UD")]
    [InlineData(Isa.Svm, 0x49, "EXCP_9", "EXCP_9")]
    [InlineData(Isa.Svm, 0x80000010, "VMGEXIT_PSC", "VMGEXIT_PSC")]
    [InlineData(Isa.Svm, 0xffff_ffff, "ERR", "ERR")]
    [InlineData(Isa.Svm, ulong.MaxValue, "ERR", "ERR")]
    [InlineData(Isa.Svm, 0x8f1, "SVM#0x8f1", "SVM#0x8f1")]
    [InlineData(Isa.Svm, 0x8000_0021, "SVM#0x80000021", "SVM#0x80000021")]
    [InlineData(Isa.None, 0, "UNREAD", "UNREAD")]
    [InlineData(Isa.None, 18, "#0x12", "#0x12")]
    public void Names(Isa isa, ulong code, string name, string seed)
    {
        Assert.Equal(name, ExitReasons.Name(new ExitCode(isa, code)));
        Assert.Equal(seed, ExitReasons.DropInName(new ExitCode(isa, code)));
        Assert.Equal(!name.Contains('#', StringComparison.Ordinal) && isa != Isa.None, ExitReasons.IsKnown(new ExitCode(isa, code)));
    }

    [Fact]
    public void Idle_is_what_waits()
    {
        string[] Idle(Isa isa) => [.. ExitReasons.All(isa).Where(r => ExitReasons.IsIdle(new ExitCode(isa, r.Number))).Select(r => r.Name)];
        Assert.Equal(["HLT"], Idle(Isa.Vmx));
        Assert.Equal(["HLT", "IDLE_HLT"], Idle(Isa.Svm));
        Assert.False(ExitReasons.IsIdle(new ExitCode(Isa.Vmx, 12 | (1UL << 31))));
        Assert.True(ExitReasons.IsIdle(new ExitCode(Isa.Vmx, 12 | (1UL << 26))));
        Assert.False(ExitReasons.IsIdle(new ExitCode(Isa.Svm, 12)));
        Assert.False(ExitReasons.IsIdle(new ExitCode(Isa.None, 12)));
    }

    [Theory]
    [InlineData(Isa.Vmx, "io", 30)]
    [InlineData(Isa.Vmx, "IOIO", 30)]
    [InlineData(Isa.Vmx, "wrmsr", 32)]
    [InlineData(Isa.Vmx, "vmmcall", 18)]
    [InlineData(Isa.Vmx, "VMX#71", 71)]
    [InlineData(Isa.Vmx, "200", 200)]
    [InlineData(Isa.Vmx, "0x80000021", 0x80000021)]
    [InlineData(Isa.Vmx, "exit_reason_hlt", 12)]
    [InlineData(Isa.Svm, "io_instruction", 0x7b)]
    [InlineData(Isa.Svm, "io", 0x7b)]
    [InlineData(Isa.Svm, "UD excp", 0x46)]
    [InlineData(Isa.Svm, "idle-halt", 0xa6)]
    [InlineData(Isa.Svm, "svm_exit_npf", 0x400)]
    [InlineData(Isa.Svm, "interrupt", 0x60)]
    [InlineData(Isa.Svm, "-1", 0xffffffff)]
    [InlineData(Isa.Svm, "SVM#0x8F", 0x8f)]
    [InlineData(Isa.None, "12", 12)]
    public void Reads(Isa isa, string text, ulong code)
    {
        Assert.True(ExitReasons.TryParse(text, isa, out ulong read));
        Assert.Equal(code, read);
    }

    [Theory]
    [InlineData(Isa.Vmx, "")]
    [InlineData(Isa.Vmx, " ")]
    [InlineData(Isa.Vmx, "HTL")]
    [InlineData(Isa.Vmx, "MSR")]
    [InlineData(Isa.Vmx, "NPF")]
    [InlineData(Isa.Vmx, "SVM_EXIT_HLT")]
    [InlineData(Isa.Vmx, "SVM#0x8f")]
    [InlineData(Isa.Vmx, "-1")]
    [InlineData(Isa.Vmx, "99999")]
    [InlineData(Isa.Vmx, "EXIT_REASON_")]
    [InlineData(Isa.Svm, "WRMSR")]
    [InlineData(Isa.Svm, "EPT_VIOLATION")]
    [InlineData(Isa.Svm, "EXIT_REASON_HLT")]
    [InlineData(Isa.Svm, "0x")]
    [InlineData(Isa.Svm, "4294967296")]
    [InlineData(Isa.Svm, "99999999999999999999999")]
    [InlineData(Isa.None, "HLT")]
    public void Refuses(Isa isa, string text) => Assert.False(ExitReasons.TryParse(text, isa, out _));

    [Theory]
    [InlineData(Isa.Vmx, "HTL", "HLT")]
    [InlineData(Isa.Vmx, "EXTERNAL_INTERUPT", "EXTERNAL_INTERRUPT")]
    [InlineData(Isa.Vmx, "MSR", "MSR_READ, MSR_WRITE")]
    [InlineData(Isa.Vmx, "npf", "EPT_MISCONFIG, EPT_VIOLATION")]
    [InlineData(Isa.Vmx, "EPT", "EPT_MISCONFIG, EPT_VIOLATION, INVEPT")]
    [InlineData(Isa.Vmx, "WRMRS", "MSR_WRITE")]
    [InlineData(Isa.Svm, "WRMSR", "MSR")]
    [InlineData(Isa.Svm, "EPT_VIOLATION", "NPF")]
    [InlineData(Isa.Svm, "CR_ACCESS", "READ_CR0, WRITE_CR0")]
    [InlineData(Isa.Svm, "EXIT_REASON_HLT", "HLT")]
    [InlineData(Isa.Svm, "zzzzzzzzzzzzzz", "")]
    [InlineData(Isa.Svm, "", "")]
    [InlineData(Isa.None, "HLT", "")]
    public void Suggests(Isa isa, string text, string names) =>
        Assert.StartsWith(names, string.Join(", ", ExitReasons.Suggest(text, isa)), StringComparison.Ordinal);

    [Fact]
    public void Suggests_at_most_three_and_never_for_nothing()
    {
        Assert.Equal(3, ExitReasons.Suggest("CR_WRITE_TRAP", Isa.Svm).Count);
        Assert.Empty(ExitReasons.Suggest("zzzzzzzzzzzzzz", Isa.Svm));
        Assert.Empty(ExitReasons.Suggest(new string('x', 10_000), Isa.Vmx));
    }
}
