using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Tests;

/// <summary>One trace, one reader, sinks with their own steps.</summary>
public sealed class SamplerTests
{
    private static readonly ExitCode s_cpuid = new(Isa.Vmx, 10);

    // Time that passes only in waits.
    private sealed class StillTime : TimeProvider
    {
        internal TimeSpan Now { get; set; }

        public override long TimestampFrequency => 1_000_000_000;

        public override long GetTimestamp() => Now.Ticks * 100;

        public override DateTimeOffset GetUtcNow() => Sample.Started + Now;

        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;
    }

    // An exit each millisecond: its handling time is random, and read once. vCPUs take turns.
    private sealed class Trace(StillTime time, int seed) : ITraceSession
    {
        private readonly Random _random = new(seed);
        private int _read;

        internal List<ulong> Durations { get; } = [];

        internal int Readings { get; private set; }

        internal List<SlowExit> Slow { get; } = [];

        internal Action Swept { get; init; } = () => { };

        public Interval Read(Grouping grouping)
        {
            Readings++;
            var rows = new RowTable(grouping);
            for (int ms = (int)time.Now.TotalMilliseconds; _read < ms; _read++)
            {
                ulong ns = (ulong)_random.NextInt64(1L << _random.Next(5, 40));
                Durations.Add(ns);
                var row = new Row(new GroupKey(0, _read % 3, s_cpuid, ExitLevel.L1)) { Count = 1, Timed = 1, TotalNs = ns, MaxNs = ns };
                row.Bins.Add(HistogramLayout.BinOf(ns), 1);
                rows.Add(row);
            }
            ulong exits = (ulong)rows.Rows.Sum(r => (long)r.Count);
            return new Interval
            {
                To = time.GetUtcNow(),
                ToNs = time.GetTimestamp(),
                Changes = [.. rows.Rows],
                Vms = [Sample.Web],
                Accounting = new Accounting { Exits = exits, Open = 1 }
            };
        }

        internal List<double> SlowTimeouts { get; } = [];

        public int ReadSlow(TimeSpan timeout, Action<SlowExit> sink)
        {
            SlowTimeouts.Add(timeout.TotalMilliseconds);
            foreach (SlowExit exit in Slow) sink(exit);
            int count = Slow.Count;
            Slow.Clear();
            time.Now += timeout;
            return count;
        }

        public void Sweep() => Swept();

        // Whether each call was for all vCPUs.
        internal List<bool> HistoriesTaken { get; } = [];

        public IReadOnlyList<VcpuHistory> TakeHistories(bool all)
        {
            HistoriesTaken.Add(all);
            return [new VcpuHistory(Sample.Web, HistoriesTaken.Count, 1, Sample.Started, !all)];
        }

        internal List<int> ExchangedAfter { get; } = [];

        public void ExchangeCells() => ExchangedAfter.Add(Readings);

        public void Dispose()
        {
        }
    }

    private static Func<TimeSpan, bool> Waiting(StillTime time) => span =>
    {
        if (span > TimeSpan.Zero) time.Now += span;
        return false;
    };

    private static (Sink Sink, List<Interval> Taken) Collect(
        double? seconds, Grouping grouping = Grouping.Host, Func<int, bool>? accepts = null)
    {
        List<Interval> taken = [];
        int offered = 0;
        var sink = new Sink(grouping, interval =>
        {
            if (accepts?.Invoke(offered++) == false) return false;
            taken.Add(interval);
            return true;
        })
        { Step = seconds is { } step ? TimeSpan.FromSeconds(step) : null };
        return (sink, taken);
    }

