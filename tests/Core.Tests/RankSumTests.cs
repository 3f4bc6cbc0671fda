using CsCheck;
using Kvmscope.Core.Analysis.Comparisons;

namespace Kvmscope.Core.Tests;

public sealed class RankSumTests
{
    // Few different values, so that there are ties.
    private static readonly Gen<double[]> s_few = Gen.Int[0, 4].Select(i => (double)i).Array[1, 6];
    private static readonly Gen<double[]> s_values = Gen.Int[0, 60].Select(i => (double)i).Array[10, 20];

    [Theory]
    [InlineData(1.959963985, 0.05)]
    [InlineData(2.999999, 2.69980715e-3)]
    [InlineData(3.000001, 2.69978942e-3)]
    [InlineData(5, 5.73303144e-7)]
    [InlineData(10, 1.52397060e-23)]
    [InlineData(-1.959963985, 0.05)]
    [InlineData(0, 1)]
    public void The_normal_distribution_is_that_of_the_books(double z, double p)
    {
        Assert.Equal(1, NormalTail.TwoSided(z) / p, 1e-6);
        if (z > 0) Assert.Equal(z, NormalTail.Distance(p), 1e-5);
    }

    // Two-sided 1 % and 0.1 % points of Student's distribution.
    [Theory]
    [InlineData(3.707, 6, 0.01)]
    [InlineData(3.169, 10, 0.01)]
    [InlineData(2.750, 30, 0.01)]
    [InlineData(4.587, 10, 0.001)]
    [InlineData(3.646, 30, 0.001)]
    public void Students_distribution_is_that_of_the_books(double t, double freedom, double p) =>
        Assert.Equal(1, NormalTail.TwoSided(NormalTail.OfStudent(t, freedom)) / p, 0.03);

    [Fact]
    public void All_choices_are_counted() => Gen.Select(s_few, s_few).Sample((a, b) =>
    {
        var ranks = new Ranks(a, b);
        int[] all = [.. ranks.A, .. ranks.B];
        int seen = ranks.A.Sum(), below = 0, above = 0, every = 0;
        for (int choice = 0; choice < 1 << all.Length; choice++)
        {
            if (int.PopCount(choice) != a.Length) continue;
            int sum = 0;
            for (int i = 0; i < all.Length; i++) if ((choice >> i & 1) != 0) sum += all[i];
            every++;
            if (sum <= seen) below++;
            if (sum >= seen) above++;
        }
        return Math.Abs(RankSumCounts.TwoSided(ranks) - Math.Min(1, 2.0 * Math.Min(below, above) / every)) < 1e-9;
    });

    [Fact]
    public void It_does_not_matter_which_side_is_first() => Gen.Select(s_values, s_values).Sample((a, b) =>
    {
        (double p, int direction, _) = RankSum.Test(a, b);
        (double other, int back, _) = RankSum.Test(b, a);
        return Math.Abs(p - other) <= 1e-9 * p && direction == -back;
    });

    [Fact]
    public void Only_the_order_of_the_values_matters() => Gen.Select(s_values, s_values).Sample((a, b) =>
        RankSum.Test(a, b) == RankSum.Test([.. a.Select(Math.Exp)], [.. b.Select(Math.Exp)]));

    [Fact]
    public void A_side_is_as_itself() => s_values.Sample(a =>
    {
        (double p, int direction, _) = RankSum.Test(a, a);
        return p > 0.9 && direction == 0;
    });

    [Fact]
    public void Ten_and_ten_can_be_told_apart()
    {
        double[] a = [5, 0, 9, 2, 7, 1, 8, 3, 6, 4], b = [.. a.Select(x => x + 10)];
        (double p, int direction, _) = RankSum.Test(a, b);
        Assert.Equal(2.0 / 184_756, RankSum.MinP(10, 10), 1e-12);
        Assert.Equal(1, direction);
        Assert.InRange(p, RankSum.MinP(10, 10) * 0.999, 1e-4);
    }

    [Fact]
    public void Neighbours_that_resemble_one_another_are_less_evidence()
    {
        double[] a = [.. Enumerable.Range(0, 60).Select(i => i % 7 * 10.0)], b = [.. a.Select(x => x + 21)];
        double mixed = RankSum.Test(a, b).P, sorted = RankSum.Test([.. a.Order()], [.. b.Order()]).P;
        Assert.True(mixed < 1e-4 && sorted > 1e-2, $"{mixed} mixed, {sorted} sorted");
    }

    // A short side and a long one that is mostly zeros: the normal distribution alone would give one in 25 million.
    [Fact]
    public void One_exit_is_no_change()
    {
        double[] a = new double[10], b = new double[300];
        a[4] = 1;
        Assert.Equal(2.0 * 10 / 310, RankSum.Test(a, b).P, 1e-9);
    }

    // More than are counted exactly: even with a skewed distribution the result is close to counting.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    public void Rare_exits_in_few_samples_are_as_rare_as_counted(int inFew)
    {
        double[] few = new double[10], many = new double[300];
        for (int i = 0; i < inFew; i++) few[i % 2 == 0 ? i : 10 - i] = 1 + (i % 3);
        for (int i = 0; i < 25; i++) many[(i * 53) % 300] = 1 + (i % 3);
        double exact = RankSumCounts.TwoSided(new Ranks(few, many));
        Assert.InRange(RankSum.Test(few, many).P, exact / 3, exact * 30);
    }

    [Fact]
    public void Holm_is_the_strictest_with_the_smallest() =>
        Assert.Equal([true, false, true, false], Holm.Holds([0.0033, 0.006, 0.0024, 0.9]));

    [Fact]
    public void Nothing_holds_of_nothing() => Assert.Empty(Holm.Holds([]));
}
