using Kvmscope.Core.Exits;
using Kvmscope.Core.Exits.X86;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

/// <summary>Names of the reasons' arguments.</summary>
public class QualifierTests
{
    [Theory]
    [InlineData(Isa.Vmx, 32, 0x6e0, "IA32_TSC_DEADLINE")]
    [InlineData(Isa.Vmx, 32, 0x830, "x2APIC ICR")]
    [InlineData(Isa.Vmx, 31, 0x4b56_4d01, "KVM_SYSTEM_TIME_NEW")]
    [InlineData(Isa.Vmx, 32, 0x4000_0090, "HV_X64_MSR_SINT0")]
    [InlineData(Isa.Vmx, 31, 0x1234, "0x1234")]
    [InlineData(Isa.Svm, 0x7c, 0x1_0000_01a0, "IA32_MISC_ENABLE read")]
    [InlineData(Isa.Svm, 0x7c, 0x2_0000_01a0, "IA32_MISC_ENABLE write")]
    [InlineData(Isa.Vmx, 10, 0x1_0000_000b, "0xb.1 (topology)")]
    [InlineData(Isa.Svm, 0x72, 0x4000_0000, "0x40000000 (hypervisor)")]
    [InlineData(Isa.Vmx, 18, 11, "KVM_HC_SCHED_YIELD")]
    [InlineData(Isa.Vmx, 18, 0x1_0000_005c, "HvPostMessage")]
    [InlineData(Isa.Vmx, 18, 0x1_0000_0050, "HvGetVpRegisters")]
    [InlineData(Isa.Vmx, 18, 0x1_0000_0087, "HvNotifyPartitionEvent")]
    [InlineData(Isa.Svm, 0x81, 0x1_0000_0051, "HvSetVpRegisters")]
    [InlineData(Isa.Svm, 0x72, 0x4000_0001, "0x40000001 (hypervisor interface)")]
    [InlineData(Isa.Vmx, 30, 0x1_0000_0608, "0x608 in (ACPI PM timer)")]
    [InlineData(Isa.Svm, 0x7b, 0x2_0000_03f8, "0x3f8 out (serial COM1)")]
    [InlineData(Isa.Vmx, 49, 0xfec0_0100, "0xfec00000 (IOAPIC)")]
    [InlineData(Isa.Svm, 0x400, 0xfed0_0100, "0xfed00000 (HPET)")]
    [InlineData(Isa.Vmx, 48, 0x2, "write, not present")]
    [InlineData(Isa.Vmx, 48, 0x9, "read, present")]
    [InlineData(Isa.Vmx, 1, 0xec, "0xec (local timer)")]
    [InlineData(Isa.Vmx, 0, 0x30e, "#PF")]
    [InlineData(Isa.Vmx, 28, 0x14, "CR4 read")]
    [InlineData(Isa.Vmx, 28, 0x20, "CLTS")]
    [InlineData(Isa.Vmx, 29, 0x7, "DR7 write")]
    [InlineData(Isa.Vmx, 56, 0x2_0000_0300, "ICR write")]
    public void Is_named_as_people_name_it(Isa isa, ulong code, ulong raw, string name) =>
        Assert.Equal(name, Qualifiers.Name(new ExitCode(isa, code), Qualifier.Of(raw)));

    [Theory]
    [InlineData(Isa.Vmx, 48, 0x1, "read, not present", "read")]
    [InlineData(Isa.Vmx, 48, 0x2, "write, not present", "write")]
    [InlineData(Isa.Vmx, 48, 0xc, "fetch, present", "fetch")]
    [InlineData(Isa.Svm, 0x7c, 0x1_0000_01a0, "IA32_MISC_ENABLE read", "read")]
    [InlineData(Isa.Svm, 0x7c, 0x2_0000_01a0, "IA32_MISC_ENABLE write", "write")]
    [InlineData(Isa.Svm, 0x7c, 0x1a0, "IA32_MISC_ENABLE", null)]
    [InlineData(Isa.Vmx, 30, 0x1_0000_03f8, "0x3f8 in (serial COM1)", "in")]
    [InlineData(Isa.Vmx, 30, 0x2_0000_03f8, "0x3f8 out (serial COM1)", "out")]
    public void Has_a_direction_where_that_is_known(Isa isa, ulong code, ulong raw, string name, string? direction)
    {
        ExitCode of = new(isa, code);
        Assert.Equal((name, direction), (Qualifiers.Name(of, Qualifier.Of(raw)), Qualifiers.Direction(of, Qualifier.Of(raw))));
    }

