using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Tests;

/// <summary>The rules of pairing one by one; that they are those of the kernel side is tested in Host.Tests.</summary>
public sealed class EventPairingTests
{
    private static readonly ExitCode s_hlt = new(Isa.Vmx, 12), s_msr = new(Isa.Vmx, 32), s_cpuid = new(Isa.Vmx, 10);
    private static readonly DateTimeOffset s_zero = Sample.Started;

    private static (EventPairing Pairing, int Vcpu) Begin(TraceOptions? options = null, bool hasLateLevels = false)
    {
        EventPairing pairing = new(options ?? new TraceOptions(), s_zero, 0, hasLateLevels);
        return (pairing, pairing.Add(Sample.Web, 3));
    }

    private static EventPoint At(long ns) => new(ns);

    [Fact]
    public void An_exit_is_counted_at_once_and_timed_in_the_interval_of_its_entry()
    {
        (EventPairing pairing, int vcpu) = Begin();
        pairing.Exit(vcpu, At(1_000), s_hlt, ExitLevel.L2);
        Interval first = pairing.Read(2_000);
        Row row = Assert.Single(first.Rows);
        Assert.Equal(new GroupKey(0, 3, s_hlt, ExitLevel.L2), row.Key);
        Assert.Equal((1UL, 0UL, 0UL), (row.Count, row.Timed, row.Bins.Count));
        Assert.Equal(new Accounting { Exits = 1, Open = 1 }, first.Accounting);
        pairing.Entry(vcpu, At(6_000));
        Interval second = pairing.Read(10_000);
        row = Assert.Single(second.Rows);
        Assert.Equal((0UL, 1UL, 5_000UL, 5_000UL), (row.Count, row.Timed, row.TotalNs, row.MaxNs));
        Assert.Equal(1UL, row.Bins[HistogramLayout.BinOf(5_000)]);
        Assert.Equal(new Accounting { Entries = 1 }, second.Accounting);
        Assert.Equal((2_000, 10_000, s_zero.AddTicks(20), s_zero.AddTicks(100)), (second.FromNs, second.ToNs, second.From, second.To));
        Assert.Equal([Sample.Web], second.Vms);
        Assert.Empty(first.OpenAfter);
    }

    [Fact]
    public void An_exit_after_an_exit_leaves_the_first_without_a_time()
    {
        (EventPairing pairing, int vcpu) = Begin();
        pairing.Exit(vcpu, At(0), s_msr);
        pairing.Exit(vcpu, At(100), s_hlt);
        pairing.Entry(vcpu, At(400));
        Interval interval = pairing.Read(500);
        Assert.Equal(
            [(s_hlt, 1UL, 1UL, 300UL), (s_msr, 1UL, 0UL, 0UL)],
            interval.Rows.OrderBy(r => r.Key.Code.Code).Select(r => (r.Key.Code, r.Count, r.Timed, r.TotalNs)));
        Assert.Equal(new Accounting { Exits = 2, Entries = 1, UnpairedExits = 1 }, interval.Accounting);
    }

    [Fact]
    public void An_entry_is_unpaired_only_after_another_entry_that_followed_an_exit()
    {
        (EventPairing pairing, int vcpu) = Begin();
        pairing.Entry(vcpu, At(1));
        pairing.Entry(vcpu, At(2));
        Assert.Equal(new Accounting(), pairing.Read(3).Accounting);
        pairing.Exit(vcpu, At(4), s_hlt);
        pairing.Entry(vcpu, At(5));
        pairing.Entry(vcpu, At(6));
        Assert.Equal(new Accounting { Exits = 1, Entries = 2, UnpairedEntries = 1 }, pairing.Read(7).Accounting);
    }

    [Fact]
    public void A_clock_that_ran_backwards_measures_nothing()
    {
        (EventPairing pairing, int vcpu) = Begin();
        pairing.Exit(vcpu, At(long.MaxValue), s_hlt);
        pairing.Entry(vcpu, At(long.MinValue));
        Row row = Assert.Single(pairing.Read(0).Rows);
        Assert.Equal((1UL, 0UL, 1UL), (row.Timed, row.TotalNs, row.Bins[0]));
    }

