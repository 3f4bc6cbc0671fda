using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>Exits that are open when the tables are read, and those with which a vCPU ended.</summary>
[Collection(KernelGroup.Name)]
public sealed class OpenExitTests
{
    private const uint Io = 0x7b, Hlt = 0x78;
    private const ulong SecondNs = 1_000_000_000;

    private static readonly TraceOptions[] s_wishes =
        [new(), new() { WantSplit = true }, new() { WantQualifiers = true }, new() { WantSplit = true, WantQualifiers = true }];

    [KernelFact]
    public void An_open_exit_has_its_age_whatever_else_is_traced() => Assert.All(s_wishes, HasItsAge);

    private static void HasItsAge(TraceOptions options)
    {
        using KernelSide side = Traced(options);
        side.Exit(1, Hlt, KernelSide.Svm);
        side.Entry(1);
        Assert.Empty(side.ReadInterval().OpenAges!);
        long begin = MonotonicClock.NowNs();
        side.Exit(1, Io, KernelSide.Svm);
        side.SlotOf(1).exit_ns -= 3 * SecondNs;
        OpenAge open = Assert.Single(side.ReadInterval().OpenAges!);
        Assert.Equal((new ExitCode(Isa.Svm, Io), ExitLevel.L1, Qualifier.None, 0, 1UL, false),
            (open.Key.Code, open.Key.Level, open.Key.Qualifier, open.Key.Vcpu, open.Count, open.IsAtLeast));
        Assert.InRange(open.Ns, 3 * SecondNs, 3 * SecondNs + (ulong)(MonotonicClock.NowNs() - begin));
        // In an interval in which nothing happens it grows.
        Interval next = side.ReadInterval();
        Assert.True(Assert.Single(next.OpenAges!).Ns > open.Ns);
        Assert.Equal("vm", next.VmOf(open.Key)!.Name);
        side.Entry(1);
        Assert.Empty(side.ReadInterval().OpenAges!);
    }

    [KernelFact]
    public void Where_exits_are_only_counted_the_reader_knows_since_when_it_sees_one()
    {
        using KernelSide side = Traced(new() { WantTime = false });
        side.Exit(1, Io, KernelSide.Svm);
        long begin = MonotonicClock.NowNs();
        side.Reader.Watch();
        long looked = MonotonicClock.NowNs();
        side.Reader.Watch();
        long reading = MonotonicClock.NowNs();
        OpenAge open = Assert.Single(side.ReadInterval().OpenAges!);
        Assert.True(open.IsAtLeast);
        Assert.InRange(open.Ns, (ulong)(reading - looked), (ulong)(MonotonicClock.NowNs() - begin));
        // Another exit of the same reason begins anew.
        side.Entry(1);
        side.Exit(1, Io, KernelSide.Svm);
        Assert.Equal(new OpenAge(open.Key, 1, 0, true), Assert.Single(side.ReadInterval().OpenAges!));
    }

    [KernelFact]
    public void The_exit_with_which_a_vcpu_ended_is_counted_once_and_is_not_open() => Assert.All(s_wishes, IsCountedOnce);

    private static void IsCountedOnce(TraceOptions options)
    {
        using KernelSide side = Traced(options);
        side.Exit(1, Io, KernelSide.Svm);
        side.Entry(1);
        side.Exit(1, Io, KernelSide.Svm);
        Interval first = side.ReadInterval();
        Assert.Equal((1UL, 0UL), (first.Accounting.Open, first.Accounting.FinalExits));
        side.Forget(1);
        IntervalSum sum = new(Grouping.Vcpu);
        sum.Add(first);
        // The slot is read until it is freed, two sweeps later.
        for (int reading = 0; reading < 4; reading++)
        {
            Interval interval = side.ReadInterval();
            Assert.Equal((0UL, reading == 0 ? 1UL : 0), (interval.Accounting.Open, interval.Accounting.FinalExits));
            Assert.Empty(interval.OpenAges!);
            sum.Add(interval);
            side.Sweeper.Sweep();
        }
        Interval all = sum.ToInterval();
        Assert.Equal((2UL, 1UL, 1UL), ((ulong)all.Rows.Sum(r => (long)r.Count), (ulong)all.Rows.Sum(r => (long)r.Timed),
            (ulong)all.Rows.Sum(r => (long)r.Final)));
        Assert.Equal(all.Accounting.Exits, all.Accounting.Entries + all.Accounting.FinalExits);
        // The slot and its cell have another owner now.
        side.Exit(2, Io, KernelSide.Svm);
        side.Forget(2);
        Assert.Equal(1UL, side.ReadInterval().Accounting.FinalExits);
    }

