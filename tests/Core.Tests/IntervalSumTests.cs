using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

/// <summary>What a sum of intervals has, figure by figure; that it is what a trace of that time would give is a property test.</summary>
public sealed class IntervalSumTests
{
    private static readonly ExitCode s_cpuid = new(Isa.Vmx, 10), s_port = new(Isa.Vmx, 30);
    private static readonly Qualifier s_other = Qualifier.Other;

    [Fact]
    public void What_is_missing_is_said_once()
    {
        var sum = new IntervalSum(Grouping.Host);
        MissingSource halt = new(TimePart.Halt, "no halts"), poll = new(TimePart.Poll, "no polls");
        sum.Add(new Interval { Missing = [halt] });
        sum.Add(new Interval { Missing = [poll, halt] });
        Assert.Equal([halt, poll], sum.ToInterval().Missing);
    }

    // Two rows, a wall clock, a kind of returns, and VMs by the length of their names: each of them is one of those that may be there.
    [Fact]
    public void All_that_takes_memory_is_limited_together()
    {
        var returns = new ReturnTable(Grouping.Vcpu);
        returns.RowOf(new ReturnKey(1, 0, new VmmReason(2))).Count = 1;
        var interval = new Interval
        {
            Vms = [new VmIdentity(1, 10, new string('a', 127)), new VmIdentity(2, 11, new string('b', 256))],
            Changes = [Row(1, 0, s_cpuid), Row(1, 0, s_port)],
            TimeChanges = [new VcpuTime(GroupKey.OfVcpu(1, 0), 5, default)],
            Returns = [.. returns.Rows],
        };
        AddsWithin(8, interval);
        // What is missing is searched for at each interval, and so it is dear.
        AddsWithin(8 + 4096, interval with { Missing = [new MissingSource(null, "nothing")] });
    }

    [Fact]
    public void Of_a_vm_that_was_renamed_only_the_last_name_is_kept()
    {
        var sum = new IntervalSum(Grouping.Vm, most: 12);
        sum.Add(new Interval { Vms = [new VmIdentity(1, 10, new string('a', 1280))] });
        sum.Add(new Interval
        {
            Vms = [new VmIdentity(1, 10, "web")],
            Changes = [.. Enumerable.Range(0, 11).Select(code => Row(1, GroupKey.None, new ExitCode(Isa.Vmx, (ulong)code)))],
        });
        Assert.Equal("web", Assert.Single(sum.Vms).Name);
        Assert.Throws<KvmscopeException>(() => sum.Add(new Interval { Vms = [new VmIdentity(2, 11, "db")] }));
    }

