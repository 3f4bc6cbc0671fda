using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;
using Kvmscope.Guests.Arm64;

namespace Kvmscope.Guests;

/// <summary>
/// The exits that a plan makes, to be compared exactly. The host can cause others at any time, which are not listed: external
/// interrupts, first accesses to guest memory (NPF of L2, and EPT_VIOLATION of both levels), and VMREAD and VMWRITE of fields
/// that the host shadows. MMIO: the first access to an absent page installs an entry, which makes further accesses exit as
/// MMIO. The first access happens in the warm-up, as does the first access to every page of L1 (EPT_VIOLATION or NPF).
/// So EPT_MISCONFIG is always exact, and NPF of L1 is exact if the trace begins after <see cref="BuiltInGuest.WarmUp"/> and
/// the host neither moves nor reclaims the guest's memory. A host without NPT or EPT has page faults instead; these are not listed.
/// </summary>
public static class GuestExpectations
{
    /// <summary>
    /// VMREADs of L1 after an exit of L2 that it resumes from: of fields that KVM shadows (EXIT_REASON, INSTRUCTION_LEN, GUEST_RIP), and of
    /// one that it does not (HOST_RIP).
    /// </summary>
    private const ulong ShadowedReads = 3, OtherReads = 1;

    /// <summary>
    /// VMWRITEs of L1 after an exit of L2 that it resumes from: of GUEST_RIP, which KVM shadows, and HOST_RIP, which it does not.
    /// </summary>
    private const ulong ShadowedWrites = 1, OtherWrites = 1;

    /// <summary>The exits of one vCPU.</summary>
    /// <param name="plan">The plan. A plan that repeats has no expected exits.</param>
    /// <param name="support">The host on which it runs. An unknown ISA has no expected exits.</param>
    public static IReadOnlyList<ExpectedExits> Of(GuestPlan plan, GuestSupport support)
    {
        Isa isa = support.Isa;
        if (plan.Repeat || isa == Isa.None) return [];
        var counts = new SortedDictionary<(ExitLevel Level, ulong Code), ulong>();
        foreach (WorkItem item in plan.Items) Add(counts, ExitLevel.L1, item, isa);
        GuestWork end = isa == Isa.Arm64 ? GuestWork.MmioWrite : GuestWork.PortOut;
        Add(counts, ExitLevel.L1, new WorkItem(end, 1), isa);
        if (plan.IsNested)
        {
            foreach (WorkItem item in plan.Nested) Add(counts, ExitLevel.L2, item, isa);
            Add(counts, ExitLevel.L2, new WorkItem(GuestWork.Hlt, 1), isa); // the end of L2
            if (isa == Isa.Svm) AddSvmMonitor(counts);
            else AddVmxMonitor(counts, support.ShadowVmcs);
        }

        if (!support.NestedPaging && isa != Isa.Arm64) counts.Remove((ExitLevel.L1, isa == Isa.Svm ? SvmCode.Npf : VmxCode.EptMisconfig));

        return [.. counts.Select(c => new ExpectedExits(isa, c.Key.Code, c.Key.Level, c.Value))];
    }

    private static void Add(SortedDictionary<(ExitLevel, ulong), ulong> counts, ExitLevel level, WorkItem item, Isa isa)
    {
        if (item.Work == GuestWork.Spin) return;
        ulong exits = (ulong)item.Count * (item.Work == GuestWork.CostBatch ? 100u : 1u);
        Add(counts, level, CodeOf(item.Work, isa), exits);
    }

    private static ulong CodeOf(GuestWork work, Isa isa) => isa switch
    {
        Isa.Svm => SvmCode.Of(work),
        Isa.Arm64 => ArmCode.Of(work),
        _ => VmxCode.Of(work),
    };

    /// <summary>L1 intercepts HLT and VMMCALL, so each VMRUN ends with one of them in L2.</summary>
    private static void AddSvmMonitor(SortedDictionary<(ExitLevel, ulong), ulong> counts) =>
        Add(counts, ExitLevel.L1, SvmCode.Vmrun, Reflected(counts, [SvmCode.Hlt, SvmCode.Vmmcall]));

    private static void AddVmxMonitor(SortedDictionary<(ExitLevel, ulong), ulong> counts, bool shadowVmcs)
    {
        ulong reflected = Reflected(counts, [VmxCode.Cpuid, VmxCode.Hlt, VmxCode.Vmcall, VmxCode.Rdmsr, VmxCode.Wrmsr]);
        ulong resumed = reflected - 1; // the last one ends L2
        Add(counts, ExitLevel.L1, VmxCode.Vmxon, 1);
        Add(counts, ExitLevel.L1, VmxCode.Vmclear, 1);
        Add(counts, ExitLevel.L1, VmxCode.Vmptrld, 1);
        Add(counts, ExitLevel.L1, VmxCode.Vmlaunch, 1);
        Add(counts, ExitLevel.L1, VmxCode.Vmxoff, 1);
        Add(counts, ExitLevel.L1, VmxCode.Vmresume, resumed);
        Add(counts, ExitLevel.L1, VmxCode.Vmread, resumed * (OtherReads + (shadowVmcs ? 0 : ShadowedReads)));
        ulong setUp = (ulong)(shadowVmcs ? VmcsFields.CountNotShadowed : VmcsFields.Count);
        Add(counts, ExitLevel.L1, VmxCode.Vmwrite, setUp + resumed * (OtherWrites + (shadowVmcs ? 0 : ShadowedWrites)));
    }

    /// <summary>The number of exits of L2 with these codes, which are reflected to L1.</summary>
    private static ulong Reflected(SortedDictionary<(ExitLevel, ulong), ulong> counts, ReadOnlySpan<ulong> codes)
    {
        ulong reflected = 0;
        foreach (ulong code in codes) reflected += counts.GetValueOrDefault((ExitLevel.L2, code));
        return reflected;
    }

    private static void Add(SortedDictionary<(ExitLevel, ulong), ulong> counts, ExitLevel level, ulong code, ulong exits)
    {
        if (exits == 0) return;
        counts[(level, code)] = counts.GetValueOrDefault((level, code)) + exits;
    }
}