    [KernelFact]
    public void A_process_that_ended_unseen_leaves_no_open_exit()
    {
        bool alive = true;
        using KernelSide side = new(host: new HostView(_ => VmDirectoryTests.Named("vm"), _ => alive, _ => true, Isa.Svm));
        side.Exit(1, Io, KernelSide.Svm);
        Assert.Single(side.ReadInterval().OpenAges!);
        alive = false;
        side.Sweeper.Sweep();
        side.Sweeper.Sweep();
        Interval last = side.ReadInterval();
        Assert.Equal((0UL, 1UL, 1UL), (last.Accounting.Open, last.Accounting.FinalExits, Assert.Single(last.Changes).Final));
        Assert.Empty(last.OpenAges!);
    }

    [KernelFact]
    public void A_coarse_trace_has_the_oldest_of_a_group()
    {
        using KernelSide side = Traced(new() { OpenExits = Grouping.Vm });
        for (ulong vcpu = 1; vcpu <= 3; vcpu++)
        {
            side.Exit(vcpu, Io, KernelSide.Svm);
            side.SlotOf(vcpu).exit_ns -= vcpu * SecondNs;
        }
        OpenAge open = Assert.Single(side.ReadInterval(Grouping.Vm).OpenAges!);
        Assert.Equal((3UL, GroupKey.None), (open.Count, open.Key.Vcpu));
        Assert.InRange(open.Ns, 3 * SecondNs, 4 * SecondNs);
    }

    // A guest that ran for ten seconds and has just exited: the time of the exit before must not be taken for this one's.
    [KernelFact]
    public void An_exit_that_has_just_begun_is_never_as_old_as_the_one_before()
    {
        using KernelSide side = Traced(new());
        side.Exit(1, Io, KernelSide.Svm);
        side.Entry(1);
        using CancellationTokenSource stop = new();
        Thread writer = new(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                side.Exit(1, Io, KernelSide.Svm);
                side.Entry(1);
                side.SlotOf(1).exit_ns = 1;
            }
        });
        writer.Start();
        long start = MonotonicClock.NowNs();
        ulong oldest = 0;
        int seen = 0, number = Enumerable.Range(1, side.Slots.Count - 1).Single(i => side.Slots[i].tgid != 0);
        var watch = new OpenExitWatch(side.Slots, side.Cells, new());
        try
        {
            for (int look = 0; look < 5_000_000 || seen == 0; look++)
            {
                ref kvmscope_slot slot = ref side.Slots[number];
                uint open = Volatile.Read(ref slot.open);
                if (open < kvmscope_open.KVMSCOPE_FIRST_CELL || watch.AgeOf(ref slot, number, open) is not var (ns, _)) continue;
                seen++;
                oldest = Math.Max(oldest, ns);
            }
        }
        finally
        {
            stop.Cancel();
            writer.Join();
        }
        Assert.InRange(oldest, 0UL, (ulong)(MonotonicClock.NowNs() - start));
    }

    private static KernelSide Traced(TraceOptions options) =>
        new(options, TableSizes.For(8, 2, 1, options), new HostView(_ => VmDirectoryTests.Named("vm"), _ => true, _ => true, Isa.Svm));
}
