using CsCheck;
using Kvmscope.Core;
using Kvmscope.Core.Captures;
using Kvmscope.Core.Model;

namespace Kvmscope.Interchange.Tests;

/// <summary>What real captures do not have: the other byte order, losses, events that come late or twice, impossible sizes.</summary>
public sealed class MadeCaptureTests
{
    private static readonly CapturedEvent[] s_two =
    [
        MadeCapture.Exit(1_000, 11, 12), MadeCapture.Exit(1_100, 12, 10, cpu: 1), MadeCapture.Entry(1_500, 11, 0),
        MadeCapture.Entry(1_700, 12, 1, cpu: 1), MadeCapture.Exit(1_900, 11, 12),
    ];

    private static CaptureResult Import(byte[] bytes) => Captured.Import(CaptureFile.Open(new MemoryStream(bytes)));

    private static IEnumerable<CapturedEvent?> File(params CapturedEvent?[] events) => events;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Perf_data_in_both_byte_orders(bool isBigEndian)
    {
        CaptureResult result = Import(MadeCapture.PerfData(s_two.Select(e => (CapturedEvent?)e), isBigEndian));
        Assert.Equal(["CPUID 1", "HLT 2"], result.Counts());
        Assert.Equal(["CPUID 1 600", "HLT 1 500"], result.Times());
        Assert.Equal([0, 1], result.Interval.Rows.Select(row => row.Key.Vcpu).Order());
        Assert.Equal(7, Assert.Single(result.Interval.Vms).Pid);
    }

