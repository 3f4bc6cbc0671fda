namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>
/// How much more a mean of ranks wanders because neighbouring samples resemble one another (Bayley and Hammersley 1946): load comes in
/// bursts, and sixty samples of ten bursts are ten pieces of evidence rather than sixty.
/// </summary>
internal static class SerialNoise
{
    /// <summary>By how much the variance of the difference is larger than with independent samples, at least 1, and the degrees of freedom
    /// with which that is known; infinite where it is 1 for want of any resemblance.</summary>
    /// <remarks>
    /// Autocovariances of the ranks within each side, summed over as many lags as are positive: with the first alone, a slow drift below
    /// fast noise would go unseen. A side counts by its part of the variance, 1/n. That ranks are taken from their side's own mean
    /// makes covariances too small, all by the same amount, the variance of that mean; it is solved for and given back.
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
