using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Tests.Recordings;

/// <summary>Several recordings as one: sums over files are those of the time, whatever the order, the gaps and the damage.</summary>
public sealed class RecordingSetTests
{
    private const long S = 1_000_000_000;

    private static readonly VmIdentity s_web = new(0, 4000, "web"), s_db = new(1, 4001, "db");

    // Files of 10 intervals of a second each. In the interval at second t of the monotonic clock, web has t exits and db has one.
    private static byte[] File(
        long fromSecond, int intervals = 10, Func<RecordingHeader, RecordingHeader>? header = null, double wallAhead = 0, bool end = true,
        bool swapped = false, ulong open = 0)
    {
        var bytes = new MemoryStream();
        RecordingHeader made = Tape.Header with
        {
            Selection = new(),
            Machines = [KnownVm.Of(s_web)],
            Started = RandomTrace.Start.AddSeconds(fromSecond + wallAhead),
            MonotonicNs = fromSecond * S,
            BootNs = fromSecond * S,
        };
        var writer = new RecordingWriter(header?.Invoke(made) ?? made, part => bytes.Write(part.Span));
        writer.Begin();
        for (int i = 0; i < intervals; i++)
        {
            long second = fromSecond + i;
            // Another recorder may number the VMs in another order.
            VmIdentity web = swapped ? s_web with { Ordinal = 1 } : s_web, db = swapped ? s_db with { Ordinal = 0 } : s_db;
            writer.Add(new Interval
            {
                First = i,
                From = made.Started.AddSeconds(i),
                To = made.Started.AddSeconds(i + 1),
                FromNs = second * S,
                ToNs = (second + 1) * S,
                Vms = [web, db],
                Changes = [Row(web, (ulong)second), Row(db, 1)],
                TimeChanges = [new VcpuTime(GroupKey.OfVcpu(web.Ordinal, 0), (ulong)S, default)],
                Returns = [new VmmReturns(new ReturnKey(web.Ordinal, 0, new VmmReason(2))) { Count = 1 }],
                VcpuStates = [new VcpuState(web.Ordinal, 0, VcpuPlace.Vmm, 1)],
                Accounting = new Accounting { Exits = (ulong)second + 1, Open = open },
                OpenAfter = open == 0 ? [] : [new OpenExits(new GroupKey(web.Ordinal, 0, new ExitCode(Isa.Svm, 0x78), ExitLevel.L1), open)],
                Slow =
                [
                    new SlowExit(
                        made.Started.AddSeconds(i + 0.5), web, 0, 1, 1, ExitLevel.L1, new ExitCode(Isa.Svm, 0x72), 1000 + (ulong)i),
                ],
            });
        }
        if (end) writer.End();
        return bytes.ToArray();
    }

    private static Row Row(VmIdentity vm, ulong count) =>
        new(new GroupKey(vm.Ordinal, 0, new ExitCode(Isa.Svm, 0x72), ExitLevel.L1)) { Count = count };

    private static RecordingSet Set(params byte[][] files) => Set(files, []);

    private static RecordingSet Set(byte[][] files, List<string> opened)
    {
        Recording Open(string name)
        {
            opened.Add(name);
            return Recording.Open(new MemoryStream(files[int.Parse(name)], writable: false), name);
        }
        RecordingPart[] parts = [.. files.Select((_, i) => RecordingPart.Of(Open($"{i}")))];
        opened.Clear();
        return new RecordingSet(parts, part => Open(part.Name));
    }

    private static RecordingHeader Continued(RecordingHeader header) => header with { IsContinued = true };

    private static (long Web, long Db) Exits(RecordingSet set, IntervalRange range)
    {
        Interval sum = set.Sum(range, Grouping.Vm).ToInterval();
        long Of(string name) => sum.Rows.Where(r => sum.VmOf(r.Key)!.Name == name).Sum(r => (long)r.Count);
        return (Of("web"), Of("db"));
    }

    private static long Seconds(long from, long to) => Enumerable.Range((int)from, (int)(to - from)).Sum(i => (long)i);

    [Fact]
    public void They_are_in_the_order_of_their_time_and_not_of_their_names()
    {
        RecordingSet set = Set(File(20, header: Continued), File(0), File(10, header: Continued));
        Assert.Equal(["1", "2", "0"], set.Chosen.Select(p => p.Name));
        Assert.Equal((30, new IntervalRange(0, 30)), (set.Intervals, set.All));
        Assert.Equal((Seconds(0, 30), 30), Exits(set, set.All));
        Assert.Equal(2, set.Sum(set.All, Grouping.Vm).Vms.Count);
        Assert.Empty(set.Gaps(set.All));
        Assert.Equal([set.All], set.Pieces(set.All));
    }