    [Fact]
    public void Rows_that_come_one_by_one_are_limited_too()
    {
        var sum = new IntervalSum(Grouping.Vcpu, most: 2);
        sum.Add(Row(1, 0, s_cpuid));
        sum.Add(Row(1, 1, s_cpuid));
        sum.Add(Row(1, 1, s_cpuid));
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => sum.Add(Row(1, 2, s_cpuid)));
        Assert.Equal((ExitStatus.Failed, "this answer has more than 2 different rows"), (error.Status, error.Message));
        Assert.Equal(
            "Ask for less: a shorter time (--from, --to), some VMs, vCPUs or reasons, or rows that keep less apart (--by).", error.Hint);
    }

    [Fact]
    public void What_was_open_at_a_gap_is_limited_too()
    {
        Interval before = Second(0) with
        {
            OpenAfter = [Open(1, 0), Open(1, 1)],
            OpenAges = [Age(1, 0, 7), Age(1, 1, 8), Age(1, 2, 9)],
        };
        Interval after = Second(5) with { IsAfterGap = true, OpenBefore = [Open(1, 3)] };
        AddsWithin(6, before, after);
    }

    [Fact]
    public void What_was_open_at_a_gap_stays_open()
    {
        var sum = new IntervalSum(Grouping.Vcpu);
        sum.Add(Second(2) with
        {
            OpenBefore = [Open(1, 5)],
            OpenAfter = [Open(1, 0)],
            OpenAges = [Age(1, 0, 7)],
            Accounting = new Accounting { Open = 1 },
        });
        sum.Add(Second(5) with
        {
            IsAfterGap = true,
            OpenBefore = [Open(1, 3)],
            OpenAfter = [Open(1, 4)],
            OpenAges = [Age(1, 4, 9)],
            Accounting = new Accounting { Open = 2 },
        });
        Interval all = sum.ToInterval();
        Assert.Equal([Open(1, 5), Open(1, 3)], all.OpenBefore);
        Assert.Equal([Open(1, 0), Open(1, 4)], all.OpenAfter);
        Assert.Equal([Age(1, 0, 7), Age(1, 4, 9)], all.OpenAges);
        Assert.Equal(3UL, all.Accounting.Open);
        Assert.Equal((2_000_000_000L, 2.0, false), (all.ObservedNs, all.Seconds, all.IsAfterGap));
    }

    // A sum of sums: each has two seconds with 1 s or 2 s missing between them, and 5 s are missing between the sums.
    [Fact]
    public void Gaps_of_sums_add_up()
    {
        var all = new IntervalSum(Grouping.Vcpu);
        foreach ((int first, int second) in ((int, int)[])[(2, 4), (10, 13)])
        {
            var sum = new IntervalSum(Grouping.Vcpu);
            sum.Add(Second(first));
            sum.Add(Second(second) with { IsAfterGap = true });
            all.Add(sum.ToInterval() with { IsAfterGap = first == 10 });
        }
        Assert.Equal((4_000_000_000L, 4.0), (all.ToInterval().ObservedNs, all.ToInterval().Seconds));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Ages_that_one_side_of_a_gap_does_not_know_are_not_known(bool before, bool after)
    {
        var sum = new IntervalSum(Grouping.Vcpu);
        sum.Add(Second(0) with { OpenAges = before ? [Age(1, 0, 7)] : null });
        sum.Add(Second(5) with { IsAfterGap = true, OpenAges = after ? [Age(1, 4, 9)] : null });
        Assert.Null(sum.ToInterval().OpenAges);
    }

    [Fact]
    public void Ages_that_are_not_known_are_not_known_of_some_vms_either()
    {
        var sum = new IntervalSum(Grouping.Vcpu);
        sum.Add(Wide() with { OpenAges = null });
        Interval some = sum.ToInterval(vm => vm.Ordinal == 2);
        Assert.Null(some.OpenAges);
        Assert.Equal(10UL, some.Accounting.Open);
    }

    [Fact]
    public void Without_a_gap_only_the_end_has_what_is_open()
    {
        var sum = new IntervalSum(Grouping.Vcpu);
        sum.Add(Second(0) with { IsAfterGap = true, OpenAfter = [Open(1, 0)], OpenAges = null, OpenBefore = [Open(1, 5)] });
        sum.Add(Second(1) with { OpenBefore = [Open(1, 0)], OpenAfter = [Open(1, 1)], OpenAges = [Age(1, 1, 3)] });
        Interval all = sum.ToInterval();
        Assert.Equal([Open(1, 5)], all.OpenBefore);
        Assert.Equal([Open(1, 1)], all.OpenAfter);
        Assert.Equal([Age(1, 1, 3)], all.OpenAges);
        Assert.True(all.IsAfterGap);
        Assert.Null(all.ObservedNs);
        Assert.Equal(2.0, all.Seconds);
    }

    // Where qualifiers are added up, an open exit of a reason that has one has its row too; asking again changes nothing.
    [Fact]
    public void Open_exits_have_rows_where_their_qualifiers_are_not_kept_apart()
    {
        var sum = new IntervalSum(Grouping.Vcpu, ExitParts.None);
        sum.Add(Second(0) with { Changes = [Row(1, 0, s_port, 5)], OpenBefore = [Open(1, 0, s_port)], OpenAfter = [Open(1, 1, s_port)] });
        for (int i = 0; i < 2; i++)
        {
            Interval all = sum.ToInterval();
            Assert.Equal([(0, 4UL), (1, 1UL)], all.Changes.Select(row => (row.Key.Vcpu, row.Count)).Order());
            Assert.Empty(all.OpenBefore);
            Assert.Empty(all.OpenAfter);
        }
    }

    [Fact]
    public void Open_exits_of_several_intervals_are_moved_once()
    {
        var sum = new IntervalSum(Grouping.Vcpu, ExitParts.None);
        sum.Add(Second(0) with { Changes = [Row(1, 0, s_port, 5)], OpenBefore = [Open(1, 0, s_port)], OpenAfter = [Open(1, 1, s_port)] });
        sum.Add(Second(9) with
        {
            IsAfterGap = true,
            Changes = [Row(1, 2, s_port, 7)],
            OpenBefore = [Open(1, 2, s_port)],
            OpenAfter = [Open(1, 3, s_port)],
        });
        for (int i = 0; i < 2; i++)
            Assert.Equal([(0, 4UL), (1, 1UL), (2, 6UL), (3, 1UL)],
                sum.ToInterval().Changes.Select(row => (row.Key.Vcpu, row.Count)).Order());
    }

    [Fact]
    public void Only_what_is_wanted_is_in_it()
    {
        var sum = new IntervalSum(Grouping.Vcpu, wants: key => key.Vcpu == 0);
        sum.Add(Wide());
        Interval some = sum.ToInterval();
        Assert.All(some.Changes, row => Assert.Equal(0, row.Key.Vcpu));
        Assert.Equal([GroupKey.OfVcpu(1, 0)], some.TimeChanges.Select(time => time.Key));
        Assert.Equal([GroupKey.OfVcpu(1, 0)], some.Vcpus);
        Assert.Equal([0], some.VcpuStates.Select(state => state.Vcpu));
        Assert.Equal([Age(1, 0, 7)], some.OpenAges);
        // What the rows say of these exits, and of open ones their ages.
        Assert.Equal((5UL, 4UL, 1UL, 3UL),
            (some.Accounting.Exits, some.Accounting.Entries, some.Accounting.Open, some.Accounting.OtherQualifiers));
    }

    [Fact]
    public void Only_what_is_of_wanted_vms_is_in_it()
    {
        var sum = new IntervalSum(Grouping.Vcpu);
        sum.Add(Wide());
        Assert.Equal([2], sum.ToInterval(vm => vm.Ordinal == 2).VcpuStates.Select(state => state.Vm));
        Assert.Equal((6UL, 6UL, 0UL),
            sum.ToInterval(vm => vm.Ordinal == 2).Accounting is var of ? (of.Exits, of.Entries, of.Open) : default);
    }

    [Fact]
    public void All_has_what_was_counted()
    {
        var sum = new IntervalSum(Grouping.Vcpu);
        sum.Add(Wide());
        Interval all = sum.ToInterval();
        Assert.Equal((90UL, 80UL, 10UL, 70UL),
            (all.Accounting.Exits, all.Accounting.Entries, all.Accounting.Open, all.Accounting.OtherQualifiers));
        Assert.Equal(3, all.VcpuStates.Count);
        // Of rows without qualifiers none can be another's; entries are those that were counted.
        var coarse = new IntervalSum(Grouping.Vcpu, ExitParts.None);
        coarse.Add(Wide());
        Assert.Equal((80UL, 10UL, 0UL),
            coarse.ToInterval().Accounting is var of ? (of.Entries, of.Open, of.OtherQualifiers) : default);
    }

    [Theory]
    [InlineData(Grouping.Host)]
    [InlineData(Grouping.Vm)]
    public void States_are_of_single_vcpus(Grouping grouping)
    {
        var sum = new IntervalSum(grouping);
        sum.Add(Wide());
        Assert.Empty(sum.ToInterval().VcpuStates);
    }

    [Fact]
    public void A_sum_of_nothing_is_empty()
    {
        Interval none = new IntervalSum(Grouping.Vcpu, ExitParts.None).ToInterval();
        Assert.Equal((0, 0.0, false), (none.Intervals, none.Seconds, none.IsAfterGap));
        Assert.Empty(none.Changes);
        Assert.Empty(none.OpenBefore);
        Assert.Empty(none.VcpuStates);
        Assert.Equal([], none.OpenAges);
    }

    // Two vCPUs of a VM and one of another, of which the counters say more than the rows.
    private static Interval Wide() => Second(0) with
    {
        Vms = [new VmIdentity(1, 10, "web"), new VmIdentity(2, 11, "db")],
        Changes = [Row(1, 0, s_cpuid, 2), Row(1, 0, s_port, 3, s_other, untimed: 1), Row(1, 1, s_cpuid, 9), Row(2, 4, s_cpuid, 6)],
        TimeChanges = [new VcpuTime(GroupKey.OfVcpu(1, 0), 5, default), new VcpuTime(GroupKey.OfVcpu(1, 1), 6, default)],
        Vcpus = [GroupKey.OfVcpu(1, 0), GroupKey.OfVcpu(1, 1)],
        VcpuStates = [State(1, 0), State(1, 1), State(2, 4)],
        OpenAges = [Age(1, 0, 7), Age(1, 1, 8)],
        Accounting = new Accounting { Exits = 90, Entries = 80, Open = 10, OtherQualifiers = 70 },
    };

    // With room for exactly so much the intervals are taken, and with less they are not.
    private static void AddsWithin(int most, params Interval[] intervals)
    {
        void AddAll(int room)
        {
            var sum = new IntervalSum(Grouping.Vcpu, most: room);
            foreach (Interval interval in intervals) sum.Add(interval);
        }
        AddAll(most);
        Assert.Throws<KvmscopeException>(() => AddAll(most - 1));
    }

    private static Interval Second(int at) => new()
    {
        From = Sample.Started.AddSeconds(at),
        To = Sample.Started.AddSeconds(at + 1),
        FromNs = at * 1_000_000_000L,
        ToNs = (at + 1) * 1_000_000_000L,
    };

    private static Row Row(int vm, int vcpu, ExitCode code, ulong count = 1, Qualifier qualifier = default, ulong untimed = 0) =>
        new(new GroupKey(vm, vcpu, code, ExitLevel.L1, qualifier)) { Count = count, Timed = count - untimed };

    private static OpenExits Open(int vm, int vcpu, ExitCode? code = null) =>
        new(new GroupKey(vm, vcpu, code ?? s_port, ExitLevel.L1), 1);

    private static OpenAge Age(int vm, int vcpu, ulong ns) => new(new GroupKey(vm, vcpu, s_port, ExitLevel.L1), 1, ns);

    private static VcpuState State(int vm, int vcpu) => new(vm, vcpu, VcpuPlace.KvmRun, 0);
}
