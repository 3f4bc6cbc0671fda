using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>Keys (qualifiers, pages, instructions) that come when others already have the cells.</summary>
[Collection(KernelGroup.Name)]
public sealed class LateKeyTests
{
    private const uint Cpuid = 10, ReadMsr = 31, Npf = 0x400;
    private const ulong FirstLeaf = 0x40000000;
    private static readonly TraceOptions s_qualifiers = new() { WantQualifiers = true };

    private static KernelSide Side(TableSizes sizes, TraceOptions? options = null, Isa isa = Isa.Vmx) =>
        new(options ?? s_qualifiers, sizes, new HostView(_ => VmDirectoryTests.Named("vm"), _ => true, _ => true, isa));

    private static KernelSide Side(int vcpus = 8) => Side(TableSizes.For(vcpus, 1, 1, s_qualifiers) with { CellRun = 1 });

    private static void Events(KernelSide side, ulong vcpu, uint code, ulong qualifier, int count = 1)
    {
        for (int i = 0; i < count; i++)
        {
            side.Exit(vcpu, code);
            side.SlotOf(vcpu).qualifier = qualifier;
            side.Entry(vcpu);
        }
    }

    private static ulong Count(Interval interval, uint code, Qualifier qualifier, int? vcpu = null) => interval.Rows
        .Where(row => row.Key.Code.Code == code && row.Key.Qualifier == qualifier && (vcpu is null || row.Key.Vcpu == vcpu))
        .Aggregate(0UL, (sum, row) => sum + row.Count);

    [KernelFact]
    public void A_reason_has_room_whatever_another_one_took_before()
    {
        using KernelSide side = Side();
        for (ulong leaf = 0; leaf < 600; leaf++) Events(side, 1, Cpuid, FirstLeaf + leaf);
        for (int i = 0; i < 1500; i++) Events(side, 1, ReadMsr, 0x10 + (ulong)(i % 3));
        Interval interval = side.ReadInterval();
        for (ulong msr = 0x10; msr < 0x13; msr++) Assert.Equal(500UL, Count(interval, ReadMsr, Qualifier.Of(msr)));
        Assert.Equal(0UL, Count(interval, ReadMsr, Qualifier.Other));
        Assert.Equal((2100UL, 600UL - kvmscope_limits.KVMSCOPE_SHARE), (interval.Accounting.Exits, interval.Accounting.OtherQualifiers));
    }

    [KernelFact]
    public void A_qualifier_with_1_percent_has_its_row_from_the_next_interval_on()
    {
        using KernelSide side = Side();
        for (ulong leaf = 0; leaf < 600; leaf++) Events(side, 1, Cpuid, FirstLeaf + leaf);
        Assert.Equal(0, Rest(side));

        // 1000 exits: a leaf that has a row, one with 1 % and one with less, and many that come once.
        Begin(side, 1);
        Assert.Equal(0UL, Count(side.ReadInterval(), Cpuid, Qualifier.Of(1)));
        side.Exchange.Run();

        Begin(side, 1);
        Interval second = side.ReadInterval();
        Assert.Equal((500UL, 10UL, 0UL), (Leaf(FirstLeaf), Leaf(1), Leaf(2)));
        Assert.Equal(1000UL, second.Accounting.Exits);

        ulong Leaf(ulong leaf) => Count(second, Cpuid, Qualifier.Of(leaf));

        static int Rest(KernelSide side)
        {
            // Nothing of the boot is 1 % of 600.
            side.ReadInterval();
            return side.Exchange.Run();
        }

        static void Begin(KernelSide side, ulong vcpu)
        {
            Events(side, vcpu, Cpuid, FirstLeaf, 500);
            Events(side, vcpu, Cpuid, 1, 10);
            Events(side, vcpu, Cpuid, 2, 9);
            for (ulong leaf = 0; leaf < 481; leaf++) Events(side, vcpu, Cpuid, 0x1000 + leaf);
        }
    }

    [KernelFact]
    public void A_vcpu_that_comes_late_gets_cells_of_others()
    {
        using KernelSide side = Side();
        for (ulong vcpu = 1; vcpu <= 6; vcpu++)
            for (ulong leaf = 0; leaf < 200; leaf++) Events(side, vcpu, Cpuid, FirstLeaf + leaf);
        side.ReadInterval();
        side.Exchange.Run();
        for (int i = 0; i < 300; i++) Events(side, 7, ReadMsr, 0x10 + (ulong)(i % 3));
        Interval first = side.ReadInterval();
        Assert.Equal(300UL, Count(first, ReadMsr, Qualifier.Other));
        Assert.Equal(3, side.Exchange.Run());
        for (int i = 0; i < 300; i++) Events(side, 7, ReadMsr, 0x10 + (ulong)(i % 3));
        Interval second = side.ReadInterval();
        for (ulong msr = 0x10; msr < 0x13; msr++) Assert.Equal(100UL, Count(second, ReadMsr, Qualifier.Of(msr)));
        Assert.Equal(0UL, second.Accounting.OtherQualifiers);

        // All of it is given back in the end, from wherever it is now.
        side.End(Enumerable.Range(1, 7).Select(vcpu => (ulong)vcpu));
        Assert.Equal(0UL, side.ReadInterval().Accounting.Exits);
        for (ulong vcpu = 1; vcpu <= 6; vcpu++)
            for (ulong leaf = 0; leaf < 128; leaf++) Events(side, vcpu, Cpuid, leaf);
        Assert.Equal(0UL, side.ReadInterval().Accounting.OtherQualifiers);
    }

