using System.Collections.Immutable;
using Kvmscope.Guests.Arm64;

namespace Kvmscope.Guests;

/// <summary>What a built-in guest does: its own work in order, then the work of its nested guest. Every vCPU does all of it.</summary>
public sealed record GuestPlan
{
    /// <summary>The most items that a plan can have: they share one page of guest memory with the warm-up and the end.</summary>
    public const int MaxItems = 250;

    /// <summary>The most batches that measure time: there is room for so many results.</summary>
    public const int MaxCostBatches = 4096;

    /// <summary>Work of L1.</summary>
    public ImmutableArray<WorkItem> Items { get; init; } = [];

    /// <summary>Work of L2, after the work of L1; empty: no nested guest.</summary>
    public ImmutableArray<WorkItem> Nested { get; init; } = [];

    /// <summary>Whether the plan repeats without end. It then has no expected exits.</summary>
    public bool Repeat { get; init; }

    /// <summary>Whether the VM needs interrupt controllers in the kernel.</summary>
    internal bool NeedsIrqchip => Has(Items, GuestWork.HltInKernel);

    /// <summary>Whether a nested guest runs.</summary>
    internal bool IsNested => Nested.Length > 0;

    /// <summary>Throws if the plan cannot be run exactly.</summary>
    /// <exception cref="ArgumentException">A count is below 1, there are too many items, or kinds that exclude each other.</exception>
    public void Validate()
    {
        if (Items.Length > MaxItems || Nested.Length > MaxItems) throw new ArgumentException($"a plan has at most {MaxItems} items");
        foreach (WorkItem item in Items.Concat(Nested))
            if (item.Count < 1) throw new ArgumentException($"{item.Work} has the count {item.Count}");
        if (NeedsIrqchip && Has(Items, GuestWork.Hlt))
            throw new ArgumentException("Hlt and HltInKernel need different VMs");
        if (Has(Nested, GuestWork.HltInKernel) || Has(Nested, GuestWork.CostBatch))
            throw new ArgumentException("HltInKernel and CostBatch are not for L2");
        if (Has(Nested, GuestWork.MmioRead) || Has(Nested, GuestWork.MmioWrite))
            throw new ArgumentException("MMIO is not for L2: its first access cannot be made beforehand");
        if (CountOf(Items, GuestWork.Fault) > ArmLayout.MaxFaults || (Repeat && Has(Items, GuestWork.Fault)))
            throw new ArgumentException($"at most {ArmLayout.MaxFaults} first accesses, each of them once");
        if (CountOf(Items, GuestWork.CostBatch) > MaxCostBatches) throw new ArgumentException($"at most {MaxCostBatches} batches");
    }

    /// <summary>How often the items do one kind of work.</summary>
    internal static long CountOf(ImmutableArray<WorkItem> items, GuestWork work)
    {
        long count = 0;
        foreach (WorkItem item in items)
            if (item.Work == work) count += item.Count;
        return count;
    }

    private static bool Has(ImmutableArray<WorkItem> items, GuestWork work) => CountOf(items, work) != 0;
}

/// <summary>One kind of work, and how often.</summary>
/// <param name="Work">The kind of work.</param>
/// <param name="Count">How often, 1 or more.</param>
public readonly record struct WorkItem(GuestWork Work, int Count)
{
    /// <summary>
    /// The leaf, MSR, port or hypercall number, if not the usual one; for MMIO the number of pages after the vCPU's own. A port is
    /// at least <see cref="GuestLayout.FirstFreePort"/>. The first access to another MMIO page is an access to absent memory
    /// (EPT_VIOLATION on VMX).
    /// </summary>
    public uint? Argument { get; init; }

    /// <summary>The sub-leaf of CPUID.</summary>
    public uint Second { get; init; }
}