    [Fact]
    public void Three_sinks_each_have_the_right_sums_and_longest_exits() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1_000, 24_000]).Sample((seed, ms) =>
    {
        var time = new StillTime();
        var trace = new Trace(time, seed);
        var sampler = new Sampler(trace, new TraceClock(time));
        double[] steps = [0.25, 1, 10];
        Grouping[] groupings = [Grouping.Vcpu, Grouping.Host, Grouping.Vm];
        var sinks = steps.Select((step, i) => Collect(step, groupings[i])).ToArray();
        foreach ((Sink sink, _) in sinks) sampler.Add(sink);
        sampler.Run(Waiting(time), TimeSpan.FromMilliseconds(ms));

        Assert.True(sampler.HasEnded);
        Assert.Equal(ms, trace.Durations.Count);
        for (int i = 0; i < sinks.Length; i++)
        {
            int each = (int)(1000 * steps[i]), at = 0;
            Assert.Equal((ms + each - 1) / each, sinks[i].Taken.Count);
            foreach (Interval interval in sinks[i].Taken)
            {
                ulong[] durations = [.. trace.Durations.Skip(at).Take(each)];
                Assert.Equal((at * 1_000_000L, Math.Min(at + each, ms) * 1_000_000L), (interval.FromNs, interval.ToNs));
                Assert.Equal(Sample.Started.AddMilliseconds(at), interval.From);
                Assert.Equal((ulong)durations.Length, interval.Accounting.Exits);
                Assert.Equal(1UL, interval.Accounting.Open);
                Assert.Equal(
                    durations.Aggregate(0UL, (sum, ns) => sum + ns), interval.Rows.Aggregate(0UL, (sum, row) => sum + row.TotalNs));
                Assert.Equal(durations.Max(), interval.Rows.Max(row => row.MaxNs));
                foreach (Row row in interval.Rows.Where(row => row.Key.VcpuId is not null))
                    Assert.Equal(durations.Where((_, n) => (at + n) % 3 == row.Key.Vcpu).Max(), row.MaxNs);
                Assert.Equal(groupings[i] == Grouping.Vcpu ? Math.Min(3, durations.Length) : 1, interval.Rows.Count);
                at += durations.Length;
            }
        }
    }, iter: 20);

    [Fact]
    public void A_slow_sink_has_less_detail_loses_nothing_of_the_sums_and_holds_nobody_up()
    {
        var time = new StillTime();
        var trace = new Trace(time, 1);
        var sampler = new Sampler(trace, new TraceClock(time));
        // It can take only every third.
        (Sink slow, List<Interval> few) = Collect(1, accepts: offered => offered % 3 == 2);
        (Sink quick, List<Interval> all) = Collect(1);
        sampler.Add(slow);
        sampler.Add(quick);
        sampler.Run(Waiting(time), TimeSpan.FromSeconds(9));
        Assert.Equal((6L, 0L), (slow.Skipped, quick.Skipped));
        Assert.Equal((3, 9, 9), (few.Count, all.Count, trace.Readings));
        for (int i = 0; i < few.Count; i++)
        {
            Interval[] same = [.. all.Skip(3 * i).Take(3)];
            Assert.Equal((same[0].FromNs, same[^1].ToNs, 3), (few[i].FromNs, few[i].ToNs, few[i].Intervals));
            Assert.Equal(same.Max(one => one.Rows.Single().MaxNs), few[i].Rows.Single().MaxNs);
            Assert.Equal(same.Sum(one => (long)one.Rows.Single().TotalNs), (long)few[i].Rows.Single().TotalNs);
        }
    }

    [Fact]
    public void A_sink_without_a_step_has_all_of_it_at_the_end_and_nothing_is_read_before()
    {
        var time = new StillTime();
        var trace = new Trace(time, 2);
        var sampler = new Sampler(trace, new TraceClock(time));
        (Sink sink, List<Interval> taken) = Collect(null);
        sampler.Add(sink);
        sampler.Run(Waiting(time), TimeSpan.FromSeconds(5));
        Assert.Equal((1, 5000UL), (trace.Readings, Assert.Single(taken).Accounting.Exits));
    }

    [Fact]
    public void Slow_exits_beyond_what_an_interval_holds_are_lost_and_counted()
    {
        var time = new StillTime();
        var trace = new Trace(time, 3);
        var sampler = new Sampler(trace, new TraceClock(time));
        List<SlowExit> seen = [];
        List<Interval> taken = [];
        bool mayTake = false;
        sampler.Add(new Sink(Grouping.Host, interval =>
        {
            if (!mayTake) return !(mayTake = true);
            taken.Add(interval);
            return true;
        })
        { Step = TimeSpan.FromSeconds(1), MostSlow = 3 });
        sampler.Add(new Sink(Grouping.Host, _ => true) { TakeSlow = batch => seen.AddRange(batch) });
        for (int i = 0; i < 5; i++) trace.Slow.Add(new SlowExit(Sample.Started, Sample.Db, 0, 1, i, ExitLevel.L1, s_cpuid, 1_000_000));
        sampler.Run(_ => false, TimeSpan.FromSeconds(3));
        // The first was not taken: its slow exits are in the second, and in that alone.
        Assert.Equal([(3, 2UL, 2), (0, 0UL, 1)], taken.Select(i => (i.Slow.Count, i.Accounting.LostEvents, i.Intervals)));
        Assert.Contains(Sample.Db, taken[0].Vms);
        Assert.Equal(5, seen.Count);
    }

    // Ctrl-C is noticed within a tenth of a second, also where slow exits wake the sampler.
    [Theory]
    [InlineData(true, true, new double[] { 0, 0, 0 }, new double[] { 100, 100, 50, 0 })]
    [InlineData(true, false, new double[] { 100, 100, 50 }, new double[] { 0, 0, 0, 0 })]
    [InlineData(false, true, new double[] { 250 }, new double[0])]
    public void It_waits_for_slow_exits_only_where_they_are_wanted(bool wantsSlow, bool isWoken, double[] waits, double[] timeouts)
    {
        var time = new StillTime();
        var trace = new Trace(time, 5);
        var sampler = new Sampler(trace, new TraceClock(time)) { IsWokenBySlow = isWoken };
        sampler.Add(new Sink(Grouping.Host, _ => true) { TakeSlow = wantsSlow ? _ => { } : null });
        List<double> waited = [];
        sampler.Run(span =>
        {
            waited.Add(span.TotalMilliseconds);
            time.Now += span;
            return false;
        }, TimeSpan.FromMilliseconds(250));
        Assert.Equal(waits, waited);
        Assert.Equal(timeouts, trace.SlowTimeouts);
    }

    [Fact]
    public void The_last_exits_of_vCPUs_are_taken_each_second_and_all_of_them_at_the_end()
    {
        var time = new StillTime();
        Trace trace = new(time, 6), other = new(time, 6);
        var sampler = new Sampler(trace, new TraceClock(time));
        List<int> taken = [];
        sampler.Add(new Sink(Grouping.Host, _ => true));
        sampler.Add(new Sink(Grouping.Host, _ => true) { TakeHistories = histories => taken.AddRange(histories.Select(h => h.Vcpu)) });
        sampler.Run(Waiting(time), TimeSpan.FromSeconds(2.5));
        Assert.Equal([false, false, true], trace.HistoriesTaken);
        Assert.Equal([1, 2, 3], taken);

        var without = new Sampler(other, new TraceClock(time));
        without.Add(new Sink(Grouping.Host, _ => true));
        without.Run(Waiting(time), TimeSpan.FromSeconds(2.5));
        Assert.Empty(other.HistoriesTaken);
    }

    [Fact]
    public void It_ends_when_it_is_told_to_and_what_was_counted_until_then_is_delivered()
    {
        var time = new StillTime();
        var sampler = new Sampler(new Trace(time, 7), new TraceClock(time));
        (Sink sink, List<Interval> taken) = Collect(1);
        sampler.Add(sink);
        sampler.Run(_ =>
        {
            time.Now += TimeSpan.FromSeconds(0.5);
            return true;
        }, null);
        Assert.True(sampler.HasEnded);
        Assert.Equal((0L, 500_000_000L), (Assert.Single(taken).FromNs, taken[0].ToNs));
    }

    [Fact]
    public void A_trace_that_is_read_once_is_swept_before()
    {
        var time = new StillTime { Now = TimeSpan.FromSeconds(2) };
        List<string> done = [];
        Trace? trace = null;
        trace = new Trace(time, 8) { Swept = () => done.Add($"sweep after {trace!.Readings}") };
        var clock = new TraceClock(time);
        time.Now += TimeSpan.FromSeconds(3);
        Interval interval = Sampler.ReadOnce(trace, clock, Grouping.Vm);
        Assert.Equal((Sample.Started.AddSeconds(2), 2_000_000_000L), (interval.From, interval.FromNs));
        Assert.Equal((5_000_000_000L, 1), (interval.ToNs, trace.Readings));
        Assert.Equal(["sweep after 0"], done);
    }

    [Fact]
    public void A_slow_exit_right_before_the_reading_is_in_its_interval()
    {
        var time = new StillTime();
        Trace? trace = null;
        var exit = new SlowExit(Sample.Started, Sample.Db, 0, 1, 0, ExitLevel.L1, s_cpuid, 1_000_000);
        trace = new Trace(time, 4) { Swept = () => trace!.Slow.Add(exit) };
        var sampler = new Sampler(trace, new TraceClock(time));
        List<Interval> taken = [];
        sampler.Add(new Sink(Grouping.Host, interval =>
        {
            taken.Add(interval);
            return true;
        })
        { Step = TimeSpan.FromSeconds(1), MostSlow = 3 });
        sampler.Run(_ => false, TimeSpan.FromSeconds(3));
        Assert.Equal([1, 1, 1], taken.Select(interval => interval.Slow.Count));
    }

    [Fact]
    public void A_step_that_comes_late_does_not_delay_those_after_it()
    {
        var steps = new Cadence(TimeSpan.FromMilliseconds(250));
        bool IsDue(int ms) => steps.IsDue(TimeSpan.FromMilliseconds(ms));
        Assert.False(IsDue(249));
        Assert.True(IsDue(260));
        Assert.False(IsDue(499));
        // Two were missed: they are one.
        Assert.True(IsDue(1010));
        Assert.Equal(TimeSpan.FromMilliseconds(1250), steps.Next);
        Assert.False(new Cadence(null).IsDue(TimeSpan.MaxValue - TimeSpan.FromTicks(1)));
    }

    [Fact]
    public void Cells_are_exchanged_after_each_reading_and_each_second_without_one()
    {
        var time = new StillTime();
        var trace = new Trace(time, 1);
        var sampler = new Sampler(trace, new TraceClock(time));
        sampler.Add(new Sink(Grouping.Host, _ => true) { Step = TimeSpan.FromSeconds(2) });
        sampler.Run(wait =>
        {
            time.Now += wait;
            return false;
        }, TimeSpan.FromSeconds(5));
        // At 1 s, after the reading at 2 s, at 3 s, after the reading at 4 s; the last reading needs none.
        Assert.Equal([0, 1, 1, 2], trace.ExchangedAfter);
        Assert.Equal(3, trace.Readings);
    }

    [Fact]
    public void What_an_answer_leaves_behind_is_collected_before_the_next_wait()
    {
        const int Intervals = 20;
        var time = new StillTime();
        var sampler = new Sampler(new Trace(time, 1), new TraceClock(time));
        List<WeakReference> taken = [];
        sampler.Add(new Sink(Grouping.Host, interval =>
        {
            taken.Add(new WeakReference(interval));
            // Three megabytes, none of it a large object.
            for (int i = 0; i < 100; i++) GC.KeepAlive(new byte[30_000]);
            return true;
        })
        { Step = TimeSpan.FromSeconds(1) });
        int gone = 0;
        sampler.Run(wait =>
        {
            if (wait > TimeSpan.Zero && taken.Count > 0 && !taken[^1].IsAlive) gone++;
            time.Now += wait;
            return false;
        }, TimeSpan.FromSeconds(Intervals));
        // Some may have been in use for longer: other tests have memory collected at the same time.
        Assert.InRange(gone, Intervals / 2, Intervals - 1);
    }

    [Fact]
    public void What_is_kept_of_an_interval_is_let_go_and_collected_before_the_next_is_read()
    {
        const int Intervals = 20;
        var time = new StillTime();
        Interval? kept = null;
        List<WeakReference> taken = [];
        int gone = 0, readings = 0;
        // What is swept right before each reading.
        var trace = new Trace(time, 1)
        {
            Swept = () =>
            {
                readings++;
                if (taken.Count > 0 && !taken[^1].IsAlive) gone++;
            },
        };
        var sampler = new Sampler(trace, new TraceClock(time));
        sampler.Add(new Sink(Grouping.Host, interval =>
        {
            taken.Add(new WeakReference(kept = interval));
            for (int i = 0; i < 100; i++) GC.KeepAlive(new byte[30_000]);
            return true;
        })
        { Step = TimeSpan.FromSeconds(1), LetGo = () => kept = null });
        sampler.Run(wait =>
        {
            // It is there until then.
            if (wait > TimeSpan.Zero && taken.Count > 0) Assert.Same(kept, taken[^1].Target);
            time.Now += wait;
            return false;
        }, TimeSpan.FromSeconds(Intervals));
        Assert.Equal(Intervals, readings);
        Assert.InRange(gone, Intervals / 2, Intervals - 1);
    }
}
