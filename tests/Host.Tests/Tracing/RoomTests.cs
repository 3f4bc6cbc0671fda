using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>What finds no room in the kernel side's tables: whose room it is, what is counted, and that it heals.</summary>
[Collection(KernelGroup.Name)]
public sealed class RoomTests
{
    private const uint Hlt = 12;

    private static KernelSide Side(TableSizes sizes) =>
        new(sizes: sizes, host: new HostView(_ => "vm", _ => true, _ => true, Isa.Vmx));

    private static void Events(KernelSide side, ulong vcpu, uint code, int count = 1)
    {
        for (int i = 0; i < count; i++)
        {
            side.Exit(vcpu, code);
            side.Entry(vcpu);
        }
    }

    [KernelFact]
    public void Every_vcpu_without_a_slot_is_counted_once_up_to_those_that_are_told_apart()
    {
        using KernelSide side = Side(new TableSizes(1, 10, 1));
        Events(side, 1, Hlt);
        for (int again = 0; again < 20; again++)
            for (ulong vcpu = 2; vcpu <= 60; vcpu++) Events(side, vcpu, Hlt);
        Trust trust = side.Read().Trust;
        Assert.Equal((1UL, 59UL, 59UL * 20), (trust.Exits, trust.DroppedVcpus, trust.DroppedExits));

        ulong last = Trust.MostDroppedVcpus + 100;
        for (ulong vcpu = 61; vcpu <= last; vcpu++) Events(side, vcpu, Hlt, count: 2);
        trust = side.Read().Trust;
        Assert.Equal((Trust.MostDroppedVcpus, 59 * 20 + 2 * (last - 60)), (trust.DroppedVcpus, trust.DroppedExits));
        Assert.Equal((ulong)kvmscope_limits.KVMSCOPE_MAX_TURNED_AWAY, Trust.MostDroppedVcpus);

        // Whoever comes first takes the slot that is given back, told apart or not; the one that was is then no longer.
        side.End(1);
        Events(side, 2, Hlt);
        Events(side, last, Hlt);
        Assert.Equal((2UL, trust.DroppedVcpus + 1, trust.DroppedExits + 1), (side.Read().Trust.Exits, side.Read().Trust.DroppedVcpus, side.Read().Trust.DroppedExits));
    }

    [KernelFact]
    public void A_vcpu_whose_slot_cannot_be_noted_does_not_take_it()
    {
        TableSizes sizes = new(2, 10, 1);
        using KernelSide side = Side(sizes);
        Fill(side, "homes", sizes.Homes);
        Events(side, 1, Hlt, count: 3);
        Trust trust = side.Read().Trust;
        Assert.Equal((0UL, 1UL, 3UL), (trust.Exits, trust.DroppedVcpus, trust.DroppedExits));
        for (int i = 0; i < side.Slots.Count; i++) Assert.Equal((0UL, 0u), (side.Slots[i].vcpu, side.Slots[i].tgid));

        Fill(side, "homes", sizes.Homes, isUndone: true);
        // At once, in the same round; and no slot is missing.
        Events(side, 1, Hlt, count: 3);
        Events(side, 2, Hlt, count: 4);
        trust = side.Read().Trust;
        Assert.Equal((7UL, 1UL, 3UL), (trust.Exits, trust.DroppedVcpus, trust.DroppedExits));
    }

    // With keys that nobody has, or without them again.
    private static unsafe void Fill(KernelSide side, string map, int entries, bool isUndone = false)
    {
        uint nobodys = 0;
        ulong* key = stackalloc ulong[2]; // as long as any
        for (int i = 1; i <= entries; i++)
        {
            key[0] = key[1] = ulong.MaxValue - (ulong)i;
            Assert.Equal(0, isUndone ? Interop.Libbpf.bpf_map_delete_elem(side.MapFd(map), key) : Interop.Libbpf.bpf_map_update_elem(side.MapFd(map), key, &nobodys, 0));
        }
    }
}
