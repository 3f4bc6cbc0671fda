using CsCheck;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Tests.Recordings;

namespace Kvmscope.Core.Tests.Histories;

/// <summary>Sums of a live history are those of the intervals that came, wherever they are kept finely enough.</summary>
public sealed class LiveHistoryTests
{
    private const long S = 1_000_000_000;

    private static readonly (Grouping Grouping, ExitParts Parts)[] s_kinds =
    [
        (Grouping.Vcpu, ExitParts.All), (Grouping.Vcpu, ExitParts.Qualifier), (Grouping.Vcpu, ExitParts.None), (Grouping.Vm, ExitParts.All),
        (Grouping.Vm, ExitParts.None), (Grouping.Host, ExitParts.Rip), (Grouping.Host, ExitParts.None),
    ];

    private static List<Interval> Trace(int seed, int count)
    {
        List<Snapshot> snapshots = new RandomTrace(seed).Snapshots(count);
        return
        [
            .. Enumerable.Range(0, count).Select(i =>
                snapshots[i].Since(i == 0 ? null : snapshots[i - 1], i == 0 ? RandomTrace.Start : snapshots[i - 1].At, RandomTrace.StartNs)
                    with { First = i, OpenAges = i % 5 == 4 ? null : Ages(snapshots[i]) }),
        ];
    }

    private static OpenAge[] Ages(Snapshot snapshot) =>
        [.. snapshot.OpenExits.Select((open, i) => new OpenAge(open.Key, open.Count, (ulong)i * 12_345, i % 2 == 1))];

    private static string? Expected(IEnumerable<Interval> intervals, Grouping grouping, ExitParts parts)
    {
        var sum = new IntervalSum(grouping, parts);
        int count = 0;
        foreach (Interval interval in intervals)
        {
            sum.Add(interval);
            count++;
        }
        return count == 0 ? null : IntervalText.Of(sum.ToInterval());
    }

    private static string? Text(Interval? interval) => interval is null ? null : IntervalText.Of(interval);

