using System.Collections.Immutable;
using Kvmscope.Guests.Arm64;

namespace Kvmscope.Guests;

/// <summary>What a built-in guest does: its own work in order, then that of its nested guest. Every vCPU does all of it.</summary>
public sealed record GuestPlan
{
    /// <summary>Items of a plan, at most: they share one page of guest memory with the warm-up and the end.</summary>
    public const int MaxItems = 250;

    /// <summary>Time-measuring batches, at most: so many results fit.</summary>
    public const int MaxCostBatches = 4096;

    /// <summary>Work of L1.</summary>
    public ImmutableArray<WorkItem> Items { get; init; } = [];

    /// <summary>Work of L2, after that of L1; empty runs no nested guest.</summary>
    public ImmutableArray<WorkItem> Nested { get; init; } = [];

    /// <summary>Starts again at the end, for ever; there is no expectation then.</summary>
    public bool Repeat { get; init; }

    /// <summary>Whether the VM needs interrupt controllers in the kernel.</summary>
    internal bool NeedsIrqchip => Has(Items, GuestWork.HltInKernel);

    /// <summary>Whether a nested guest runs.</summary>
    internal bool IsNested => Nested.Length > 0;

    /// <summary>Throws where the plan cannot be run exactly.</summary>
    /// <exception cref="ArgumentException">A count below 1, too many items, or kinds that do not go together.</exception>
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

    /// <summary>How often one kind of work comes in the items.</summary>
    internal static long CountOf(ImmutableArray<WorkItem> items, GuestWork work)
    {
        long count = 0;
        foreach (WorkItem item in items)
            if (item.Work == work) count += item.Count;
        return count;
    }

    private static bool Has(ImmutableArray<WorkItem> items, GuestWork work) => CountOf(items, work) != 0;
}

/// <summary>So many times one kind of work.</summary>
/// <param name="Work">What.</param>
/// <param name="Count">How often, 1 or more.</param>
public readonly record struct WorkItem(GuestWork Work, int Count)
{
    /// <summary>
    /// Which leaf, MSR, port or hypercall number instead of the usual one; of MMIO how many pages beyond the vCPU's own. A port is at
    /// least <see cref="GuestLayout.FirstFreePort"/>. The first access to another page of MMIO is one to absent memory (EPT_VIOLATION
    /// on VMX).
    /// </summary>
    public uint? Argument { get; init; }

    /// <summary>The sub-leaf of CPUID.</summary>
    public uint Second { get; init; }
}
