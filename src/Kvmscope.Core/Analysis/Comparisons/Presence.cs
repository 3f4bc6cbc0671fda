namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>
/// Whether what is in none of one side's samples and in nearly all of the other's can be chance: Fisher's exact test (1922) of there or not.
/// What comes or goes altogether is that certain however its rate drifts where it is there, while drift takes a rank-sum test its evidence.
/// </summary>
internal static class Presence
{
    // Of the samples of the side that has it.
    private const double Nearly = 0.9;

    /// <summary>How rare it is that alike sides have it so unevenly; null where one side does not lack it, or the other has it too seldom.</summary>
    internal static double? Test(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        int inA = Count(a), inB = Count(b);
        if (inA > 0 == inB > 0) return null;
        (int samples, int there) = inA > 0 ? (a.Length, inA) : (b.Length, inB);
        if (there < Nearly * samples) return null;
        // Of all ways to choose the samples that have it, those that choose from this side alone; and as many from the other.
        return Math.Min(1, 2 * Math.Exp(RankSumCounts.LogChoose(samples, there) - RankSumCounts.LogChoose(a.Length + b.Length, there)));
    }

    private static int Count(ReadOnlySpan<double> samples)
    {
        int count = 0;
        foreach (double sample in samples)
            if (sample > 0) count++;
        return count;
    }
}