    [Fact]
    public void Returns_states_and_vcpus_are_of_the_VM_by_whatever_number_its_recorder_knows_it()
    {
        RecordingSet set = Set(File(0), File(20, swapped: true));
        Interval sum = set.Sum(set.All, Grouping.Vcpu).ToInterval();
        VmmReturns returns = Assert.Single(sum.Returns);
        Assert.Equal(("web", 20UL), (sum.VmOf(returns.Key.Vm)!.Name, returns.Count));
        Assert.Equal("web", sum.VmOf(Assert.Single(sum.VcpuStates).Vm)!.Name);
        Assert.Equal("web", sum.VmOf(Assert.Single(sum.Vcpus))!.Name);
    }

    [Fact]
    public void A_window_is_exactly_its_seconds_wherever_files_end()
    {
        RecordingSet set = Set(File(0), File(10, header: Continued), File(20, header: Continued));
        for (int from = 0; from < 30; from++)
        {
            for (int to = from + 1; to <= 30; to++)
            {
                IntervalRange range = set.Range(set.Clock.PlacesOf(set.BeginOf(from))[0], set.Clock.PlacesOf(set.EndOf(to - 1))[0]);
                Assert.Equal((from, to - from), (range.First, range.Count));
                Assert.Equal((Seconds(from, to), (long)(to - from)), Exits(set, range));
                Assert.Equal(to - from, set.Sum(range, Grouping.Host).ToInterval().Seconds);
            }
        }
    }

    [Fact]
    public void A_gap_is_no_observed_time_and_is_told()
    {
        RecordingSet set = Set(File(0), File(15), File(100, header: h => h with { BootId = "c", MonotonicNs = 3 * S }));
        Assert.Equal((Seconds(0, 10) + Seconds(15, 25) + Seconds(100, 110), 30), Exits(set, set.All));
        Interval sum = set.Sum(set.All, Grouping.Host).ToInterval();
        Assert.Equal((30, RandomTrace.Start, RandomTrace.Start.AddSeconds(110)), (sum.Seconds, sum.From, sum.To));
        RecordingGap[] gaps = [.. set.Gaps(set.All)];
        Assert.Equal(
            [
                new(RandomTrace.Start.AddSeconds(10), RandomTrace.Start.AddSeconds(15), TimeSpan.FromSeconds(5), false),
                new(RandomTrace.Start.AddSeconds(25), RandomTrace.Start.AddSeconds(100), TimeSpan.FromSeconds(75), true),
            ], gaps);
        Assert.Equal([new(0, 10), new(10, 10), new(20, 10)], set.Pieces(set.All));
        Assert.Equal([gaps[0]], set.Gaps(new IntervalRange(5, 10)));
        // Times in a gap are between the intervals around it.
        Assert.Equal(new IntervalRange(10, 10), set.Range(set.Clock.PlacesOf(RandomTrace.Start.AddSeconds(12))[0], 60 * S));
    }

    [Fact]
    public void Times_are_counted_from_the_begin_of_the_first()
    {
        RecordedClock clock = Set(File(50), File(65)).Clock;
        Assert.Equal((0, 25 * S), (clock.BeginNs, clock.EndNs));
        Assert.Equal([20 * S], clock.PlacesOf(RandomTrace.Start.AddSeconds(70)));
    }

    [Fact]
    public void Another_recorder_numbers_VMs_in_another_order_and_they_are_the_same()
    {
        RecordingSet set = Set(File(0), File(15, swapped: true));
        Assert.Equal((Seconds(0, 10) + Seconds(15, 25), 20), Exits(set, set.All));
        Assert.Equal(2, set.Sum(set.All, Grouping.Vm).Vms.Count);
        Assert.All(set.Slow(set.All, null, null), exit => Assert.Equal("web", exit.Vm.Name));
        // After a reboot the same process id and name are another VM.
        RecordingSet rebooted = Set(File(0), File(15, swapped: true, header: h => h with { BootId = "c" }));
        Assert.Equal(4, rebooted.Sum(rebooted.All, Grouping.Vm).Vms.Count);
        Assert.Equal((Seconds(0, 10) + Seconds(15, 25), 20), Exits(rebooted, rebooted.All));
    }

    [Fact]
    public void Exits_that_were_open_when_a_recorder_stopped_stay_open()
    {
        RecordingSet set = Set(File(0, open: 2), File(15, open: 1));
        Interval sum = set.Sum(set.All, Grouping.Vm).ToInterval();
        Assert.Equal(3UL, sum.Accounting.Open);
        Assert.Equal(3UL, (ulong)sum.OpenAfter.Sum(o => (long)o.Count));
        Interval without = set.Sum(set.All, Grouping.Vm, ExitParts.None).ToInterval();
        Assert.Equal(3UL, without.Rows.Single(r => r.Key.Code.Code == 0x78).Count);
    }