    // Also of those that look alike in some bits: 0x200 is IRR0, and 0 is none.
    [Fact]
    public void Each_register_of_the_APIC_has_its_own_name()
    {
        foreach ((ulong first, ulong last, string name) in X86Names.ApicRegisters.Rows)
            foreach (ulong register in (ulong[])[first, last])
                foreach (ExitCode code in (ExitCode[])[new(Isa.Vmx, 44), new(Isa.Vmx, 56), new(Isa.Svm, 0x402)])
                    foreach ((ulong way, string direction) in ((ulong, string)[])[(1, "read"), (2, "write")])
                    {
                        Qualifier qualifier = Qualifier.Of(way << 32 | register);
                        Assert.Equal($"{name} {direction}", Qualifiers.Name(code, qualifier));
                        Assert.Equal([register], Qualifiers.MachineParts(code, qualifier));
                        Assert.Equal(direction, Qualifiers.Direction(code, qualifier));
                    }
        Assert.Contains((0x200UL, 0x20fUL, "IRR0"), X86Names.ApicRegisters.Rows);
    }

    [Fact]
    public void Has_a_name_and_numbers_whatever_it_is()
    {
        var random = new Random(1124);
        ulong[] vmx = [0, 1, 10, 18, 28, 29, 30, 31, 32, 44, 45, 48, 49, 56, 84, 85], svm = [0x72, 0x7b, 0x7c, 0x81, 0x400, 0x402];
        for (int run = 0; run < 20_000; run++)
        {
            ulong raw = (ulong)random.NextInt64() >> random.Next(64);
            ExitCode code = run % 2 == 0 ? new(Isa.Vmx, vmx[random.Next(vmx.Length)]) : new(Isa.Svm, svm[random.Next(svm.Length)]);
            string? name = Qualifiers.Name(code, Qualifier.Of(raw));
            Assert.False(string.IsNullOrWhiteSpace(name));
            Assert.InRange(name.Length, 1, 48);
            Assert.NotEmpty(Qualifiers.MachineParts(code, Qualifier.Of(raw)));
        }
    }

    [Fact]
    public void None_and_other_have_no_numbers()
    {
        var code = new ExitCode(Isa.Vmx, 10);
        Assert.Null(Qualifiers.Name(code, Qualifier.None));
        Assert.Equal("other", Qualifiers.Name(code, Qualifier.Other));
        Assert.Empty(Qualifiers.MachineParts(code, Qualifier.None));
        Assert.Empty(Qualifiers.MachineParts(code, Qualifier.Other));
    }

    [Fact]
    public void Every_reason_that_KVM_handles_is_explained()
    {
        foreach (Isa isa in (Isa[])[Isa.Vmx, Isa.Svm])
            foreach (ExitReasonInfo info in ExitReasons.All(isa).Where(i => i.Handler != "no"))
            {
                Assert.False(string.IsNullOrWhiteSpace(info.Meaning), info.Name);
                Assert.False(string.IsNullOrWhiteSpace(info.Hint), info.Name);
                Assert.NotEmpty(ReasonAdvice.LookAt(new ExitCode(isa, info.Number)));
            }
    }

    public static TheoryData<Isa, string> Reasons
    {
        get
        {
            TheoryData<Isa, string> all = [];
            foreach (Isa isa in (Isa[])[Isa.Vmx, Isa.Svm, Isa.Arm64, Isa.Riscv64])
                foreach (ExitReasonInfo info in ExitReasons.All(isa)) all.Add(isa, info.Name);
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Reasons))]
    public void A_hint_is_whole_fits_the_vendor_and_needs_no_tracepoint(Isa isa, string reason)
    {
        Assert.True(ExitReasons.TryParse(reason, isa, out ulong number));
        var code = new ExitCode(isa, number);
        string hint = ExitReasons.Find(code)!.Hint;
        Assert.DoesNotMatch("^(As (?!MSR_)|Nested|Rare|Not used|Boot;|Newer kernels|Firmware$)|; nested$", hint);
        Assert.DoesNotMatch(@"\bkvm_(?!intel\b|amd\b|exit\b)\w+|exit_info", hint);
        string others = isa switch
        {
            Isa.Vmx => "VMCB|NPT|AVIC|AMD|kvm_amd|vGIF|VMLOAD",
            Isa.Svm => "VMCS|VMREAD|EPT|APICv|kvm_intel|Intel",
            _ => "VMCS|VMCB|EPT|NPT|AVIC|APIC|kvm_intel|kvm_amd",
        };
        Assert.DoesNotMatch($@"\b({others})\b", hint);
        if (ExitReasons.ClassOf(code) is "fatal" or "entry-fail")
            Assert.All(ReasonAdvice.LookAt(code), line => Assert.DoesNotContain("slower", line.Command, StringComparison.Ordinal));
    }
}
