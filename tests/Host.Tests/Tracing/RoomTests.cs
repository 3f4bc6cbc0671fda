using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>What finds no room in the tables of the BPF programs: what is counted, and that it recovers when room is free.</summary>
[Collection(KernelGroup.Name)]
public sealed class RoomTests
{
    private const uint Cpuid = 10, Hlt = 12, ReadMsr = 31;
    private static readonly TraceOptions s_qualifiers = new() { WantQualifiers = true };

    private static KernelSide Side(TableSizes sizes, TraceOptions? options = null) =>
        new(options, sizes, new HostView(_ => VmDirectoryTests.Named("vm"), _ => true, _ => true, Isa.Vmx));

    private static void Events(KernelSide side, ulong vcpu, uint code, ulong? qualifier = null, int count = 1)
    {
        for (int i = 0; i < count; i++)
        {
            side.Exit(vcpu, code);
            if (qualifier is { } value) side.SlotOf(vcpu).qualifier = value;
            side.Entry(vcpu);
        }
    }

    private static ulong Count(KernelSide side, uint code, Qualifier qualifier) =>
        side.Read(Grouping.Host).Rows.SingleOrDefault(row => row.Key.Code.Code == code && row.Key.Qualifier == qualifier)?.Count ?? 0;

    [KernelFact]
    public void Qualifiers_leave_the_cells_of_reasons_alone()
    {
        const int Vcpus = 8, Busy = 7, Leaves = 300, Share = kvmscope_limits.KVMSCOPE_SHARE;
        TableSizes sizes = TableSizes.For(Vcpus, 1, 1, s_qualifiers) with { CellRun = 1 };
        using KernelSide side = Side(sizes, s_qualifiers);
        for (ulong vcpu = 1; vcpu <= Busy; vcpu++)
            for (uint qualifier = 0; qualifier < Leaves; qualifier++) Events(side, vcpu, Cpuid, qualifier);
        Assert.True(Busy * Share > Vcpus * TableSizes.QualifiersPerVcpu);
        ulong exits = Busy * Leaves, other = exits - Vcpus * TableSizes.QualifiersPerVcpu;
        Accounting trust = side.Read(Grouping.Host).Accounting;
        Assert.Equal((exits, other, 0UL, 0UL), (trust.Exits, trust.OtherQualifiers, trust.DroppedCells, trust.DroppedExits));
        Assert.Equal(other, Count(side, Cpuid, Qualifier.Other));

        // As many reasons per vCPU as there are cells for, and not one more.
        for (ulong vcpu = 1; vcpu <= Vcpus; vcpu++)
            for (uint code = 0; code < TableSizes.CellsPerVcpu; code++) side.Exit(vcpu, code);
        Assert.Equal((0UL, 0UL), (side.Read().Accounting.DroppedCells, side.Read().Accounting.DroppedExits));
        side.Exit(Vcpus, TableSizes.CellsPerVcpu);
        Assert.Equal((1UL, 1UL), (side.Read().Accounting.DroppedCells, side.Read().Accounting.DroppedExits));
    }

    [KernelFact]
    public void A_reason_without_a_cell_gets_one_when_cells_are_freed()
    {
        const uint Odd = 0x5000;
        using KernelSide side = Side(new TableSizes(3, 4, 1));
        for (uint code = 1; code <= 4; code++) Events(side, 1, code);
        for (int round = 1; round <= 2; round++)
        {
            Events(side, 2, Hlt, count: 25);
            Events(side, 2, Odd, count: 25);
            Accounting trust = side.Read().Accounting;
            Assert.Equal((4UL, 2UL, 100UL * (ulong)round / 2), (trust.Exits, trust.DroppedCells, trust.DroppedExits));
            side.Control.free_round++; // only slots were freed: the same combinations are not counted again
        }
        side.End(1);
        Events(side, 2, Hlt, count: 3);
        Events(side, 2, Odd, count: 2);
        Events(side, 2, Odd + 1);
        Accounting healed = side.Read().Accounting;
        Assert.Equal((10UL, 2UL, 100UL), (healed.Exits, healed.DroppedCells, healed.DroppedExits));
        Assert.Equal(
            (3UL, 2UL, 1UL), (Count(side, Hlt, Qualifier.None), Count(side, Odd, Qualifier.None), Count(side, Odd + 1, Qualifier.None)));
    }