    [Fact]
    public void Sums_of_steps_are_the_sum_with_what_is_open_and_the_gaps()
    {
        RecordingSet set = Set(File(0, open: 2), File(10, header: Continued, open: 3), File(25, open: 1));
        Interval all = set.Sum(set.All, Grouping.Vm).ToInterval();
        Assert.Equal((4UL, 30), (all.Accounting.Open, all.Seconds));
        foreach (int step in new[] { 1, 3, 10 })
        {
            var sum = new IntervalSum(Grouping.Vm);
            foreach (IntervalRange piece in set.Pieces(set.All))
                for (int first = piece.First; first < piece.End; first += step)
                    sum.Add(set.Sum(new IntervalRange(first, Math.Min(step, piece.End - first)), Grouping.Vm).ToInterval());
            Interval steps = sum.ToInterval();
            Assert.Equal((all.Accounting, all.Seconds), (steps.Accounting, steps.Seconds));
            Assert.Equal(all.OpenAfter, steps.OpenAfter);
        }
    }

    [Fact]
    public void Overlapping_ones_are_an_error_only_where_they_are_asked_for()
    {
        RecordingSet set = Set(File(0), File(5), File(30));
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => set.Choose(null, null));
        Assert.Equal(ExitStatus.Usage, error.Status);
        Assert.StartsWith("'0' and '1' overlap, from 2026-03-01T12:0", error.Message, StringComparison.Ordinal);
        Assert.Contains("two recorders made them", error.Message, StringComparison.Ordinal);
        set.Choose(30 * S, null);
        Assert.Equal(["2"], set.Chosen.Select(p => p.Name));
        set.Choose(null, 4 * S);
        Assert.Equal(["0"], set.Chosen.Select(p => p.Name));
        Assert.Throws<KvmscopeException>(() => set.Choose(6 * S, 7 * S));

