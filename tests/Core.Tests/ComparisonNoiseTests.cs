using Kvmscope.Core.Analysis.Comparisons;

namespace Kvmscope.Core.Tests;

/// <summary>
/// Marks where nothing changed: recordings of guests that always do the same, with every kind of noise. The level allows a mark in one of a
/// hundred comparisons; each bound here fails if its part of the test is removed.
/// </summary>
public sealed class ComparisonNoiseTests
{
    private const int Comparisons = 50;
    // One in a hundred is allowed; more than three of fifty come by chance once in 570 times.
    private const int MaxMarked = 3;

    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(1.5, false)]
    [InlineData(4, true)]
    public void Recordings_of_one_guest_are_alike(double burst, bool heavy) => Assert.InRange(
        Marked(i => (Guest(2 * i, burst, heavy).Record("a", 60), Guest((2 * i) + 1, burst, heavy).Record("b", 60))), 0, MaxMarked);

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Halves_of_one_recording_are_alike(double burst) => Assert.InRange(
        Marked(i =>
        {
            ComparisonSide whole = Guest(i, burst, heavy: true).Record("whole", 120);
            return (new ComparisonSide("a", [.. whole.Samples.Take(60)]), new ComparisonSide("b", [.. whole.Samples.Skip(60)]));
        }),
        0, MaxMarked);

    [Theory]
    [InlineData(120, 1, 12, 10)]
    [InlineData(90, 1, 60, 1.5)]
    [InlineData(240, 1, 12, 1)]
    public void Sides_of_another_shape_are_alike(int samplesA, double secondsA, int samplesB, double secondsB) => Assert.InRange(
        Marked(i =>
            (Guest(2 * i, 0, heavy: true).Record("a", samplesA, secondsA),
            Guest((2 * i) + 1, 0, heavy: true).Record("b", samplesB, secondsB))), 0, MaxMarked);

    // A load that changes slowly, below noise from one sample to the next: neighbours hardly resemble each other, but sixty samples are
    // still few.
    [Fact]
    public void Slow_noise_below_fast_noise_is_seen()
    {
        int rare = 0;
        for (int i = 0; i < 200; i++)
        {
            var random = new Random(i);
            if (RankSum.Test(Slow(random, 120), Slow(random, 120)).P <= 0.002) rare++;
        }
        Assert.InRange(rare, 0, 8);
    }

    private static double[] Slow(Random random, int samples)
    {
        const double stays = 0.9, slow = 0.3;
        var values = new double[samples];
        double state = Noise();
        for (int i = 0; i < samples; i++)
        {
            state = (stays * state) + (Math.Sqrt(1 - (stays * stays)) * Noise());
            values[i] = (Math.Sqrt(slow) * state) + (Math.Sqrt(1 - slow) * Noise());
        }
        return values;

        double Noise() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
    }

    // More exits of the same kind: handling times have long tails, and the more exits a sample has the more of the tail is in it.
    [Fact]
    public void More_exits_do_not_take_longer()
    {
        double[] rates = [100, 60, 8], more = [500, 300, 40];
        int wrong = 0, right = 0;
        for (int i = 0; i < 25; i++)
        {
            Comparison comparison = ComparisonSample.Compare(
                new NoisyGuest(2 * i) { IsHeavyTailed = true, Rates = rates }.Record("a", 60), new NoisyGuest((2 * i) + 1)
                { IsHeavyTailed = true, Rates = more }.Record("b", 60));
            right += comparison.Rows.Count(r => r.Marks == ChangedFigures.Rate);
            wrong += comparison.Rows.Count(r => (r.Marks & ~ChangedFigures.Rate) != 0);
        }
        Assert.InRange(wrong, 0, 1);
        Assert.InRange(right, 70, 75);
    }

    [Fact]
    public void A_fifth_more_exits_are_marked()
    {
        int marked = 0;
        for (int i = 0; i < 12; i++)
        {
            Comparison comparison = ComparisonSample.Compare(
                new NoisyGuest(2 * i) { Rates = [1000, 30] }.Record("a", 60), new NoisyGuest((2 * i) + 1)
                { Rates = [1200, 30] }.Record("b", 60));
            Assert.Equal(ChangedFigures.None, ComparisonSample.Row(comparison, 30).Marks & ~ChangedFigures.Share);
            if (ComparisonSample.Row(comparison, 32).Marks.HasFlag(ChangedFigures.Rate)) marked++;
        }
        Assert.InRange(marked, 11, 12);
    }

    // A reason that one side never has is in each sample of the other, at a rate that drifts: the drift must not hide it.
    [Theory]
    [InlineData(12)]
    [InlineData(24)]
    public void What_appears_is_marked_however_it_drifts(int samples)
    {
        ComparisonSide Drifting(string name, bool isThere) => new(name, [.. Enumerable.Range(0, samples).Select(i => ComparisonSample.Side(
            name, 1, isThere ? [new(30, 30, 1_500), new(10, 300 + (20 * i), 2_000)] : [new(30, 30, 1_500)]).Samples[0])]);
        ComparisonSide without = Drifting("a", false), with = Drifting("b", true);
        Assert.True(ComparisonSample.Row(ComparisonSample.Compare(without, with), 10).Marks.HasFlag(ChangedFigures.Rate), "what appears");
        Assert.True(ComparisonSample.Row(ComparisonSample.Compare(with, without), 10).Marks.HasFlag(ChangedFigures.Rate), "what vanishes");
    }

    [Fact]
    public void There_or_not_is_tested_where_one_side_has_none()
    {
        double[] none = new double[12], all = [.. Enumerable.Range(1, 12).Select(i => (double)i)];
        // Twice one of the 2 704 156 ways to choose 12 of 24.
        Assert.Equal(2 / 2_704_156d, Presence.Test(none, all)!.Value, 1e-12);
        Assert.Equal(Presence.Test(none, all), Presence.Test(all, none));
        Assert.Null(Presence.Test(none, none));
        Assert.Null(Presence.Test(all, all));
        Assert.Null(Presence.Test(none, [.. all[..8], 0, 0, 0, 0]));
    }

    // Few samples of a load in bursts, with reasons that are in nearly every burst and rarely between bursts.
    [Theory]
    [InlineData(12, 3)]
    [InlineData(20, 3)]
    public void Reasons_that_come_and_go_are_alike(int samples, double burst) => Assert.InRange(
        Marked(i => (Gone(2 * i, burst).Record("a", samples), Gone((2 * i) + 1, burst).Record("b", samples)), 2 * Comparisons), 0,
        MaxMarked);

    private static NoisyGuest Gone(int seed, double burst) => new(seed) { Burst = burst, Rates = [30, 4, 3, 2, 1.5, 1, 0.5] };

    private static NoisyGuest Guest(int seed, double burst, bool heavy) => new(seed) { Burst = burst, IsHeavyTailed = heavy };

    private static int Marked(Func<int, (ComparisonSide A, ComparisonSide B)> make, int comparisons = Comparisons)
    {
        int marked = 0;
        Parallel.For(0, comparisons, i =>
        {
            (ComparisonSide a, ComparisonSide b) = make(i);
            if (ComparisonSample.Marks(ComparisonSample.Compare(a, b)) > 0) Interlocked.Increment(ref marked);
        });
        return marked;
    }
}