    [Fact]
    public void Counting_alone_has_no_times()
    {
        (EventPairing pairing, int vcpu) = Begin(new TraceOptions { WantTime = false, SlowNs = 1 });
        pairing.Exit(vcpu, At(0), s_hlt);
        pairing.Entry(vcpu, At(100));
        Interval interval = pairing.Read(200);
        Row row = Assert.Single(interval.Rows);
        Assert.Equal((1UL, 1UL, 0UL, false), (row.Count, row.Timed, row.TotalNs, row.HasBins));
        Assert.Empty(interval.Slow);
    }

    [Fact]
    public void An_exit_that_a_filter_leaves_out_is_skipped_with_its_entry()
    {
        (EventPairing pairing, int vcpu) = Begin(new TraceOptions { Filter = new ExitFilter { Codes = [12], Level = ExitLevel.L1 } });
        (ExitCode, ExitLevel)[] exits = [(s_msr, ExitLevel.L1), (s_hlt, ExitLevel.L2), (s_hlt, ExitLevel.L1), (s_msr, ExitLevel.L1)];
        foreach ((ExitCode code, ExitLevel level) in exits)
            pairing.Exit(vcpu, At(10), code, level);
        pairing.Entry(vcpu, At(20));
        Interval interval = pairing.Read(30);
        Assert.Equal((1UL, 0UL), (Assert.Single(interval.Rows).Count, interval.Rows[0].Timed));
        Assert.Equal(new Accounting { Exits = 1, UnpairedExits = 1 }, interval.Accounting);
    }

    [Fact]
    public void Other_processes_and_other_vCPUs_are_left_out()
    {
        EventPairing pairing = new(new TraceOptions { Filter = new ExitFilter { Pids = [Sample.Web.Pid], VcpuIds = [1] } }, s_zero);
        int unnamed = pairing.Add(Sample.Web, GroupKey.None);
        foreach (int vcpu in new[] { unnamed, pairing.Add(Sample.Web, 0), pairing.Add(Sample.Db, 1), pairing.Add(Sample.Web, 1) })
        {
            pairing.Exit(vcpu, At(0), s_hlt);
            pairing.Entry(vcpu, At(1));
            pairing.Entry(vcpu, At(2));
        }
        Interval interval = pairing.Read(3);
        Assert.Equal(GroupKey.OfVcpu(0, 1) with { Code = s_hlt, Level = ExitLevel.L1 }, Assert.Single(interval.Rows).Key);
        Assert.Equal(new Accounting { Exits = 1, Entries = 2, UnpairedEntries = 1 }, interval.Accounting);
        pairing.Identify(unnamed, Sample.Web, 1);
        pairing.Exit(unnamed, At(4), s_hlt);
        Assert.Single(pairing.Read(5).Rows);
    }

    [Fact]
    public void No_exit_is_timed_across_a_loss()
    {
        (EventPairing pairing, int vcpu) = Begin();
        int other = pairing.Add(Sample.Db, 0), fresh = pairing.Add(Sample.Db, 1);
        pairing.Exit(vcpu, At(0), s_hlt);
        pairing.Exit(other, At(0), s_msr);
        pairing.Lose(vcpu);
        pairing.Entry(vcpu, At(100));
        pairing.Entry(other, At(100));
        Interval interval = pairing.Read(200);
        Assert.Equal(
            [(s_hlt, 1UL, 0UL), (s_msr, 1UL, 1UL)], interval.Rows.OrderBy(r => r.Key.Vm).Select(r => (r.Key.Code, r.Count, r.Timed)));
        Assert.Equal(new Accounting { Exits = 2, Entries = 1, CutExits = 1 }, interval.Accounting);
        pairing.LoseAll();
        foreach (int each in new[] { vcpu, other, fresh }) pairing.Entry(each, At(300)); // of exits that were lost
        Assert.Equal(new Accounting(), pairing.Read(400).Accounting);
        foreach (int each in new[] { vcpu, other, fresh }) pairing.Entry(each, At(500));
        Assert.Equal(new Accounting { Entries = 2, UnpairedEntries = 2 }, pairing.Read(600).Accounting);
    }