    [KernelFact]
    public void What_a_cell_counts_until_it_changes_hands_is_its_old_key_s()
    {
        using KernelSide side = Side();
        for (ulong leaf = 0; leaf < 200; leaf++) Events(side, 1, Cpuid, leaf);
        side.ReadInterval();
        side.Exchange.Run();
        Events(side, 1, Cpuid, 1000, 400);
        side.ReadInterval();
        int waits = 0;
        // The vCPU runs on during the exchange: with the old keys and with the new one.
        side.DuringWait = () =>
        {
            waits++;
            for (ulong leaf = 0; leaf < 200; leaf++) Events(side, 1, Cpuid, leaf);
            Events(side, 1, Cpuid, 1000, 7);
        };
        Assert.Equal(1, side.Exchange.Run());
        side.DuringWait = null;
        Events(side, 1, Cpuid, 1000, 3);
        Interval interval = side.ReadInterval();
        Assert.Equal(2, waits);
        Assert.Equal(2UL * 207 + 3, interval.Accounting.Exits);
        // Until the new cell is published, the exits of its key are other.
        Assert.Equal(3UL, Count(interval, Cpuid, Qualifier.Of(1000)));
        Assert.Equal(127, interval.Rows.Count(row => row.Key.Qualifier.State == QualifierState.Known && row.Count == 2));
    }

    [KernelFact]
    public void A_key_that_found_a_free_cell_meanwhile_keeps_it()
    {
        using KernelSide side = Side(new TableSizes(2, 10, 1, SharedCells: 4, QualifiedCells: 3, Sketches: 2));
        Events(side, 2, Cpuid, 1);
        for (ulong leaf = 1; leaf <= 2; leaf++) Events(side, 1, Cpuid, leaf);
        side.ReadAll();
        side.Exchange.Run();
        Events(side, 1, Cpuid, 8, 100);
        side.ReadAll();
        // The other vCPU ends and gives its cell back, and key 8 takes it while it waits to be given one.
        side.DuringWait = () =>
        {
            side.DuringWait = null;
            side.End(2);
            Events(side, 1, Cpuid, 8, 5);
        };
        Assert.Equal(1, side.Exchange.Run());
        Events(side, 1, Cpuid, 8, 5);
        Events(side, 1, Cpuid, 7, 100);
        Interval all = side.ReadAll();
        Assert.Equal((213UL, 10UL), (all.Accounting.Exits, Count(all, Cpuid, Qualifier.Of(8))));

        // The cell that has no key now is the next one's.
        Assert.Equal(1, side.Exchange.Run());
        Events(side, 1, Cpuid, 7, 3);
        all = side.ReadAll();
        Assert.Equal((216UL, 3UL, 10UL), (all.Accounting.Exits, Count(all, Cpuid, Qualifier.Of(7)), Count(all, Cpuid, Qualifier.Of(8))));
    }

    [KernelFact]
    public void Sums_are_exact_and_frequent_keys_have_rows_whatever_comes()
    {
        // (vCPU, reason, first key, keys, exits of each), some per interval.
        var burst = Gen.Select(
            Gen.ULong[1, 3], Gen.OneOf(Gen.Const(Cpuid), Gen.Const(ReadMsr)), Gen.ULong[0, 900], Gen.Int[1, 150], Gen.Int[1, 4]);
        burst.Array[1, 8].Array[2, 6].Sample(intervals =>
        {
            using KernelSide side = Side(TableSizes.For(8, 1, 1, s_qualifiers) with { CellRun = 1 });
            var frequent = new HashSet<(ulong, uint, ulong)>();
            foreach (var bursts in intervals)
            {
                var exits = new Dictionary<(ulong Vcpu, uint Code, ulong Key), ulong>();
                foreach ((ulong vcpu, uint code, ulong first, int keys, int count) in bursts)
                    for (ulong key = first; key < first + (ulong)keys; key++)
                    {
                        Events(side, vcpu, code, key, count);
                        exits[(vcpu, code, key)] = exits.GetValueOrDefault((vcpu, code, key)) + (ulong)count;
                    }
                CheckInterval(side, side.ReadInterval(), exits, frequent);
                frequent = FrequentOf(exits);
                side.Exchange.Run();
            }
        }, iter: 25, threads: 1);
    }

