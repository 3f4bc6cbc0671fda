using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

public sealed class TallyTests
{
    [Theory]
    [InlineData(10, 4, 3)]
    [InlineData(9, 4, 2)]
    [InlineData(11, 4, 3)]
    [InlineData(10, 3, 3)]
    [InlineData(11, 3, 4)]
    [InlineData(7, 5, 1)]
    [InlineData(8, 5, 2)]
    [InlineData(0, 1, 0)]
    public void An_average_is_the_nearest_ns_and_halves_go_up(ulong total, ulong timed, ulong average) =>
        Assert.Equal(average, new Tally { Timed = timed, TotalNs = total, MaxNs = total }.AverageNs);

    [Fact]
    public void Without_a_measured_exit_there_is_no_average_no_longest_and_no_quantile()
    {
        var tally = new Tally { Count = 3, MaxNs = 7 };
        Assert.Equal((null, null, null), (tally.AverageNs, tally.LongestNs, tally.Quantile(0.5)));
        // Counted as timed by a kernel that keeps no longest.
        Assert.Null(new Tally { Timed = 3, TotalNs = 5 }.LongestNs);
        Assert.Equal(4UL, new Tally { Timed = 3, TotalNs = 5, MaxNs = 4 }.LongestNs);
        var measured = new Tally();
        measured.AddDuration(0);
        Assert.Equal((0UL, 0UL), (measured.AverageNs, measured.LongestNs));
    }

    [Fact]
    public void A_duration_is_counted_summed_and_in_its_bin()
    {
        var tally = new Tally();
        foreach (ulong ns in new ulong[] { 500, 900, 100 }) tally.AddDuration(ns);
        Assert.Equal((3UL, 1500UL, 900UL), (tally.Timed, tally.TotalNs, tally.MaxNs));
        Assert.Equal((1UL, 1UL, 1UL, 3UL),
            (tally.Bins[HistogramLayout.BinOf(500)], tally.Bins[HistogramLayout.BinOf(900)], tally.Bins[HistogramLayout.BinOf(100)],
                tally.Bins.Count));
    }

    [Fact]
    public void Anything_in_it_is_something()
    {
        Assert.False(new Tally().HasAny);
        Assert.False(new Tally { Parts = default(TimeParts), Rounds = new ReflectedRounds() }.HasAny);
        Assert.True(new Tally { Count = 1 }.HasAny);
        Assert.True(new Tally { Timed = 1 }.HasAny);
        Assert.True(new Tally { Final = 1 }.HasAny);
        Assert.True(new Tally { Parts = Kvm(1) }.HasAny);
        Assert.True(new Tally { Rounds = new ReflectedRounds { Reflected = 1 } }.HasAny);
        Assert.True(new Tally { Rounds = new ReflectedRounds { Timed = 1 } }.HasAny);
    }

    [Fact]
    public void A_sum_has_everything_of_both()
    {
        Tally sum = Full(2);
        sum.Add(Full(3));
        Assert.Equal((50UL, 5UL, 20UL, 500UL, 30UL), (sum.Count, sum.Final, sum.Timed, sum.TotalNs, sum.MaxNs));
        Assert.Equal(5000UL, sum.Parts!.Value[TimePart.Kvm]);
        Assert.Equal((20UL, 15UL, 500UL, 25UL), RoundsOf(sum));
        Assert.Equal(20UL, sum.Bins.Count);
        // To one that has neither parts nor rounds too, without a change of what is added.
        Tally two = Full(2), copy = new();
        copy.Add(two);
        copy.Add(new Tally { Count = 1 });
        copy.Add(two);
        Assert.Equal((41UL, 4000UL), (copy.Count, copy.Parts!.Value[TimePart.Kvm]));
        Assert.Equal((16UL, 12UL, 400UL, 20UL), RoundsOf(copy));
        Assert.Equal((8UL, 6UL, 200UL, 10UL), RoundsOf(two));
    }

    [Fact]
    public void A_difference_has_what_happened_between_two_readings()
    {
        var sum = new Tally();
        Assert.True(sum.AddDifference(Full(5), Full(2)));
        Assert.Equal((30UL, 3UL, 12UL, 300UL, 50UL), (sum.Count, sum.Final, sum.Timed, sum.TotalNs, sum.MaxNs));
        Assert.Equal(3000UL, sum.Parts!.Value[TimePart.Kvm]);
        Assert.Equal((12UL, 9UL, 300UL, 15UL), RoundsOf(sum));
        Assert.Equal(12UL, sum.Bins.Count);
        // To what is there it is added, and rounds that were not there before are as a whole.
        Assert.True(sum.AddDifference(Full(5), new Tally { Count = 50, Timed = 20, TotalNs = 500 }));
        Assert.Equal((30UL, 8UL, 12UL, 300UL, 50UL), (sum.Count, sum.Final, sum.Timed, sum.TotalNs, sum.MaxNs));
        Assert.Equal((32UL, 24UL, 800UL, 40UL), RoundsOf(sum));
        Assert.Equal(8000UL, sum.Parts!.Value[TimePart.Kvm]);
    }