    [Fact]
    public void What_is_open_at_the_end_of_a_vCPU_is_its_last_exit_and_its_number_is_given_again()
    {
        (EventPairing pairing, int vcpu) = Begin(new TraceOptions { WantQualifiers = true });
        pairing.Exit(vcpu, At(0), s_msr);
        Interval first = pairing.Read(11);
        Assert.Equal([new OpenExits(new GroupKey(0, 3, s_msr, ExitLevel.L1), 1)], first.OpenAfter);
        Assert.Equal([new OpenAge(new GroupKey(0, 3, s_msr, ExitLevel.L1), 1, 11)], first.OpenAges!);
        pairing.End(vcpu);
        int next = pairing.Add(Sample.Db, 0);
        Assert.NotEqual(vcpu, next);
        pairing.Exit(next, At(12), s_cpuid);
        pairing.Entry(next, At(13));
        Interval interval = pairing.Read(14);
        Assert.Equal(
            [(0, s_msr, 1UL, 0UL), (1, s_cpuid, 1UL, 1UL)],
            interval.Rows.OrderBy(r => r.Key.Vm).Select(r => (r.Key.Vm, r.Key.Code, r.Count, r.Timed)));
        Assert.Equal(new Accounting { Exits = 2, Entries = 1, FinalExits = 1 }, interval.Accounting);
        Assert.Empty(interval.OpenAges!);
        Assert.Equal([new OpenExits(new GroupKey(0, 3, s_msr, ExitLevel.L1), 1)], interval.OpenBefore);
        Assert.Empty(interval.OpenAfter);
        Assert.Equal(vcpu, pairing.Add(Sample.Db, 7));
        pairing.Entry(vcpu, At(5));
        Assert.Equal(new Accounting(), pairing.Read(16).Accounting);
    }

    [Fact]
    public void Whose_thread_it_is_may_turn_out_later()
    {
        EventPairing pairing = new(new TraceOptions(), s_zero);
        int thread = pairing.Add(Sample.Web, GroupKey.None), same = pairing.Add(Sample.Db, 2);
        pairing.Exit(thread, At(0), s_hlt);
        pairing.Exit(same, At(0), s_hlt);
        pairing.Identify(thread, Sample.Db, 2);
        pairing.Entry(thread, At(10));
        Interval interval = pairing.Read(20);
        Row row = Assert.Single(interval.Rows);
        Assert.Equal((1, 2, 2UL, 1UL), (row.Key.Vm, row.Key.Vcpu, row.Count, row.Timed));
        Assert.Equal([Sample.Db], interval.Vms);
    }

    [Fact]
    public void A_qualifier_that_is_known_late_decides_the_row()
    {
        (EventPairing pairing, int vcpu) = Begin(new TraceOptions { WantQualifiers = true });
        pairing.Exit(vcpu, At(0), s_msr, ExitLevel.L1, Qualifier.Of(1));
        pairing.Exit(vcpu, At(10), s_msr);
        Interval first = pairing.Read(15);
        pairing.SetQualifier(vcpu, 2);
        pairing.Entry(vcpu, At(30));
        pairing.Exit(vcpu, At(40), s_hlt, ExitLevel.L1, Qualifier.Of(9)); // HLT has none
        pairing.SetQualifier(vcpu, 9);
        Interval second = pairing.Read(50);
        Assert.Equal(Qualifier.Of(1), Assert.Single(first.Rows).Key.Qualifier);
        Assert.Equal(new Accounting { Exits = 1, UnpairedExits = 1, Open = 1 }, first.Accounting);
        Assert.Equal(first.OpenAfter, second.OpenBefore);
        Assert.Equal([new OpenExits(new GroupKey(0, 3, s_msr, ExitLevel.L1), 1)], second.OpenBefore);
        Assert.Equal(
            [(s_hlt, Qualifier.None, 1UL, 0UL), (s_msr, Qualifier.Of(2), 1UL, 20UL)],
            second.Rows.OrderBy(r => r.Key.Code.Code).Select(r => (r.Key.Code, r.Key.Qualifier, r.Count, r.TotalNs)));
        Assert.Empty(second.OpenAfter);
    }

    [Fact]
    public void A_level_that_is_known_late_decides_row_and_filter()
    {
        TraceOptions options = new() { Filter = new ExitFilter { Level = ExitLevel.L2 } };
        (EventPairing pairing, int vcpu) = Begin(options, hasLateLevels: true);
        pairing.Exit(vcpu, At(0), s_msr);
        pairing.Entry(vcpu, At(10));
        pairing.Exit(vcpu, At(20), s_msr);
        pairing.SetLevel(vcpu, ExitLevel.L2);
        Interval first = pairing.Read(25);
        pairing.Entry(vcpu, At(30));
        pairing.SetLevel(vcpu, ExitLevel.L1); // nothing is open
        Interval second = pairing.Read(40);
        Assert.Empty(first.Rows);
        Assert.Equal(ExitLevel.L2, Assert.Single(first.OpenAfter).Key.Level);
        Assert.Equal((ExitLevel.L2, 1UL, 10UL), (Assert.Single(second.Rows).Key.Level, second.Rows[0].Count, second.Rows[0].TotalNs));
        Assert.Equal(new Accounting { Exits = 1, Entries = 1 }, second.Accounting);
        Assert.Throws<InvalidOperationException>(() => Begin().Pairing.SetLevel(0, ExitLevel.L2));
    }

