namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>
/// The two-sided rank-sum test (Mann and Whitney 1947) of samples that follow one another: do the values of one side tend to be larger?
/// Ranks, as values are anything but normal; and what neighbouring samples have in common counts as less evidence (<see cref="SerialNoise"/>).
/// </summary>
internal static class RankSum
{
    /// <summary>
    /// Samples that each side must have. With ten and ten the rarest of all orders comes by chance once in 90 000 times: enough to be told
    /// among 900 tests. Of fewer, what neighbours have in common cannot be judged either.
    /// </summary>
    internal const int LeastSamples = 10;

    // Up to here all ways to choose are counted; equal values at the most common rank are one case, however many.
    private const int MostCounted = 20;

    /// <summary>How rare it is that alike sides differ as much as these, and which is larger: 1 is B, −1 is A, 0 neither.</summary>
    internal static (double P, int Direction) Test(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var ranks = new Ranks(a, b);
        if (ranks.CommonCount == ranks.Count || a.IsEmpty || b.IsEmpty) return (1, 0);
        double z = ranks.Count - ranks.CommonCount <= MostCounted ? NormalTail.Distance(RankSumCounts.TwoSided(ranks)) : Approximate(ranks);
        (double inflation, double freedom) = SerialNoise.Of(ranks);
        z /= Math.Sqrt(inflation);
        if (double.IsFinite(freedom)) z = NormalTail.OfStudent(z, freedom);
        return (NormalTail.TwoSided(z), -Math.Sign(ranks.Excess));
    }

    /// <summary>The smallest probability that so many samples can have.</summary>
    internal static double LeastP(int a, int b) => Math.Min(1, 2 / Math.Exp(RankSumCounts.LogChoose(a + b, a)));

    // The first three moments of the sum over all ways to choose A's ranks, and the gamma distribution that has them too, brought to the
    // normal one (Wilson and Hilferty 1931). Sides of equal size have no third moment; where a short side meets a long one that is mostly
    // zeros the normal distribution alone would be wrong by orders of magnitude.
    private static double Approximate(Ranks ranks)
    {
        double count = ranks.Count, mean = count + 1, squares = 0, cubes = 0;
        foreach (int rank in (int[])[.. ranks.A, .. ranks.B])
        {
            double off = rank - mean;
            squares += off * off;
            cubes += off * off * off;
        }
        double a = ranks.A.Length, b = ranks.B.Length;
        double variance = a * b * squares / (count * (count - 1));
        double third = a * b * (b - a) * cubes / (count * (count - 1) * (count - 2));
        double excess = ranks.Excess;
        // Half a step of the doubled ranks towards the middle: the sum is a whole number and the normal distribution is not.
        double z = Math.Sign(excess) * Math.Max(0, Math.Abs(excess) - 1) / Math.Sqrt(variance);
        double skew = third / (variance * Math.Sqrt(variance));
        if (Math.Abs(skew) < 1e-6) return Math.Abs(z);
        double skewed = (6 / skew * (Math.Cbrt(Math.Max(0, (skew * z / 2) + 1)) - 1)) + (skew / 6);
        // The middle of a skewed distribution is not its mean: there, nothing is rare.
        return Math.Sign(skewed) == Math.Sign(z) ? Math.Abs(skewed) : 0;
    }
}