    [Theory]
    [InlineData("count")]
    [InlineData("timed")]
    [InlineData("total")]
    [InlineData("bins")]
    [InlineData("bin")]
    public void Any_counter_that_shrank_makes_all_begin_again(string which)
    {
        Tally before = Full(5), now = Full(5);
        if (which == "count") before.Count++;
        if (which == "timed") before.Timed++;
        if (which == "total") before.TotalNs++;
        if (which == "bin") before.Bins.Add(HistogramLayout.BinOf(25), 1);
        if (which == "bins") now = new Tally { Count = 50, Timed = 20, TotalNs = 500 };
        var sum = new Tally { Count = 1 };
        Assert.False(sum.AddDifference(now, before));
        Assert.Equal((51UL, 20UL, 500UL), (sum.Count, sum.Timed, sum.TotalNs));
        Assert.Equal(which == "bins" ? 0UL : 20UL, sum.Bins.Count);
    }

    [Fact]
    public void An_exit_that_was_taken_for_the_last_and_was_not_does_not_restart()
    {
        Tally before = Full(5), now = Full(5);
        before.Final = 9;
        var sum = new Tally();
        Assert.True(sum.AddDifference(now, before));
        Assert.Equal((0UL, 0UL), (sum.Count, sum.Final));
    }

    [Theory]
    [InlineData(1, 0, 0, 20, 15, 500, 25)]
    [InlineData(0, 1, 0, 0, 0, 500, 0)]
    [InlineData(0, 0, 1, 0, 0, 0, 25)]
    public void Rounds_that_shrank_begin_again(
        ulong reflected, ulong handling, ulong exits, ulong wantsReflected, ulong wantsTimed, ulong wantsHandling, ulong wantsExits)
    {
        ReflectedRounds before = Full(5).Rounds!;
        before.Reflected += reflected;
        before.HandlingNs += handling;
        before.L1Exits += exits;
        var sum = new Tally { Rounds = new ReflectedRounds() };
        sum.Rounds.AddDifference(Full(5).Rounds!, before);
        Assert.Equal((wantsReflected, wantsTimed, wantsHandling, wantsExits), RoundsOf(sum));
    }

    [Fact]
    public void Cleared_it_is_as_new()
    {
        Tally tally = Full(2);
        tally.Clear();
        Assert.False(tally.HasAny);
        Assert.Equal((0UL, 0UL, false), (tally.TotalNs, tally.MaxNs, tally.HasBins));
        Assert.Null(tally.Rounds);
        Assert.Null(tally.Parts);
    }

    [Fact]
    public void A_single_one_is_used_as_it_is_and_several_are_added_to_one_of_their_own()
    {
        var sum = new TallySum();
        Assert.False(sum.HasAny);
        Assert.False(sum.Value.HasAny);
        Tally first = Full(1), second = Full(2);
        sum.Add(first);
        Assert.True(sum.HasAny);
        Assert.Same(first, sum.Value);
        sum.Add(second);
        sum.Add(Full(3));
        Assert.Equal((60UL, 10UL, 20UL), (sum.Value.Count, first.Count, second.Count));
    }

    // All counters are multiples of n that differ.
    private static Tally Full(ulong n)
    {
        var tally = new Tally
        {
            Count = 10 * n,
            Final = n,
            Timed = 4 * n,
            TotalNs = 100 * n,
            MaxNs = 10 * n,
            Parts = Kvm(1000 * n),
            Rounds = new ReflectedRounds { Reflected = 4 * n, Timed = 3 * n, TotalNs = 400 * n, HandlingNs = 100 * n, L1Exits = 5 * n },
        };
        tally.Bins.Add(HistogramLayout.BinOf(25), 4 * n);
        return tally;
    }

    private static TimeParts Kvm(ulong ns) => new() { [TimePart.Kvm] = ns };

    private static (ulong Reflected, ulong Timed, ulong HandlingNs, ulong L1Exits) RoundsOf(Tally tally) =>
        (tally.Rounds!.Reflected, tally.Rounds.Timed, tally.Rounds.HandlingNs, tally.Rounds.L1Exits);
}