    [Fact]
    public void Any_stretch_is_the_sum_of_its_intervals() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Long[-3, 25], Gen.Long[-3, 25]).Sample((seed, a, b) =>
        {
            List<Interval> trace = Trace(seed, 20);
            var history = new LiveHistory(Grouping.Vcpu, ExitParts.All, S);
            foreach (Interval interval in trace) history.Add(interval);
            long from = RandomTrace.StartNs + (Math.Min(a, b) * S), to = RandomTrace.StartNs + (Math.Max(a, b) * S);
            List<Interval> inside = [.. trace.Where(i => (i.FromNs + i.ToNs) / 2 >= from && (i.FromNs + i.ToNs) / 2 < to)];
            foreach ((Grouping grouping, ExitParts parts) in s_kinds)
                Assert.Equal(Expected(inside, grouping, parts), Text(history.Sum(from, to, grouping, parts)));
        }, iter: 60, threads: 1);

    [Fact]
    public void The_newest_interval_is_the_same_after_its_rows_were_let_go()
    {
        List<Interval> trace = Trace(7, 20);
        LiveHistory history = Of(trace, LiveHistory.DefaultBytes);
        Interval before = history.Sum(trace[^1].FromNs, history.To, Grouping.Vcpu, ExitParts.All)!;
        long bytes = history.Bytes;
        history.LetGo();
        Assert.Equal(bytes - (before.Changes.Count * 360), history.Bytes);
        Interval after = history.Sum(trace[^1].FromNs, history.To, Grouping.Vcpu, ExitParts.All)!;
        Assert.NotSame(before.Changes, after.Changes);
        Assert.Equal(Text(before), Text(after));
    }

    [Fact]
    public void What_became_coarser_is_still_the_sum_of_its_intervals() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1, 200]).Sample((seed, length) =>
        {
            // Steps of 7 s become sums of 10 s, a minute and 5 minutes.
            List<Interval> trace = [.. Stretched(Trace(seed, 60), length * S)];
            var history = new LiveHistory(Grouping.Vcpu, ExitParts.All, length * S);
            foreach (Interval interval in trace) history.Add(interval);
            long at = history.From;
            Assert.Equal(Math.Max(trace[0].FromNs, history.From), history.From);
            while (at < history.To)
            {
                long next = history.EdgeAfter(at);
                List<Interval> inside = [.. trace.Where(i => i.FromNs >= at && i.ToNs <= next)];
                Assert.Equal((at, next), (inside[0].FromNs, inside[^1].ToNs));
                foreach ((Grouping grouping, ExitParts parts) in s_kinds)
                    Assert.Equal(Expected(inside, grouping, parts), Text(history.Sum(at, next, grouping, parts)));
                at = next;
            }
            foreach ((Grouping grouping, ExitParts parts) in s_kinds)
                Assert.Equal(Expected(trace, grouping, parts), Text(history.Sum(history.From, history.To, grouping, parts)));
        }, iter: 12, threads: 1);

    private static IEnumerable<Interval> Stretched(List<Interval> trace, long step) => trace.Select((interval, i) => interval with
    {
        FromNs = RandomTrace.StartNs + (i * step),
        ToNs = RandomTrace.StartNs + ((i + 1) * step),
        From = RandomTrace.Start.AddTicks(i * step / 100),
        To = RandomTrace.Start.AddTicks((i + 1) * step / 100),
    });

    [Fact]
    public void A_stretch_that_is_asked_for_again_as_time_goes_on_is_the_sum_of_its_intervals() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[300, 400], Gen.Int[20, 2000]).Sample((seed, length, gapEvery) =>
        {
            // Long enough for the longest sums, of three minutes; as they are left behind they are made of shorter ones.
            List<Interval> trace = WithGaps(Trace(seed, 520), new Random(seed), gapEvery);
            var history = new LiveHistory(Grouping.Vcpu, ExitParts.All, S);
            for (int i = 0; i < trace.Count; i++)
            {
                history.Add(trace[i]);
                if (i < length || i % 60 is not (56 or 59)) continue;
                long from = trace[i - length].FromNs;
                List<Interval> inside = [.. trace.Take(i + 1).Where(t => (t.FromNs + t.ToNs) / 2 >= from)];
                foreach ((Grouping grouping, ExitParts parts) in s_kinds)
                    Assert.Equal(Expected(inside, grouping, parts), Text(history.Sum(from, history.To, grouping, parts)));
            }
        }, iter: 2, threads: 1);

    // Now and then the recorder was not there for some seconds.
    private static List<Interval> WithGaps(List<Interval> trace, Random random, int every)
    {
        long late = 0;
        return
        [
            .. Stretched(trace, S).Select((interval, i) =>
            {
                bool isAfterGap = i > 0 && random.Next(every) == 0;
                if (isAfterGap) late += random.Next(1, 20) * S;
                return interval with
                {
                    IsAfterGap = isAfterGap,
                    FromNs = interval.FromNs + late,
                    ToNs = interval.ToNs + late,
                    From = interval.From.AddTicks(late / 100),
                    To = interval.To.AddTicks(late / 100),
                };
            }),
        ];
    }

    [Fact]
    public void Sums_that_are_asked_for_are_kept_for_a_minute_and_within_the_budget()
    {
        List<Interval> trace = [.. Stretched(Trace(3, 200), S)];
        LiveHistory history = Of(trace[..120], LiveHistory.DefaultBytes);
        long before = history.Bytes;
        _ = history.Sum(history.From, history.To, Grouping.Vm, ExitParts.None);
        long first = history.Bytes - before;
        Assert.InRange(first, 1, before / 4);
        _ = history.Sum(history.From, history.To, Grouping.Vm, ExitParts.None);
        Assert.Equal(first, history.Bytes - before);
        // What is of another form is kept apart.
        _ = history.Sum(history.From, history.To, Grouping.Vcpu, ExitParts.All);
        Assert.True(history.Bytes - before > first);
        LiveHistory other = Of(trace[..120], LiveHistory.DefaultBytes);
        foreach (Interval interval in trace[120..])
        {
            history.Add(interval);
            other.Add(interval);
        }
        Assert.Equal(other.Bytes, history.Bytes);
        long budget = history.Bytes / 2;
        LiveHistory small = Of(trace, budget), asked = Of(trace, budget);
        foreach ((Grouping grouping, ExitParts parts) in s_kinds) _ = asked.Sum(asked.From, asked.To, grouping, parts);
        Assert.InRange(asked.Bytes - small.Bytes, 1, budget / 6);
    }

    [Fact]
    public void Shorter_sums_go_when_the_longer_one_is_made_of_them()
    {
        List<Interval> trace = [.. Stretched(Trace(9, 240), S)];
        LiveHistory asked = Of([], LiveHistory.DefaultBytes), once = Of(trace, LiveHistory.DefaultBytes);
        foreach (Interval interval in trace)
        {
            asked.Add(interval);
            if (interval.First % 3 == 2) Ask(asked);
        }
        Ask(once);
        Assert.Equal(once.Bytes, asked.Bytes);
        static void Ask(LiveHistory history) => _ = history.Sum(history.From, history.To, Grouping.Vm, ExitParts.None);
    }

    [Fact]
    public void A_sum_has_its_VMs_whatever_was_asked_for_before()
    {
        List<Interval> trace = [.. Stretched(Trace(5, 200), S)];
        long all = Of(trace, LiveHistory.DefaultBytes).Bytes;
        // The most with which the oldest have no VMs any more.
        LiveHistory history = Enumerable.Range(1, 20).Select(i => Of(trace, all * (20 - i) / 20)).First(h => FirstWithVms(h) > 0);
        List<Interval> recent = trace[FirstWithVms(history)..];
        Assert.InRange(recent.Count, 70, 190);
        int FirstWithVms(LiveHistory of) => trace.FindLastIndex(i => of.DetailAt(i.ToNs).Grouping < Grouping.Vm) + 1;
        Interval? sum = history.Sum(recent[0].FromNs, history.To, Grouping.Host, ExitParts.None);
        Assert.Equal(Expected(recent, Grouping.Host, ExitParts.None), Text(sum));
        // Of all together VMs are not known any more.
        Assert.Empty(history.Sum(history.From, history.To, Grouping.Host, ExitParts.None)!.Vms);
    }

    [Fact]
    public void With_too_little_memory_sums_are_coarser_and_still_exact()
    {
        var seen = new HashSet<Grouping>();
        for (int seed = 0; seed < 12; seed++)
        {
            List<Interval> trace = [.. Stretched(Trace(seed, 60), S)];
            LiveHistory all = Of(trace, LiveHistory.DefaultBytes), history = Of(trace, all.Bytes * (seed + 3) / 18);
            // The newest interval stays at hand.
            Assert.Equal(new HistoryDetail(S, Grouping.Vcpu, ExitParts.All), history.DetailAt(history.To));
            List<Interval> kept = [.. trace.Where(i => i.FromNs >= history.From)];
            foreach (Grouping least in new[] { Grouping.Host, Grouping.Vm, Grouping.Vcpu })
            {
                // Back to where it is not that fine any more.
                int first = kept.FindLastIndex(i => history.DetailAt(i.ToNs).Grouping < least) + 1;
                List<Interval> stretch = kept[first..];
                Grouping coarsest = stretch.Min(i => history.DetailAt(i.ToNs).Grouping);
                seen.Add(coarsest);
                foreach ((Grouping grouping, ExitParts parts) in s_kinds)
                {
                    Interval expected = Sum(
                        stretch, grouping < coarsest ? grouping : coarsest, coarsest == Grouping.Vcpu ? parts : ExitParts.None);
                    if (coarsest == Grouping.Host) expected = expected with { Vms = [] };
                    Assert.Equal(IntervalText.Of(expected), Text(history.Sum(stretch[0].FromNs, history.To, grouping, parts)));
                }
            }
        }
        Assert.Equal(3, seen.Count);
    }

    private static LiveHistory Of(List<Interval> trace, long budget)
    {
        var history = new LiveHistory(Grouping.Vcpu, ExitParts.All, S, budget, mostSlow: 0);
        foreach (Interval interval in trace) history.Add(interval);
        return history;
    }

    private static Interval Sum(List<Interval> intervals, Grouping grouping, ExitParts parts)
    {
        var sum = new IntervalSum(grouping, parts);
        foreach (Interval interval in intervals) sum.Add(interval);
        return sum.ToInterval();
    }
}