    private static void CheckInterval(
        KernelSide side, Interval interval, Dictionary<(ulong Vcpu, uint Code, ulong Key), ulong> exits,
        HashSet<(ulong, uint, ulong)> frequent)
    {
        ulong sum = exits.Values.Aggregate(0UL, (a, b) => a + b);
        Assert.Equal((sum, 0UL), (interval.Accounting.Exits, interval.Accounting.DroppedExits));
        ulong other = 0;
        // All vCPUs of the test have id 0: they differ by address. So rows are compared by reason and key.
        foreach (var of in exits.GroupBy(e => (e.Key.Code, e.Key.Key)))
        {
            ulong seen = Count(interval, of.Key.Code, Qualifier.Of(of.Key.Key));
            Assert.True(seen <= of.Aggregate(0UL, (a, b) => a + b.Value));
            ulong least = of.Where(e => frequent.Contains(e.Key)).Aggregate(0UL, (a, b) => a + b.Value);
            Assert.True(seen >= least, $"{of.Key}: {seen} of {least}");
        }
        foreach (Row row in interval.Rows)
            if (row.Key.Qualifier == Qualifier.Other) other += row.Count;
        Assert.Equal(other, interval.Accounting.OtherQualifiers);
        Assert.Equal(sum, interval.Rows.Aggregate(0UL, (a, row) => a + row.Count));
    }

    private static HashSet<(ulong, uint, ulong)> FrequentOf(Dictionary<(ulong Vcpu, uint Code, ulong Key), ulong> exits)
    {
        var frequent = new HashSet<(ulong, uint, ulong)>();
        foreach (var reason in exits.GroupBy(e => (e.Key.Vcpu, e.Key.Code)))
        {
            ulong all = reason.Aggregate(0UL, (a, b) => a + b.Value);
            foreach (var key in reason)
                if (key.Value * 100 >= all) frequent.Add(key.Key);
        }
        return frequent;
    }

    [KernelFact]
    public void A_qualifier_has_its_row_whatever_the_instructions()
    {
        TraceOptions options = new() { WantQualifiers = true, WantRips = true };
        using KernelSide side = Side(TableSizes.For(8, 1, 1, options) with { CellRun = 1 }, options);
        for (ulong rip = 1; rip <= 300; rip++)
        {
            side.Exit(1, ReadMsr);
            ref kvmscope_slot slot = ref side.SlotOf(1);
            (slot.qualifier, slot.rip) = (0x10 + (rip % 2), rip);
            slot.states = kvmscope_key_state.KVMSCOPE_KEY_KNOWN << kvmscope_key_part.KVMSCOPE_KEY_RIP;
            side.Entry(1);
        }
        Interval read = side.ReadInterval();
        Assert.Equal((150UL, 150UL), (Count(read, ReadMsr, Qualifier.Of(0x10)), Count(read, ReadMsr, Qualifier.Of(0x11))));
        // Of the instructions the first have rows, and the rest is with its qualifier.
        Assert.Equal(128, read.Rows.Count(row => row.Key.Place is { Rip.State: QualifierState.Known } && row.Count == 1));
        Assert.Equal((172UL, 172UL), (read.Accounting.OtherQualifiers,
            read.Rows.Where(row => row.Key.Place is { Rip.State: QualifierState.Other }).Aggregate(0UL, (sum, row) => sum + row.Count)));

        var byQualifier = new IntervalSum(Grouping.Host, ExitParts.Qualifier);
        byQualifier.Add(read);
        Assert.Equal(0UL, byQualifier.ToInterval().Accounting.OtherQualifiers);
    }

    [KernelFact]
    public void Many_pages_and_a_few_hot_ones()
    {
        TraceOptions options = new() { PageShift = 12 };
        using KernelSide side = Side(TableSizes.For(8, 1, 1, options) with { CellRun = 1 }, options, Isa.Svm);
        for (ulong page = 0; page < 1000; page++) Touch(page << 12);
        side.ReadInterval();
        for (int interval = 0; interval < 3; interval++)
        {
            for (ulong page = 0; page < 20_000; page++)
            {
                Touch(page << 12);
                if (page % 20 == 0) Touch(0xfee0_0000 + (page % 60 << 12)); // three pages: 1.6 % each
            }
            Interval read = side.ReadInterval();
            side.Exchange.Run();
            ulong hot = Pages(read, 0xfee0_0000) + Pages(read, 0xfee1_4000) + Pages(read, 0xfee2_8000);
            Assert.Equal(interval == 0 ? 0UL : 1000UL, hot);
            Assert.Equal(21_000UL, read.Rows.Aggregate(0UL, (sum, row) => sum + row.Count));
        }

        void Touch(ulong gpa)
        {
            side.Exit(1, Npf, KernelSide.Svm);
            ref kvmscope_slot slot = ref side.SlotOf(1);
            (slot.page, slot.page_state) = (gpa, kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_KNOWN);
            side.Entry(1);
        }

        static ulong Pages(Interval interval, ulong page) =>
            interval.Rows.SingleOrDefault(row => row.Key.Place is { } place && place.Page == Qualifier.Of(page))?.Count ?? 0;
    }
}