    [Fact]
    public void A_round_lasts_from_the_reflected_exit_until_L2_runs_again()
    {
        (EventPairing pairing, int vcpu) = Begin(new TraceOptions { WantNested = true });
        pairing.Exit(vcpu, At(1_000), s_cpuid, ExitLevel.L2);
        pairing.Entry(vcpu, At(1_100));
        pairing.Exit(vcpu, At(1_500), s_msr);
        pairing.Exit(vcpu, At(1_600), s_msr);
        pairing.Entry(vcpu, At(1_650));
        Interval first = pairing.Read(1_700);
        pairing.Exit(vcpu, At(1_800), s_hlt);
        pairing.Entry(vcpu, At(2_000), ExitLevel.L2);
        pairing.Exit(vcpu, At(2_100), s_msr, ExitLevel.L2); // handled here: no round
        pairing.Entry(vcpu, At(2_200), ExitLevel.L2);
        Interval second = pairing.Read(3_000);
        Row row = first.Rows.Single(r => r.Rounds is not null);
        Assert.Equal((1UL, 0UL), (row.Rounds!.Reflected, row.Rounds.Timed));
        row = second.Rows.Single(r => r.Rounds is not null);
        Assert.Equal(new GroupKey(0, 3, s_cpuid, ExitLevel.L2), row.Key);
        Assert.Equal((0UL, 0UL, 1UL, 1_000UL), (row.Count, row.Rounds!.Reflected, row.Rounds.Timed, row.Rounds.TotalNs));
        Assert.Equal((3UL, 350UL), (row.Rounds.L1Exits, row.Rounds.HandlingNs));
    }

    [Fact]
    public void A_round_across_a_loss_or_another_exit_of_L2_has_no_end()
    {
        (EventPairing pairing, int vcpu) = Begin(new TraceOptions { WantNested = true });
        foreach (Action between in new Action[] { () => pairing.Lose(vcpu), () => pairing.Exit(vcpu, At(25), s_msr, ExitLevel.L2) })
        {
            pairing.Exit(vcpu, At(0), s_cpuid, ExitLevel.L2);
            pairing.Entry(vcpu, At(10));
            between();
            pairing.Entry(vcpu, At(30), ExitLevel.L2);
            pairing.Exit(vcpu, At(40), s_hlt);
            pairing.Entry(vcpu, At(50), ExitLevel.L2);
            Row row = Assert.Single(pairing.Read(60).Rows, r => r.Rounds is not null);
            Assert.Equal((1UL, 0UL), (row.Rounds!.Reflected, row.Rounds.Timed));
        }
    }

    [Fact]
    public void Slow_exits_are_in_the_interval_of_their_end_and_further_ones_are_counted()
    {
        EventPairing pairing = new(new TraceOptions { SlowNs = 100 }, s_zero) { MostSlow = 1 };
        int vcpu = pairing.Add(Sample.Db, 3);
        foreach (long ns in new long[] { 99, 100, 150 })
        {
            pairing.Exit(vcpu, new EventPoint(1_000, 4, 77), s_hlt, ExitLevel.L2, default, 0xfff0);
            pairing.Entry(vcpu, new EventPoint(1_000 + ns, 5, 77), ExitLevel.L2);
        }
        Interval interval = pairing.Read(2_000);
        Assert.Equal(
            [new SlowExit(s_zero.AddTicks(11), Sample.Db, 3, 77, 5, ExitLevel.L2, s_hlt, 100) { Rip = 0xfff0, CpuAtExit = 4 }],
            interval.Slow);
        Assert.Equal(1UL, interval.Accounting.LostEvents);
        interval = pairing.Read(3_000);
        Assert.Equal((0, 0UL), (interval.Slow.Count, interval.Accounting.LostEvents));
    }