        RecordingSet hosts = Set(File(0), File(5, header: h => h with { BootId = "c" }));
        Assert.Contains("two boots", Assert.Throws<KvmscopeException>(() => hosts.Choose(null, null)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host", "'0' is of the host 'host1', and '1' of 'host2'")]
    [InlineData("isa", "'0' has exits of SVM, and '1' of VMX")]
    [InlineData("interval", "'0' was made with intervals of 1.00 s, and '1' with intervals of 10.0 s")]
    [InlineData("by", "'0' was made with --by vcpu, and '1' with --by vm")]
    [InlineData("time", "'0' was made with handling times, and '1' without handling times")]
    [InlineData("split", "'0' was made with the split, and '1' without the split")]
    [InlineData("qualifiers", "'0' was made with qualifiers, and '1' without qualifiers")]
    [InlineData("pages", "'0' was made with pages of 2097152 bytes, and '1' without pages")]
    [InlineData("small pages", "'0' was made with pages of 2097152 bytes, and '1' with pages of 4096 bytes")]
    [InlineData("rips", "'0' was made with instructions, and '1' without instructions")]
    [InlineData("nested", "'0' was made with rounds of nested guests, and '1' without rounds of nested guests")]
    [InlineData("returns", "'0' was made without returns to the VMM, and '1' with returns to the VMM")]
    [InlineData("slower", "'0' was made without --slower, and '1' with --slower 50.0µs")]
    [InlineData("part", "'0' was made without --part, and '1' with --part runq")]
    [InlineData("who", "'0' was made without --who, and '1' with --who")]
    [InlineData("exits", "'0' was made with all exits, and '1' with some exits only")]
    [InlineData("filters", "'0' was made without filters, and '1' with the filters {\"selection\":{\"vms\":[\"web\"]}}")]
    public void Those_that_differ_are_an_error_that_says_in_what(string what, string says)
    {
        RecordingHeader Other(RecordingHeader h) => what switch
        {
            "host" => h with { Host = "host2" },
            "isa" => h with { Isa = Isa.Vmx },
            "interval" => h with { IntervalNs = 10 * S },
            "by" => h with { Grouping = Grouping.Vm },
            "time" => h with { HasTime = false },
            "split" => h with { HasSplit = false },
            "qualifiers" => h with { HasQualifiers = false },
            "pages" => h with { PageShift = null },
            "small pages" => h with { PageShift = 12 },
            "rips" => h with { HasRips = false },
            "nested" => h with { HasNested = false },
            "returns" => h with { HasReturns = true },
            "slower" => h with { SlowNs = 50_000 },
            "part" => h with { SlowPart = TimePart.Runq },
            "who" => h with { HasWho = true },
            "exits" => h with { HasAllExits = false },
            _ => h with { Selection = new() { Vms = ["web"] } },
        };
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => Set(File(0), File(15, header: Other)).Choose(null, null));
        Assert.Equal((ExitStatus.Usage, says), (error.Status, error.Message));
        // Only what is asked for must be alike, but it must be of one host.
        if (what is not ("host" or "isa")) Set(File(0), File(15, header: Other)).Choose(12 * S, null);
    }

    [Fact]
    public void A_damaged_interval_is_left_out_and_told_and_hides_nothing_else()
    {
        byte[] broken = File(10, header: Continued);
        int at = 0;
        for (int member = 0; member < 4; member++)
        {
            Assert.True(MemberHead.TryRead(broken.AsSpan(at), out MemberHead head));
            at += head.Length;
        }
        broken[at + MemberHead.Size + 5] ^= 0x40;
        RecordingSet set = Set(File(0), broken, File(20, header: Continued));
        Assert.Empty(set.Damage);
        Assert.Equal((Seconds(0, 30) - 13, 29), Exits(set, set.All));
        Assert.Equal(29, set.Sum(set.All, Grouping.Host).ToInterval().Seconds);
        Assert.Contains("'1' is damaged at 2026-03-01T12:", Assert.Single(set.Damage), StringComparison.Ordinal);
        Assert.Equal((Seconds(20, 30), 10), Exits(set, new IntervalRange(20, 10)));
        Assert.Equal(29, set.Slow(set.All, null, null).Count());
    }

    [Fact]
    public void Only_what_is_asked_for_is_read()
    {
        var opened = new List<string>();
        RecordingSet set = Set([.. Enumerable.Range(0, 40).Select(i => File(10 * i, header: i == 0 ? null : Continued))], opened);
        set.Choose(203 * S, 212 * S);
        Assert.Equal((Seconds(203, 212), 9), Exits(set, set.Range(203 * S, 212 * S)));
        Assert.Equal(["20", "21"], opened);
    }

    [Fact]
    public void Slow_exits_are_those_that_ended_in_the_time()
    {
        RecordingSet set = Set(File(0), File(10, header: Continued));
        SlowExit[] all = [.. set.Slow(set.All, null, null)];
        Assert.Equal(20, all.Length);
        foreach (SlowExit exit in all)
        {
            long at = Assert.Single(set.Clock.PlacesOf(exit.At));
            Assert.Equal(exit.At, set.Slow(set.Touching(at, null), at, null).First().At);
            Assert.Equal(exit.At, set.Slow(set.Touching(null, at + 1), null, at + 1).Last().At);
        }
    }

    [Fact]
    public void A_suspended_host_is_told_from_a_clock_that_was_set()
    {
        RecordingHeader header = Tape.Header with { Selection = new(), Started = RandomTrace.Start, MonotonicNs = 0, BootNs = 5 };
        Recording Made(RecordingHeader made, bool end)
        {
            var bytes = new MemoryStream();
            var writer = new RecordingWriter(made, part => bytes.Write(part.Span));
            writer.Begin();
            // Suspended for a minute in the second interval, set back by an hour in the fourth, both in the fifth.
            double[] wall = [1, 62, 63, 64 - 3600, 65 - 3600 + 20 + 1800], suspended = [0, 60, 0, 0, 20];
            for (int i = 0; i < 5; i++)
            {
                writer.Add(new Interval
                {
                    First = i,
                    From = RandomTrace.Start.AddSeconds(i == 0 ? 0 : wall[i - 1]),
                    To = RandomTrace.Start.AddSeconds(wall[i]),
                    FromNs = i * S,
                    ToNs = (i + 1) * S,
                    SuspendedNs = made.BootNs is null ? 0 : (long)(suspended[i] * S),
                });
            }
            if (end) writer.End();
            return Recording.Open(bytes, "x");
        }
        foreach (bool end in new[] { true, false })
        {
            Recording recording = Made(header, end);
            Assert.Equal(
                [(60, ClockStepKind.Suspended), (-3600, ClockStepKind.Set), (20, ClockStepKind.Suspended), (1800, ClockStepKind.Set)],
                recording.ClockSteps().Select(s => (s.By.TotalSeconds, s.Kind)));
            Assert.Equal(80 * S, recording.Sum(recording.All, Grouping.Host).ToInterval().SuspendedNs);
            // A recording without CLOCK_BOOTTIME cannot tell.
            Assert.Equal(
                [(60, ClockStepKind.SetOrSuspended), (-3600, ClockStepKind.Set), (1820, ClockStepKind.SetOrSuspended)],
                Made(header with { BootNs = null }, end).ClockSteps().Select(s => (s.By.TotalSeconds, s.Kind)));
        }
    }
}
