namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>How rare a value of the normal distribution is, and the other way round; exact in the far tail, where marks are decided.</summary>
internal static class NormalTail
{
    // Below, the series converges soon; above, the continued fraction does.
    private const double FarOut = 3;
    private const int Terms = 60;
    private const double Largest = 38;

    /// <summary>The probability of being at least this far from the mean, on either side.</summary>
    internal static double TwoSided(double z)
    {
        z = Math.Abs(z);
        double density = Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI);
        if (z < FarOut)
        {
            double term = z, sum = z;
            for (int i = 1; i < Terms; i++) sum += term *= z * z / ((2 * i) + 1);
            return Math.Max(0, 1 - (2 * density * sum));
        }
        double fraction = z;
        for (int i = Terms; i > 0; i--) fraction = z + (i / fraction);
        return 2 * density / fraction;
    }

    /// <summary>The distance from the mean that is this rare on either side.</summary>
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

    /// <summary>The distance in the normal distribution that is as rare as t is in Student's with that many degrees of freedom (Wallace 1959).</summary>
    internal static double OfStudent(double t, double freedom) =>
        ((8 * freedom) + 1) / ((8 * freedom) + 3) * Math.Sqrt(freedom * Math.Log(1 + (t * t / freedom)));
}