    [KernelFact]
    public void A_reason_without_a_cell_for_other_qualifiers_is_counted_once_and_gets_one_later()
    {
        using KernelSide side = Side(new TableSizes(2, 10, 1, SharedCells: 1, QualifiedCells: 1), s_qualifiers);
        Events(side, 1, Cpuid, 1);
        Events(side, 1, Cpuid, 2, count: 3);
        for (uint qualifier = 0; qualifier < 50; qualifier++) Events(side, 2, ReadMsr, qualifier);
        Accounting trust = side.Read().Accounting;
        Assert.Equal((54UL, 53UL, 1UL, 0UL), (trust.Exits, trust.OtherQualifiers, trust.DroppedCells, trust.DroppedExits));
        Assert.Equal((3UL, 50UL), (Count(side, Cpuid, Qualifier.Other), Count(side, ReadMsr, Qualifier.None)));
        side.End(1);
        for (uint qualifier = 100; qualifier < 110; qualifier++) Events(side, 2, ReadMsr, qualifier);
        Assert.Equal((1UL, 9UL), (Count(side, ReadMsr, Qualifier.Of(100)), Count(side, ReadMsr, Qualifier.Other)));
        Assert.Equal(1UL, side.Read().Accounting.DroppedCells);
    }

    [KernelFact]
    public void Every_vcpu_without_a_slot_is_counted_once_up_to_a_limit()
    {
        using KernelSide side = Side(new TableSizes(1, 10, 1));
        Events(side, 1, Hlt);
        for (int again = 0; again < 20; again++)
            for (ulong vcpu = 2; vcpu <= 60; vcpu++) Events(side, vcpu, Hlt);
        Accounting trust = side.Read().Accounting;
        Assert.Equal((1UL, 59UL, 59UL * 20), (trust.Exits, trust.DroppedVcpus, trust.DroppedExits));

        ulong last = Accounting.MaxDroppedVcpus + 100;
        for (ulong vcpu = 61; vcpu <= last; vcpu++) Events(side, vcpu, Hlt, count: 2);
        trust = side.Read().Accounting;
        Assert.Equal((Accounting.MaxDroppedVcpus, 59 * 20 + 2 * (last - 60)), (trust.DroppedVcpus, trust.DroppedExits));
        Assert.Equal((ulong)kvmscope_limits.KVMSCOPE_MAX_UNTRACKED, Accounting.MaxDroppedVcpus);

        // The first vCPU takes the slot that was freed, whether it was counted or not; the one that ended is no longer there.
        side.End(1);
        Events(side, 2, Hlt);
        Events(side, last, Hlt);
        Assert.Equal(
            (2UL, trust.DroppedVcpus + 1, trust.DroppedExits + 1),
            (side.Read().Accounting.Exits, side.Read().Accounting.DroppedVcpus, side.Read().Accounting.DroppedExits));
    }

    [KernelFact]
    public void A_vcpu_whose_slot_cannot_be_stored_does_not_keep_it()
    {
        TableSizes sizes = new(2, 10, 1);
        using KernelSide side = Side(sizes);
        Fill(side, "vcpu_to_slot", sizes.VcpuToSlot);
        Events(side, 1, Hlt, count: 3);
        Accounting trust = side.Read().Accounting;
        Assert.Equal((0UL, 1UL, 3UL), (trust.Exits, trust.DroppedVcpus, trust.DroppedExits));
        for (int i = 0; i < side.Slots.Count; i++) Assert.Equal((0UL, 0u), (side.Slots[i].vcpu, side.Slots[i].tgid));

        Fill(side, "vcpu_to_slot", sizes.VcpuToSlot, isUndone: true);
        // At once, in the same round, and no slot is lost.
        Events(side, 1, Hlt, count: 3);
        Events(side, 2, Hlt, count: 4);
        trust = side.Read().Accounting;
        Assert.Equal((7UL, 1UL, 3UL), (trust.Exits, trust.DroppedVcpus, trust.DroppedExits));
    }

