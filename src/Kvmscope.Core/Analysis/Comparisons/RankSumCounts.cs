namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>The exact distribution of a rank sum with ties: all ways to choose one side's ranks are counted.</summary>
internal static class RankSumCounts
{
    /// <summary>
    /// The probability of a sum at least as far out as that of A, doubled for the other side. Only few ranks may differ from the most
    /// common.
    /// </summary>
    internal static double TwoSided(Ranks ranks)
    {
        int[] all = [.. ranks.A, .. ranks.B];
        // Without ties all doubled ranks are even.
        int step = all.All(rank => (rank - ranks.Common) % 2 == 0) ? 2 : 1;
        int[] others = [.. all.Where(rank => rank != ranks.Common).Select(rank => (rank - ranks.Common) / step)];
        int lowest = others.Where(o => o < 0).Sum(), highest = others.Where(o => o > 0).Sum();
        int seen = ranks.A.Sum(rank => (rank - ranks.Common) / step), size = ranks.A.Length;
        double[][] ways = Ways(others, Math.Min(size, others.Length), lowest, highest);

        double every = LogChoose(ranks.Count, size), below = 0, above = 0;
        for (int chosen = Math.Max(0, size - ranks.CommonCount); chosen <= Math.Min(size, others.Length); chosen++)
        {
            double each = Math.Exp(LogChoose(ranks.CommonCount, size - chosen) - every);
            for (int at = 0; at < ways[chosen].Length; at++)
            {
                if (at + lowest <= seen) below += ways[chosen][at] * each;
                if (at + lowest >= seen) above += ways[chosen][at] * each;
            }
        }
        return Math.Min(1, 2 * Math.Min(below, above));
    }

    internal static double LogChoose(int of, int some)
    {
        double sum = 0;
        for (int i = 1; i <= some; i++) sum += Math.Log((double)(of - some + i) / i);
        return sum;
    }

    // [how many are chosen][their sum, from the lowest on]: in how many ways.
    private static double[][] Ways(int[] scores, int most, int lowest, int highest)
    {
        int sums = highest - lowest + 1;
        var ways = new double[most + 1][];
        for (int i = 0; i < ways.Length; i++) ways[i] = new double[sums];
        ways[0][-lowest] = 1;
        for (int taken = 0; taken < scores.Length; taken++)
        {
            int score = scores[taken];
            for (int chosen = Math.Min(taken, most - 1); chosen >= 0; chosen--)
            {
                double[] from = ways[chosen], to = ways[chosen + 1];
                for (int at = Math.Max(0, -score); at < sums - Math.Max(0, score); at++)
                    if (from[at] > 0) to[at + score] += from[at];
            }
        }
        return ways;
    }
}

/// <summary>
/// The probability of a value of the normal distribution, and its inverse; exact in the far tail, where marks are decided.
/// </summary>
internal static class NormalTail
{
    // Below, the series converges fast; above, the continued fraction does.
    private const double SeriesLimit = 3;
    private const int Terms = 60;
    private const double Largest = 38;

    /// <summary>The probability of being at least this far from the mean, on either side.</summary>
    internal static double TwoSided(double z)
    {
        z = Math.Abs(z);
        double density = Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI);
        if (z < SeriesLimit)
        {
            double term = z, sum = z;
            for (int i = 1; i < Terms; i++) sum += term *= z * z / ((2 * i) + 1);
            return Math.Max(0, 1 - (2 * density * sum));
        }
        double fraction = z;
        for (int i = Terms; i > 0; i--) fraction = z + (i / fraction);
        return 2 * density / fraction;
    }

    /// <summary>The distance from the mean with this probability, on either side.</summary>
    internal static double Distance(double p)
    {
        double low = 0, high = Largest;
        while (high - low > 1e-9)
        {
            double middle = (low + high) / 2;
            if (TwoSided(middle) > p) low = middle;
            else high = middle;
        }
        return low;
    }

    /// <summary>
    /// The distance in the normal distribution that is as rare as t is in Student's with that many degrees of freedom (Wallace 1959).
    /// </summary>
    internal static double OfStudent(double t, double freedom) =>
        ((8 * freedom) + 1) / ((8 * freedom) + 3) * Math.Sqrt(freedom * Math.Log(1 + (t * t / freedom)));
}
