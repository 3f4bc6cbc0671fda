using Kvmscope.Core.Exits;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests.Histories;

/// <summary>Places, steps, the wall clock and slow exits of a live history.</summary>
public sealed class LiveHistoryTimeTests
{
    private const long S = 1_000_000_000, Minute = 60 * S;

    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 12, 0, 0, TimeSpan.FromHours(1));

    // The exits of an interval say which second it is.
    private static Interval Of(long fromNs, long toNs, double wallAhead = 0, double? wallAheadAtEnd = null) => new()
    {
        FromNs = fromNs,
        ToNs = toNs,
        From = s_start.AddTicks(fromNs / 100).AddSeconds(wallAhead),
        To = s_start.AddTicks(toNs / 100).AddSeconds(wallAheadAtEnd ?? wallAhead),
        Vms = [Sample.Web],
        Changes = [new Row(new GroupKey(0, 0, new ExitCode(Isa.Svm, 0x72), ExitLevel.L1)) { Count = (ulong)(toNs / S) }],
        Accounting = new Accounting { Exits = (ulong)(toNs / S) },
    };

    private static LiveHistory History(long stepNs = S) => new(Grouping.Vcpu, ExitParts.None, stepNs);

    [Fact]
    public void An_empty_history_has_nothing()
    {
        LiveHistory history = History();
        Assert.Equal((0, 0, S), (history.From, history.To, history.StepNs));
        Assert.Equal(new HistoryDetail(S, Grouping.Vcpu, ExitParts.None), history.DetailAt(5));
        Assert.Equal((0, 0), (history.EdgeBefore(7), history.EdgeAfter(7)));
        Assert.Null(history.Sum(0, long.MaxValue, Grouping.Host, ExitParts.None));
        Assert.Null(history.PlaceOf(s_start));
        Assert.Empty(history.Slow(0, long.MaxValue, 10));
    }

    [Fact]
    public void It_becomes_coarser_with_its_age_and_forgets_after_a_day()
    {
        LiveHistory history = History(5 * S);
        const long end = 26 * 60 * Minute;
        for (long at = 0; at < end; at += 5 * S) history.Add(Of(at, at + (5 * S)));
        Assert.InRange(history.To - history.From, 24 * 60 * Minute, (24 * 60 + 5) * Minute);
        long Step(long minutes) => history.DetailAt(end - (minutes * Minute)).StepNs / S;
        Assert.Equal([5L, 5, 10, 10, 60, 60, 300, 300], new long[] { 0, 14, 16, 59, 62, 350, 370, 1400 }.Select(Step));
        // Edges are where the steps are, and everything is counted once.
        ulong exits = 0;
        int edges = 0;
        for (long at = history.From; at < history.To; at = history.EdgeAfter(at), edges++)
        {
            Interval sum = history.Sum(at, history.EdgeAfter(at), Grouping.Vcpu, ExitParts.All)!;
            Assert.Equal((at, history.EdgeAfter(at)), (sum.FromNs, sum.ToNs));
            Assert.Equal(history.EdgeBefore(history.EdgeAfter(at)), at);
            exits += sum.Accounting.Exits;
        }
        Assert.InRange(edges, 900 / 5 + 270 + 300 + 216, 900 / 5 + 270 + 300 + 216 + 20);
        Assert.Equal(history.Entries, edges);
        ulong expected = 0;
        for (long at = history.From; at < end; at += 5 * S) expected += (ulong)(at / S) + 5;
        Assert.Equal(expected, exits);
        Assert.Equal(expected, history.Sum(history.From, history.To, Grouping.Host, ExitParts.None)!.Accounting.Exits);
    }

    [Fact]
    public void Steps_may_change_while_it_runs()
    {
        LiveHistory history = History();
        history.Add(Of(0, S));
        history.Add(Of(S, 2 * S));
        history.StepNs = 5 * S;
        history.Add(Of(2 * S, 7 * S));
        Assert.Equal([S, S, 5 * S], new[] { S, 2 * S, 3 * S }.Select(at => history.DetailAt(at).StepNs));
        // It is mostly between them or not at all.
        Assert.Equal(2UL, history.Sum(S, 4 * S, Grouping.Host, ExitParts.None)!.Accounting.Exits);
        Assert.Equal(9UL, history.Sum(S, 5 * S, Grouping.Host, ExitParts.None)!.Accounting.Exits);
        Assert.Null(history.Sum(2 * S, 3 * S, Grouping.Host, ExitParts.None));
        Assert.Equal((2 * S, 7 * S), (history.EdgeBefore(3 * S), history.EdgeAfter(3 * S)));
    }

    [Fact]
    public void Where_the_clock_is_set_back_places_go_on_and_a_time_is_its_last_place()
    {
        LiveHistory history = History();
        for (int i = 0; i < 10; i++) history.Add(Of(i * S, (i + 1) * S));
        history.Add(Of(10 * S, 11 * S, 0, -5));
        for (int i = 11; i < 20; i++) history.Add(Of(i * S, (i + 1) * S, -5));
        Assert.Equal(20 * S, history.To);
        Assert.Equal(s_start.AddSeconds(2.5), history.TimeAt(5 * S / 2));
        Assert.Equal(s_start.AddSeconds(7.25), history.TimeAt((12 * S) + (S / 4)));
        Assert.Equal(TimeSpan.FromHours(1), history.TimeAt(12 * S).Offset);
        Assert.Equal(5 * S / 2, history.PlaceOf(s_start.AddSeconds(2.5)));
        // It was there twice.
        Assert.Equal((12 * S) + (S / 4), history.PlaceOf(s_start.AddSeconds(7.25)));
        Assert.Equal(20 * S, history.PlaceOf(s_start.AddSeconds(15)));
        Assert.Null(history.PlaceOf(s_start.AddSeconds(-1)));
        Assert.Null(history.PlaceOf(s_start.AddSeconds(16)));
        Assert.Equal((s_start, s_start.AddSeconds(15)), (history.TimeAt(-S), history.TimeAt(100 * S)));
    }

    [Fact]
    public void Where_the_clock_is_set_forward_the_place_is_where_it_was_set()
    {
        LiveHistory history = History();
        history.Add(Of(0, S));
        history.Add(Of(S, 2 * S, 0, 3600));
        history.Add(Of(2 * S, 3 * S, 3600));
        Assert.InRange(history.PlaceOf(s_start.AddSeconds(1800))!.Value, S, 2 * S);
        Assert.Equal(5 * S / 2, history.PlaceOf(s_start.AddSeconds(3602.5)));
    }

    [Fact]
    public void Times_in_which_the_clock_was_set_do_not_become_coarser()
    {
        LiveHistory history = History();
        for (int i = 0; i < 1300; i++) history.Add(Of(i * S, (i + 1) * S, i <= 107 ? 0 : -50, i < 107 ? 0 : -50));
        Assert.Equal((100 * S, 107 * S, 108 * S, 110 * S), (
            history.EdgeBefore(101 * S), history.EdgeAfter(100 * S), history.EdgeAfter(107 * S), history.EdgeAfter(108 * S)));
        Assert.Equal(s_start.AddSeconds(56), history.TimeAt(106 * S).AddSeconds(-50));
        Assert.Equal(109 * S, history.PlaceOf(s_start.AddSeconds(59)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Times_on_either_side_of_a_gap_do_not_become_coarser_together(bool isSaid)
    {
        LiveHistory history = History();
        for (int i = 0; i < 1300; i++)
        {
            bool isAfter = i == 107;
            history.Add(Of((i * S) + (isAfter && !isSaid ? S / 2 : 0), (i + 1) * S) with { IsAfterGap = isAfter && isSaid });
        }
        Assert.Equal([90 * S, 100 * S, 107 * S, 110 * S, 120 * S], new[] { 85, 95, 105, 109, 115 }.Select(at => history.EdgeAfter(at * S)));
        Assert.Equal([10L, 10, 10], new[] { 105, 109, 115 }.Select(at => history.DetailAt(at * S).StepNs / S));
    }

    // As old as is said, and not older by more than one of the coarser steps.
    [Fact]
    public void Each_step_is_where_its_age_begins()
    {
        LiveHistory history = History(5 * S);
        const long end = 8 * 60 * Minute;
        for (long at = 0; at < end; at += 5 * S) history.Add(Of(at, at + (5 * S)));
        Assert.Equal(300 * S, history.EdgeAfter(0));
        Assert.InRange(First(60), end - (360 * Minute) - (5 * Minute), end - (360 * Minute));
        Assert.InRange(First(10), end - (60 * Minute) - Minute, end - (60 * Minute));
        Assert.InRange(First(5), end - (15 * Minute) - (10 * S), end - (15 * Minute));

        // Where steps of so many seconds begin.
        long First(long step)
        {
            long at = 0;
            while (history.DetailAt(at + 1).StepNs != step * S) at = history.EdgeAfter(at);
            return at;
        }
    }

    [Fact]
    public void An_interval_that_begins_before_the_last_ended_is_refused()
    {
        LiveHistory history = History();
        history.Add(Of(0, 2 * S));
        Assert.Throws<ArgumentException>(() => history.Add(Of(S, 3 * S)));
        Assert.Throws<ArgumentException>(() => history.Add(Of(4 * S, 3 * S)));
        history.Add(Of(3 * S, 4 * S));
        Assert.Equal((2 * S, 4 * S), (history.EdgeBefore(3 * S), history.EdgeAfter(2 * S)));
    }

    private static SlowExit Slow(double second, ulong ns) =>
        new(s_start.AddSeconds(second), Sample.Web with { Name = "web-1" }, 0, 1, 1, ExitLevel.L1, new ExitCode(Isa.Svm, 0x72), ns);

    [Fact]
    public void The_last_slow_exits_are_those_that_ended_there()
    {
        LiveHistory history = new(Grouping.Vcpu, ExitParts.None, S, mostSlow: 7);
        ulong number = 0;
        for (int i = 0; i < 5; i++)
        {
            SlowExit[] slow = [.. Enumerable.Range(0, 4).Select(n => Slow(i + ((n + 0.5) / 4), number++))];
            history.Add(Of(i * S, (i + 1) * S).WithSlow(slow));
        }
        ulong[] Last(double from, double to, int most) =>
            [.. history.Slow((long)(from * S), (long)(to * S), most).Select(e => e.DurationNs)];
        // Of 20 the last 7 are kept.
        Assert.Equal([13UL, 14, 15, 16, 17, 18, 19], Last(0, 5, 100));
        Assert.Equal([18UL, 19], Last(0, 5, 2));
        Assert.Equal([14UL, 15], Last(3.5, 4, 9));
        Assert.Empty(Last(0, 3, 9));
        Assert.Empty(Last(4, 5, 0));
        // Names are those of the intervals.
        Assert.Same(history.Sum(4 * S, 5 * S, Grouping.Vcpu, ExitParts.None)!.Vms.Single(), history.Slow(4 * S, 5 * S, 1)[0].Vm);
    }

    [Fact]
    public void A_slow_exit_of_an_interval_in_which_the_clock_was_set_is_within_that_interval()
    {
        LiveHistory history = History();
        history.Add(Of(0, S));
        history.Add(Of(S, 2 * S, 0, -100).WithSlow([Slow(1.5, 1), Slow(-98.1, 2)]));
        history.Add(Of(2 * S, 3 * S, -100));
        Assert.Equal([1UL, 2], history.Slow(S, 2 * S, 9).Select(e => e.DurationNs));
        Assert.Empty(history.Slow(0, S, 9));
        Assert.Empty(history.Slow(2 * S, 3 * S, 9));
    }
}