    [KernelFact]
    public void A_cell_that_cannot_be_stored_is_freed()
    {
        TableSizes sizes = new(2, 10, 1, SharedCells: 2, QualifiedCells: 3);
        using KernelSide side = Side(sizes, s_qualifiers);
        Fill(side, "extras", sizes.Extras);
        Events(side, 1, Cpuid, 1, count: 20);
        Accounting trust = side.Read().Accounting;
        Assert.Equal((20UL, 20UL, 1UL, 20UL), (trust.Exits, trust.OtherQualifiers, trust.DroppedCells, Count(side, Cpuid, Qualifier.None)));
        Fill(side, "extras", sizes.Extras, isUndone: true);
        for (uint qualifier = 1; qualifier <= 4; qualifier++) Events(side, 1, Cpuid, qualifier);
        for (uint qualifier = 1; qualifier <= 3; qualifier++) Assert.Equal(1UL, Count(side, Cpuid, Qualifier.Of(qualifier)));
        Assert.Equal((21UL, 1UL), (side.Read().Accounting.OtherQualifiers, Count(side, Cpuid, Qualifier.Other)));
    }

    // Adds keys that no vCPU has, or removes them.
    private static unsafe void Fill(KernelSide side, string map, int entries, bool isUndone = false)
    {
        uint unused = 0;
        ulong* key = stackalloc ulong[4]; // the longest key
        for (int i = 1; i <= entries; i++)
        {
            key[0] = key[1] = key[2] = key[3] = ulong.MaxValue - (ulong)i;
            int result = isUndone
                ? Interop.Libbpf.bpf_map_delete_elem(side.MapFd(map), key)
                : Interop.Libbpf.bpf_map_update_elem(side.MapFd(map), key, &unused, 0);
            Assert.Equal(0, result);
        }
    }

    [KernelFact]
    public void Without_room_every_exit_is_counted_and_all_room_is_freed_later()
    {
        TraceOptions options = new() { WantQualifiers = true, WantNested = true };
        var step = Gen.Select(
            Gen.ULong[1, 5], Gen.OneOf(Gen.Const(Cpuid), Gen.Const(Hlt), Gen.Const(ReadMsr), Gen.UInt[0x5000, 0x5003]), Gen.ULong[0, 5],
            Gen.Int[0, 9]);
        step.Array[0, 200].Sample(steps =>
        {
            TableSizes sizes = new(3, 7, 1, SharedCells: 3, QualifiedCells: 5, Sketches: 2);
            using KernelSide side = Side(sizes, options);
            foreach ((ulong vcpu, uint code, ulong qualifier, int luck) in steps)
            {
                if (luck == 9) side.Exchange.Run();
                side.Exit(vcpu, code);
                if (HasSlot(side, vcpu))
                {
                    ref kvmscope_slot slot = ref side.SlotOf(vcpu);
                    slot.qualifier = qualifier;
                    slot.traits = luck % 2 == 1 ? 1u : 0; // reflected: the entry is not of L2
                }
                side.Entry(vcpu);
                if (luck == 0 && HasSlot(side, vcpu)) side.End(vcpu);
            }
            Accounting trust = side.Read(Grouping.Host).Accounting;
            Assert.Equal((ulong)steps.Length, trust.Exits + trust.DroppedExits);
            side.End(Enumerable.Range(1, 5).Select(vcpu => (ulong)vcpu).Where(vcpu => HasSlot(side, vcpu)));
            Assert.Equal(trust with { Open = 0 }, side.Read(Grouping.Host).Accounting);
            int first = kvmscope_open.KVMSCOPE_FIRST_CELL, shared = first + sizes.ReasonCells, qualified = shared + sizes.SharedCells;
            Assert.Equal(Enumerable.Range(first, sizes.ReasonCells), Drain(side, "free_reasons"));
            Assert.Equal(Enumerable.Range(shared, sizes.SharedCells), Drain(side, "free_shared"));
            Assert.Equal(Enumerable.Range(qualified, sizes.QualifiedCells), Drain(side, "free_qualified"));
            Assert.Equal(Enumerable.Range(1, sizes.MaxVcpus), Drain(side, "free_slots"));
            Assert.Equal(Enumerable.Range(1, sizes.Sketches), Drain(side, "free_sketches"));
        }, iter: 60, threads: 1);
    }

    private static bool HasSlot(KernelSide side, ulong vcpu) =>
        Enumerable.Range(1, side.Slots.Count - 1).Any(i => side.Slots[i].vcpu == 8 * vcpu);

    private static unsafe IEnumerable<int> Drain(KernelSide side, string list)
    {
        List<int> all = [];
        kvmscope_run run;
        while (BpfCalls.bpf_map_lookup_and_delete_elem(side.MapFd(list), null, &run) == 0)
            all.AddRange(Enumerable.Range((int)run.first, (int)run.count));
        return all.Order();
    }
}
