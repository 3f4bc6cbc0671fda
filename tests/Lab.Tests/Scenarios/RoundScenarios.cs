using Kvmscope.Lab.Tests.Suite;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary><c>time --nested</c>: as many reflected rounds as L2 makes, with the exits that its L1 makes in each.</summary>
internal static class RoundScenarios
{
    private const ulong Halts = 61, Leaves = 211;

    internal static IEnumerable<Case> Cases => [new("rounds/reflected-and-handled", Reflected)];

    private static void Reflected(LabHost host)
    {
        host.WantNested();
        using GuestProcess guest = host.Guest($"cpuid=31 l2.cpuid={Leaves} l2.out=127 l2.hlt={Halts}");
        using Tracer tracer = host.Trace("time --nested --format json").WaitAttached();
        guest.Run();
        TracedAnswer answer = tracer.FinishAnswer();
        guest.End();
        Check.True(answer.Rows.All(r => r.Key.Level == 2), "rows of L2 only");
        // L2 ends with a HLT of its own, after which L1 continues alone.
        TracedRow halts = Row(host, answer, 0x78, 12);
        Check.Equal(Halts + 1, halts.Reflected ?? 0, "reflected HLT");
        Check.Equal(0UL, halts.Handled ?? 0, "handled HLT");
        TracedRow ports = Row(host, answer, 0x7b, 30);
        Check.Equal((0UL, 127UL), (ports.Reflected ?? 0, ports.Handled ?? 0), "ports of L2: reflected and handled");
        TracedRow leaves = Row(host, answer, 0x72, 10);
        bool leavesAreL1s = !host.IsSvm; // CPUID of L2 is always L1's on VMX
        Check.Equal(
            leavesAreL1s ? (Leaves, 0UL) : (0UL, Leaves), (leaves.Reflected ?? 0, leaves.Handled ?? 0),
            "CPUID of L2: reflected and handled");
        Rounds(host, halts, Halts);
        if (leavesAreL1s) Rounds(host, leaves, Leaves);
        else Check.True(leaves.RoundAverageNs is null && leaves.L1ExitsPerRound is null, "no rounds where nothing is reflected");
    }

    // Only VMRUN on SVM; on VMX the fields that are not shadowed and that guest.S reads and writes, and VMRESUME; plus host interrupts.
    private static void Rounds(LabHost host, TracedRow row, ulong rounds)
    {
        double made = host.IsSvm ? 1 : host.Support.ShadowVmcs ? 3 : 7;
        Check.AtLeast(made, row.L1ExitsPerRound ?? 0, $"{row.Reason}: L1 exits a round");
        Check.AtMost(made + (10.0 / rounds) + 0.1, row.L1ExitsPerRound ?? 0, $"{row.Reason}: L1 exits a round, host interrupts included");
        Check.AtLeast(row.AverageNs ?? 0, row.RoundAverageNs ?? 0, $"{row.Reason}: round against the plain exit in ns");
    }

    private static TracedRow Row(LabHost host, TracedAnswer answer, ulong svm, ulong vmx) =>
        answer.Rows.Single(r => r.Key == new ExitKey(host.IsSvm ? svm : vmx, 2));
}
