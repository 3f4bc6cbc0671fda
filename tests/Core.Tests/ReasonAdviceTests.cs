using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Tests;

/// <summary>What to look at next for a reason: each line with reasons that have it and reasons that do not.</summary>
public sealed class ReasonAdviceTests
{
    // VMX reasons: those that have the line, and those that do not.
    private static readonly Dictionary<string, (ulong[] Has, ulong[] HasNot)> s_reasons = new()
    {
        // TRIPLE_FAULT, INVALID_STATE, MCE_DURING_VMENTRY, GETSEC (not handled); CPUID, HLT, VMRESUME.
        ["ended"] = ([2, 33, 41, 11], [10, 12, 24]),
        // MSR_READ, IO_INSTRUCTION, EPT_VIOLATION; TRIPLE_FAULT, HLT, VMRESUME.
        ["qualifier"] = ([31, 30, 48], [2, 12, 24]),
        ["halts"] = ([12], [10, 30, 2]),
        ["halt-lengths"] = ([12], [10, 30, 2]),
        // VMRESUME, VMREAD; VMCALL, CPUID.
        ["nested"] = ([24, 23], [18, 10]),
        ["preempted"] = ([1], [10, 12, 2]),
        ["split"] = ([10, 30, 48], [1, 2, 12, 24]),
        ["slower"] = ([10, 30, 1, 24], [2, 33, 41, 11, 12]),
    };

    public static TheoryData<string> Names => new(ReasonAdvice.Lines.Select(l => l.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_line_is_for_some_reasons(string name)
    {
        ReasonAdviceLine line = ReasonAdvice.Lines.Single(l => l.Name == name);
        Assert.True(s_reasons.TryGetValue(name, out (ulong[] Has, ulong[] HasNot) reasons), $"'{name}' needs reasons that have it");
        Assert.All(reasons.Has, code => Assert.True(line.Applies(new ExitCode(Isa.Vmx, code)), $"{code}"));
        Assert.All(reasons.HasNot, code => Assert.False(line.Applies(new ExitCode(Isa.Vmx, code)), $"{code}"));
    }

    [Fact]
    public void Command_lines_name_the_reason()
    {
        Assert.Equal(
            [
                ("kvmscope time --split", "how much of it is sleep, and how much is halt polling"),
                ("kvmscope hist HLT", "many short halts, or few long ones"),
            ],
            ReasonAdvice.LookAt(new ExitCode(Isa.Vmx, 12)));
        Assert.Contains(("kvmscope time --nested", "which exits of L2 are reflected to L1, and what a round costs"),
            ReasonAdvice.LookAt(new ExitCode(Isa.Vmx, 24)));
        Assert.Contains(("kvmscope time --split", "whether the vCPU then waits for a CPU (run queue)"),
            ReasonAdvice.LookAt(new ExitCode(Isa.Vmx, 1)));
        Assert.Equal(
            [
                ("kvmscope time --by qualifier --reason CPUID", Qualifiers.InfoOf(new ExitCode(Isa.Vmx, 10))!.Shows),
                ("kvmscope time --split --reason CPUID", "KVM, the VMM, or waiting for a CPU"),
                ("kvmscope slower 1ms --reason CPUID --verbose", "each slow one, and where its time went"),
            ],
            ReasonAdvice.LookAt(new ExitCode(Isa.Vmx, 10)));
        Assert.Equal(
            [("kvmscope count --by vcpu --reason TRIPLE_FAULT", "which VMs and vCPUs it happened to")],
            ReasonAdvice.LookAt(new ExitCode(Isa.Vmx, 2)));
    }

    [Fact]
    public void Each_reason_has_a_line_and_idle_or_fatal_ones_no_slow_exits()
    {
        foreach (IsaInfo isa in IsaInfo.All)
            foreach (ExitReasonInfo info in isa.Reasons)
            {
                var code = new ExitCode(isa.Isa, info.Number);
                var lines = ReasonAdvice.LookAt(code);
                Assert.NotEmpty(lines);
                Assert.Equal(lines.Select(l => l.Command).Distinct(), lines.Select(l => l.Command));
                Assert.All(lines, l => Assert.NotEmpty(l.Shows));
                bool isSlow = lines.Any(l => l.Command.Contains("slower", StringComparison.Ordinal));
                if (ExitReasons.IsIdle(code) || info.Class is "fatal" or "entry-fail") Assert.False(isSlow, info.Name);
                if (!isa.HasLevels) Assert.DoesNotContain(lines, l => l.Command.Contains("--nested", StringComparison.Ordinal));
            }
        Assert.NotEmpty(ReasonAdvice.LookAt(new ExitCode(Isa.Vmx, 0x999)));
    }
}