    [Theory]
    [InlineData(false, 8)]
    [InlineData(true, 8)]
    [InlineData(true, 4)]
    [InlineData(false, 4)]
    public void Trace_dat_in_both_byte_orders_and_word_sizes(bool isBigEndian, int commitBytes)
    {
        CaptureResult result = Import(MadeCapture.TraceDat(s_two, 2, isBigEndian, commitBytes));
        Assert.Equal(["CPUID 1", "HLT 2"], result.Counts());
        Assert.Equal(["CPUID 1 600", "HLT 1 500"], result.Times());
        Assert.Equal(["thread-11", "thread-12"], result.Interval.Vms.Select(vm => vm.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Perf_data_is_put_in_the_order_of_time_within_rounds()
    {
        // The entry of CPU 1 is in the file before the exit of CPU 0.
        CaptureResult result = Import(MadeCapture.PerfData(File(
            MadeCapture.Entry(1_500, 11, 3, cpu: 1), MadeCapture.Entry(2_500, 11, 3, cpu: 1), null,
            MadeCapture.Exit(2_000, 11, 12), null, MadeCapture.Exit(1_800, 12, 10), null)));
        Assert.Equal(["CPUID 0 0", "HLT 1 500"], result.Times());
    }

    [Fact]
    public void A_round_that_is_larger_than_the_room_goes_ahead_in_parts_and_late_events_are_counted()
    {
        EventOrder order = new(room: 4);
        List<long> taken = [];
        foreach (long ns in (long[])[10, 20, 30, 40, 15, 25, 5, 50])
        {
            order.Free() = MadeCapture.Exit(ns, 1, 12);
            order.Add();
            Drain();
        }
        order.End();
        Drain();
        Assert.Equal([10, 20, 15, 25, 5, 30, 40, 50], taken);
        Assert.Equal(2, order.Late);

        void Drain()
        {
            CapturedEvent e = default;
            while (order.TryTake(ref e)) taken.Add(e.Ns);
        }
    }

    [Fact]
    public void An_event_that_perf_recorded_twice_is_used_once()
    {
        CaptureResult result = Import(MadeCapture.PerfData(s_two.Select(e => (CapturedEvent?)e), isTwice: true));
        Assert.Equal(["CPUID 1", "HLT 2"], result.Counts());
        Assert.Equal(["CPUID 1 600", "HLT 1 500"], result.Times());
        Assert.Equal(5, result.Facts.LeftOut);
    }

    [Fact]
    public void No_exit_is_timed_across_a_loss_and_the_loss_is_counted()
    {
        CapturedEvent[] events = [MadeCapture.Exit(1_000, 11, 12), MadeCapture.Lost(1_200, 17), MadeCapture.Entry(1_500, 11, 0),
            MadeCapture.Exit(1_600, 11, 12), MadeCapture.Entry(1_700, 11, 0)];
        foreach (byte[] bytes in (byte[][])[MadeCapture.PerfData(events.Select(e => (CapturedEvent?)e)), MadeCapture.TraceDat(events, 1)])
        {
            CaptureResult result = Import(bytes);
            Assert.Equal(["HLT 2"], result.Counts());
            Assert.Equal(["HLT 1 100"], result.Times());
            Assert.Equal(new Accounting { Exits = 2, Entries = 1, CutExits = 1, LostRecords = 17 }, result.Trust);
        }
    }

    [Fact]
    public void A_capture_that_is_cut_gives_what_is_there_or_an_error_with_the_place()
    {
        byte[] whole = MadeCapture.PerfData(s_two.Select(e => (CapturedEvent?)e));
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => Import(whole[..^700]));
        Assert.Equal(ExitStatus.Failed, error.Status);
        Assert.Contains("byte", error.Message, StringComparison.Ordinal);
        byte[] trace = MadeCapture.TraceDat(s_two, 2);
        CaptureResult result = Import(trace[..^4096]);
        Assert.Equal(["HLT 2"], result.Counts());
        Assert.Contains("of CPU 1", result.Facts.CutAt, StringComparison.Ordinal);
    }

    [Fact]
    public void Events_of_the_future_do_not_make_an_interval_for_each_second()
    {
        CaptureResult result = Import(MadeCapture.PerfData(File(MadeCapture.Exit(1_000, 11, 12), MadeCapture.Entry(1_500, 11, 0),
            MadeCapture.Exit(long.MaxValue - 5, 11, 12), MadeCapture.Entry(long.MaxValue - 1, 11, 0))));
        Assert.Equal(["HLT 2 504"], result.Times());
        Assert.InRange(result.Intervals, 2, 4);
    }

    [Fact]
    public void Threads_beyond_the_room_are_counted_and_take_no_memory()
    {
        CapturedEvent[] events = [.. Enumerable.Range(0, 30).SelectMany(tid => (CapturedEvent[])
            [MadeCapture.Exit(1_000 + (100 * tid), tid, 12), MadeCapture.Entry(1_050 + (100 * tid), tid, tid)])];
        CaptureResult result = Captured.Import(new GivenEvents(events), new CaptureOptions { MostVcpus = 10 });
        Assert.Equal(["HLT 10"], result.Counts());
        Assert.Equal(new Accounting { Exits = 10, Entries = 10, DroppedExits = 20, DroppedVcpus = 20 }, result.Trust);
    }

    [Fact]
    public void A_thread_that_ended_gives_its_room_and_its_number_to_another()
    {
        CapturedEvent end = new() { Kind = CapturedKind.ThreadEnd, Ns = 1_300, Tid = 11, Pid = CapturedEvent.Unknown };
        CapturedEvent[] events =
        [
            MadeCapture.Exit(1_000, 11, 12), MadeCapture.Entry(1_100, 11, 0), MadeCapture.Exit(1_200, 11, 10), end,
            MadeCapture.Exit(1_400, 11, 12), MadeCapture.Entry(1_600, 11, 1),
        ];
        CaptureResult result = Captured.Import(new GivenEvents(events), new CaptureOptions { MostVcpus = 1, IntervalNs = 250 });
        Assert.Equal(["CPUID 1", "HLT 2"], result.Counts());
        Assert.Equal(["CPUID 0 0", "HLT 2 300"], result.Times());
        Assert.Equal(new Accounting { Exits = 3, Entries = 2, FinalExits = 1 }, result.Trust);
        Assert.Equal([0, 1], result.Interval.Rows.Select(row => row.Key.Vcpu).Distinct().Order());
    }

    [Fact]
    public void Exits_and_entries_that_are_there_twice_are_used_once_and_counted()
    {
        CapturedEvent[] events =
        [
            MadeCapture.Exit(1_000, 11, 12), MadeCapture.Exit(1_000, 11, 12), MadeCapture.Entry(1_100, 11, 0),
            MadeCapture.Entry(1_100, 11, 0), MadeCapture.Exit(1_200, 11, 12), MadeCapture.Exit(1_201, 11, 12),
        ];
        CaptureResult result = Captured.Import(new GivenEvents(events));
        Assert.Equal(new Accounting { Exits = 3, Entries = 1, UnpairedExits = 1, Open = 1, DuplicateEvents = 2 }, result.Trust);
    }

    [Fact]
    public void A_thread_that_runs_two_vcpus_has_the_exits_of_each_paired_with_its_own_entries()
    {
        CapturedEvent other = MadeCapture.Exit(1_100, 11, 10) with { Vcpu = 1 };
        CapturedEvent[] events =
        [
            MadeCapture.Exit(1_000, 11, 12) with { Vcpu = 0 }, other, MadeCapture.Entry(1_500, 11, 1), MadeCapture.Entry(1_900, 11, 0),
        ];
        CaptureResult result = Captured.Import(new GivenEvents(events));
        Assert.Equal(["CPUID 1 400", "HLT 1 900"], result.Times());
    }

    [Fact]
    public void What_any_threads_do_is_the_same_in_all_formats_and_as_given_directly()
    {
        Gen<(int Thread, bool IsExit, ulong Code, long Step, int Cpu)> step =
            Gen.Select(Gen.Int[0, 3], Gen.Bool, Gen.ULong[10, 12], Gen.OneOf(Gen.Long[1, 5_000], Gen.Long[1, 400_000_000]), Gen.Int[0, 2]);
        Gen.Select(step.Array[1, 60], Gen.Bool).Sample((steps, isBigEndian) =>
        {
            long now = 1_000;
            List<CapturedEvent> events = [];
            foreach ((int thread, bool isExit, ulong code, long by, int cpu) in steps)
            {
                now += by;
                events.Add(isExit ? MadeCapture.Exit(now, 100 + thread, code, cpu) : MadeCapture.Entry(now, 100 + thread, thread, cpu));
            }
            CaptureResult direct = Captured.Import(new GivenEvents(events));
            // CPU by CPU in the file, one round.
            CaptureResult perf = Import(MadeCapture.PerfData(events.OrderBy(e => e.Cpu).Select(e => (CapturedEvent?)e), isBigEndian));
            CaptureResult trace = Import(MadeCapture.TraceDat(events, 3, isBigEndian));
            foreach (CaptureResult other in (CaptureResult[])[perf, trace])
            {
                Assert.Equal(direct.Counts(), other.Counts());
                Assert.Equal(direct.Times(), other.Times());
                Assert.Equal(direct.Trust, other.Trust);
            }
        }, iter: 300, threads: 1);
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("PERFFILE", "this perf.data is of a version before 2012")]
    [InlineData("\u001f\u008b\u0008", "it is compressed as a whole")]
    [InlineData("\u007fELF\0\0", "it is no perf.data, no trace.dat and no text")]
    public void What_is_no_trace_is_an_error(string begin, string message)
    {
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => Import([.. begin.Select(c => (byte)c)]));
        Assert.Equal(message, error.Message);
        Assert.NotNull(error.Hint);
    }
}
