using Kvmscope.Core.Exits;

namespace Kvmscope.Guests;

/// <summary>Fills a vCPU's block of guest memory.</summary>
internal static class GuestBlock
{
    private const uint MiscEnable = 0x1a0;
    private const uint VapicPollIrq = 1; // KVM_HC_VAPIC_POLL_IRQ

    private const ulong Present = 0x1, Writable = 0x2, Accessed = 0x20, Dirty = 0x40, LargePage = 0x80;
    private const ulong Table = Present | Writable | Accessed, Leaf = Table | Dirty | LargePage;

    /// <summary>
    /// Writes code, page tables and parameters. The block is mapped at virtual address 0, the 2 MB of MMIO at their physical address.
    /// </summary>
    internal static void Fill(Span<byte> block, int vcpu, ulong msrValue)
    {
        ulong physical = GuestMemory.PhysicalBase(vcpu);
        GuestImage.Instance.Code.CopyTo(block[GuestLayout.Code..]);

        // Accessed and dirty are set already: the CPU has no reason to write to the tables.
        GuestBytes.Put(block, GuestLayout.PageMap, (physical + GuestLayout.PageDirectoryPointers) | Table);
        GuestBytes.Put(block, GuestLayout.PageDirectoryPointers, (physical + GuestLayout.PageDirectory) | Table);
        GuestBytes.Put(block, GuestLayout.PageDirectory, physical | Leaf);
        const int MmioEntry = (int)(GuestLayout.Mmio / GuestLayout.BlockSize);
        GuestBytes.Put(block, GuestLayout.PageDirectory + (MmioEntry * sizeof(ulong)), GuestLayout.Mmio | Leaf);

        GuestBytes.Put(block, GuestLayout.VmcbAddress, physical + GuestLayout.ControlBlock);
        GuestBytes.Put(block, GuestLayout.VmcsAddress, physical + GuestLayout.ControlBlock);
        GuestBytes.Put(block, GuestLayout.VmxonAddress, physical + GuestLayout.SaveArea);
        GuestBytes.Put(block, GuestLayout.MmioAddress, GuestLayout.Mmio + ((ulong)vcpu * 4096));
        GuestBytes.Put(block, GuestLayout.MsrValue, msrValue);
        GuestBytes.Put(block, GuestLayout.NextResult, GuestLayout.Results);
        PutWarmUp(block);
    }

    /// <summary>The MSR that the guest reads and writes.</summary>
    internal static uint Msr => MiscEnable;

    /// <summary>Writes the plan to where the guest reads it after its warm-up.</summary>
    internal static void PutPlan(Span<byte> block, GuestPlan plan, Isa isa)
    {
        int at = PutWarmUp(block);
        int start = at;
        foreach (WorkItem item in plan.Items) Put(block, ref at, item, isa);
        if (plan.IsNested)
        {
            GuestOperation nest = isa == Isa.Svm ? GuestOperation.NestSvm : GuestOperation.NestVmx;
            Put(block, ref at, nest, GuestLayout.NestedPlan, 1);
            int nestedAt = GuestLayout.NestedPlan;
            foreach (WorkItem item in plan.Nested) Put(block, ref nestedAt, item, isa);
            Put(block, ref nestedAt, GuestOperation.NestedEnd, 0, 1);
        }

        if (plan.Repeat) Put(block, ref at, GuestOperation.Repeat, (uint)start, 1);
        else Put(block, ref at, GuestOperation.Stop, 0, 1);
    }

    /// <summary>Every plan begins with the warm-up: each page once, and the MMIO once, where the VMM makes the guest wait.</summary>
    private static int PutWarmUp(Span<byte> block)
    {
        int at = GuestLayout.Plan;
        Put(block, ref at, GuestOperation.Touch, 0, GuestLayout.End / 4096);
        Put(block, ref at, GuestOperation.MmioWrite, 0, 1);
        return at;
    }

    private static void Put(Span<byte> block, ref int at, WorkItem item, Isa isa)
    {
        (GuestOperation operation, uint argument) = item.Work switch
        {
            GuestWork.Cpuid => (GuestOperation.Cpuid, 0u),
            GuestWork.PortOut => (GuestOperation.PortOut, GuestLayout.OutPort),
            GuestWork.PortIn => (GuestOperation.PortIn, GuestLayout.InPort),
            GuestWork.MmioWrite => (GuestOperation.MmioWrite, 0u),
            GuestWork.MmioRead => (GuestOperation.MmioRead, 0u),
            GuestWork.MsrRead => (GuestOperation.MsrRead, Msr),
            GuestWork.MsrWrite => (GuestOperation.MsrWrite, Msr),
            GuestWork.Hlt or GuestWork.HltInKernel => (GuestOperation.Halt, 0u),
            GuestWork.Hypercall => (isa == Isa.Svm ? GuestOperation.Vmmcall : GuestOperation.Vmcall, VapicPollIrq),
            GuestWork.SlowPort => (GuestOperation.PortOut, GuestLayout.SlowPort),
            GuestWork.PortSpin => (GuestOperation.PortOut, GuestLayout.SpinPort),
            GuestWork.Spin => (GuestOperation.Spin, 0u),
            GuestWork.CostBatch => (GuestOperation.Cost, 0u),
            _ => throw new ArgumentOutOfRangeException(nameof(item), item, "unknown kind of work"),
        };
        bool isMmio = item.Work is GuestWork.MmioRead or GuestWork.MmioWrite;
        uint second = isMmio ? (item.Argument ?? 0) * 4096 : item.Second;
        Put(block, ref at, operation, isMmio ? argument : item.Argument ?? argument, item.Count, second);
    }

    private static void Put(Span<byte> block, ref int at, GuestOperation operation, uint argument, int count, uint second = 0) =>
        GuestBytes.PutStep(block, ref at, (uint)operation, argument, count, second);
}

/// <summary>The operations of guest.S, in the order of its table.</summary>
internal enum GuestOperation : uint
{
    Stop,
    Repeat,
    Cpuid,
    PortOut,
    PortIn,
    MmioWrite,
    MmioRead,
    MsrRead,
    MsrWrite,
    Halt,
    Vmcall,
    Vmmcall,
    Spin,
    Touch,
    Cost,
    NestSvm,
    NestVmx,
    NestedEnd,
}
