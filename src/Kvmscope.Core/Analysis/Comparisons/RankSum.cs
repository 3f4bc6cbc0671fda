namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>
/// The two-sided rank-sum test (Mann and Whitney 1947) of consecutive samples: do the values of one side tend to be larger? It uses ranks,
/// as values are far from normal; and neighbouring samples that resemble each other count as less evidence (<see cref="SerialNoise"/>).
/// </summary>
internal static class RankSum
{
    /// <summary>
    /// Samples that each side must have. With ten and ten the rarest order comes by chance once in 90 000 times: enough for 900 tests. With
    /// fewer, the resemblance of neighbours cannot be judged either.
    /// </summary>
    internal const int MinSamples = 10;

    // Up to here all ways to choose are counted; values at the most common rank are one case, however many.
    private const int MaxCounted = 20;

    /// <summary>
    /// The probability that equal sides differ as much as these, and which is larger: 1 is B, −1 is A, 0 neither; and the smallest
    /// probability that samples which resemble their neighbours as these do could have.
    /// </summary>
    internal static (double P, int Direction, double LeastP) Test(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var ranks = new Ranks(a, b);
        if (ranks.CommonCount == ranks.Count || a.IsEmpty || b.IsEmpty) return (1, 0, MinP(a.Length, b.Length));
        double z = ranks.Count - ranks.CommonCount <= MaxCounted ? NormalTail.Distance(RankSumCounts.TwoSided(ranks)) : Approximate(ranks);
        (double inflation, double freedom) = SerialNoise.Of(ranks);
        return (Probability(z), -Math.Sign(ranks.Excess), Probability(NormalTail.Distance(MinP(a.Length, b.Length))));

        double Probability(double distance)
        {
            distance /= Math.Sqrt(inflation);
            return NormalTail.TwoSided(double.IsFinite(freedom) ? NormalTail.OfStudent(distance, freedom) : distance);
        }
    }

    /// <summary>The smallest probability that is possible with so many samples.</summary>
    internal static double MinP(int a, int b) => Math.Min(1, 2 / Math.Exp(RankSumCounts.LogChoose(a + b, a)));

    // The first three moments of the sum over all ways to choose A's ranks, and the gamma distribution with the same moments, turned into
    // the normal one (Wilson and Hilferty 1931). Sides of equal size have no third moment; with a short side and a long one of mostly zeros
    // the normal distribution alone would be wrong by orders of magnitude.
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
        // The middle of a skewed distribution is not its mean; there, nothing is rare.
        return Math.Sign(skewed) == Math.Sign(z) ? Math.Abs(skewed) : 0;
    }
}

/// <summary>The ranks of both sides' values in one order, doubled so that the middle of equal values is a whole number.</summary>
internal sealed class Ranks
{
    internal Ranks(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        int count = a.Length + b.Length;
        var values = new double[count];
        a.CopyTo(values);
        b.CopyTo(values.AsSpan(a.Length));
        var places = new int[count];
        for (int i = 0; i < count; i++) places[i] = i;
        Array.Sort(values, places);

        var doubled = new int[count];
        int most = 0;
        for (int begin = 0, end; begin < count; begin = end)
        {
            for (end = begin + 1; end < count && values[end] == values[begin];) end++;
            for (int i = begin; i < end; i++) doubled[places[i]] = begin + end + 1;
            if (end - begin <= most) continue;
            most = end - begin;
            Common = begin + end + 1;
        }
        CommonCount = most;
        A = doubled[..a.Length];
        B = doubled[a.Length..];
    }

    /// <summary>The first side's doubled ranks, in the order of the samples.</summary>
    internal int[] A { get; }

    /// <summary>The second side's.</summary>
    internal int[] B { get; }

    /// <summary>The rank that most values have.</summary>
    internal int Common { get; }

    /// <summary>How many have it.</summary>
    internal int CommonCount { get; }

    /// <summary>All values together.</summary>
    internal int Count => A.Length + B.Length;

    /// <summary>How far the sum of A's doubled ranks is above that of equal sides.</summary>
    internal double Excess
    {
        get
        {
            long sum = 0;
            foreach (int rank in A) sum += rank;
            return sum - ((double)A.Length * (Count + 1));
        }
    }
}

/// <summary>
/// How much more a mean of ranks varies because neighbouring samples resemble each other (Bayley and Hammersley 1946): load comes in
/// bursts, and sixty samples of ten bursts are ten pieces of evidence, not sixty.
/// </summary>
internal static class SerialNoise
{
    /// <summary>
    /// By how much the variance of the difference is larger than with independent samples, at least 1, and the degrees of freedom of that;
    /// infinite where neighbours do not resemble each other.
    /// </summary>
    /// <remarks>
    /// Autocovariances of the ranks within each side, summed over as many lags as are positive: the first alone would miss a slow drift
    /// below fast noise. A side counts by its part of the variance, 1/n. Taking ranks from their side's own mean makes all covariances too
    /// small by the variance of that mean; it is solved for and added back.
    /// </remarks>
    internal static (double Inflation, double Freedom) Of(Ranks ranks)
    {
        double shareA = (double)ranks.B.Length / ranks.Count, shareB = 1 - shareA;
        int most = Math.Min(ranks.A.Length, ranks.B.Length) / 3;
        double size = 2.0 * ranks.A.Length * ranks.B.Length / ranks.Count;
        double meanA = ranks.A.Average(), meanB = ranks.B.Average();
        double variance = Covariance(0), sum = variance, ofMean = sum / (size - 1), inflation = 1;
        if (variance <= 0) return (1, double.PositiveInfinity);
        int lags = 0;
        for (int lag = 1; lag <= most; lag++)
        {
            double covariance = Covariance(lag);
            if (covariance + ofMean <= 0) break;
            lags = lag;
            sum += 2 * covariance;
            ofMean = sum / (size - 1 - (2 * lag));
            inflation = size * ofMean / (variance + ofMean);
        }
        double freedom = 1 / (lags * ((shareA * shareA / ranks.A.Length) + (shareB * shareB / ranks.B.Length)));
        return (Math.Max(1, inflation), freedom);

        double Covariance(int lag) => (shareA * At(ranks.A, meanA, lag)) + (shareB * At(ranks.B, meanB, lag));
    }

    private static double At(int[] ranks, double mean, int lag)
    {
        double sum = 0;
        for (int i = lag; i < ranks.Length; i++) sum += (ranks[i] - mean) * (ranks[i - lag] - mean);
        return sum / (ranks.Length - lag);
    }
}