    [Fact]
    public void Nothing_is_allocated_for_an_event()
    {
        (EventPairing pairing, int vcpu) = Begin(new TraceOptions
        {
            WantQualifiers = true,
            WantNested = true,
            Filter = new ExitFilter { ExcludedCodes = [1] },
        });
        void Run(int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                pairing.Exit(vcpu, At(1_000 * i), i % 2 == 0 ? s_msr : s_hlt, (ExitLevel)(1 + i % 3 % 2));
                if (i % 4 == 0) pairing.SetQualifier(vcpu, (ulong)(i % 16));
                pairing.Entry(vcpu, At(1_000 * i + i % 500), (ExitLevel)(1 + i % 2));
                if (i % 50 == 0) pairing.Lose(vcpu);
            }
        }
        Run(0, 10_000);
        // The runtime may allocate when it compiles a method again; events would do so each time.
        long least = long.MaxValue;
        for (int from = 10_000; from < 210_000; from += 50_000)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Run(from, from + 50_000);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
        Assert.InRange(pairing.RowCount, 1, 20);
    }

    [Fact]
    public void At_the_end_an_exit_that_is_open_is_counted_once_and_stays_open()
    {
        (EventPairing pairing, int vcpu) = Begin(new TraceOptions { WantQualifiers = true }, hasLateLevels: true);
        pairing.Exit(vcpu, At(100), s_msr);
        Interval first = pairing.Read(1_000);
        pairing.CountOpen();
        pairing.CountOpen();
        Interval last = pairing.Read(2_000);
        Assert.Empty(first.Rows);
        Row row = Assert.Single(last.Rows);
        Assert.Equal((s_msr, 1UL, 0UL), (row.Key.Code, row.Count, row.Timed));
        Assert.Equal(new Accounting { Exits = 1, Open = 1 }, last.Accounting);
        Assert.Equal(1_900UL, Assert.Single(last.OpenAges!).Ns);
        Assert.Single(last.OpenBefore);
        Assert.Empty(last.OpenAfter);
    }

    [Fact]
    public void The_wall_clock_is_split_by_what_the_thread_did()
    {
        (EventPairing pairing, int vcpu) = Begin(new TraceOptions { WantSplit = true });
        pairing.Exit(vcpu, At(1_000), s_cpuid);
        pairing.ReturnToUser(vcpu, 1_010);
        pairing.LeaveCpu(vcpu, 1_030, canRun: true);
        pairing.TakeCpu(vcpu, 1_070);
        pairing.LeaveCpu(vcpu, 1_080, canRun: false);
        pairing.TakeCpu(vcpu, 1_100);
        pairing.Entry(vcpu, At(1_110));
        pairing.Exit(vcpu, At(1_500), s_hlt);
        pairing.LeaveCpu(vcpu, 1_505, canRun: false);
        pairing.TakeCpu(vcpu, 1_600);
        pairing.Entry(vcpu, At(1_601));
        pairing.LeaveCpu(vcpu, 1_610, canRun: true);
        pairing.TakeCpu(vcpu, 1_650);
        pairing.Exit(vcpu, At(1_700), s_msr);
        pairing.LeaveCpu(vcpu, 1_710, canRun: false);
        Interval interval = pairing.Read(2_000);
        TimeParts Of(ExitCode code) => Assert.Single(interval.Rows, row => row.Key.Code == code).Parts ?? default;
        Assert.Equal(
            (10UL, 60UL, 40UL, 110UL),
            (Of(s_cpuid)[TimePart.Kvm], Of(s_cpuid)[TimePart.Vmm], Of(s_cpuid)[TimePart.Runq], Of(s_cpuid).Sum));
        Assert.Equal((6UL, 95UL, 101UL), (Of(s_hlt)[TimePart.Kvm], Of(s_hlt)[TimePart.Halt], Of(s_hlt).Sum));
        VcpuTime time = Assert.Single(interval.Times);
        // From the first exit to the last event; the open exit has 10 ns so far.
        Assert.Equal((710UL, 390UL + 9 + 50, 40UL), (time.WallNs, time.Parts[TimePart.Guest], time.Parts[TimePart.Runq]));
        pairing.TakeCpu(vcpu, 2_100);
        pairing.Lose(vcpu);
        pairing.Exit(vcpu, At(2_200), s_cpuid);
        pairing.Entry(vcpu, At(2_210));
        interval = pairing.Read(3_000);
        time = Assert.Single(interval.Times);
        Assert.Equal((500UL, 500UL, 10UL), (time.WallNs, time.Parts[TimePart.Unattributed], Of(s_cpuid)[TimePart.Kvm]));
    }
}
