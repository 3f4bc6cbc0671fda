using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>
/// The samples of a side, combined into blocks where the other side's samples are longer: a long sample has some exits of a rare reason
/// where most short ones have none, and a test would see that as a change.
/// </summary>
internal sealed class SampleBlocks
{
    private const double MaxDeviation = 0.05;
    private const int MaxOfLonger = 8;

    private SampleBlocks(double[] seconds, int[] of, int each)
    {
        Seconds = seconds;
        Of = of;
        Each = each;
    }

    /// <summary>How long each block is.</summary>
    internal double[] Seconds { get; }

    /// <summary>The block of each sample; −1 for a rest at the end that is too short for a block.</summary>
    internal int[] Of { get; }

    /// <summary>How many samples a block normally has.</summary>
    internal int Each { get; }

    /// <summary>Blocks of both sides that are about equally long.</summary>
    internal static (SampleBlocks A, SampleBlocks B) Align(IReadOnlyList<Interval> a, IReadOnlyList<Interval> b)
    {
        double lengthA = Median(a), lengthB = Median(b);
        if (lengthA <= 0 || lengthB <= 0) return (Make(a, lengthA, 1), Make(b, lengthB, 1));
        double ratio = Math.Max(lengthA, lengthB) / Math.Min(lengthA, lengthB);
        int ofLonger = 1;
        while (ofLonger < MaxOfLonger && Math.Abs((Math.Round(ofLonger * ratio) / (ofLonger * ratio)) - 1) > MaxDeviation) ofLonger++;
        int ofShorter = (int)Math.Min(Math.Round(ofLonger * ratio), int.MaxValue);
        return lengthA > lengthB
            ? (Make(a, lengthA, ofLonger), Make(b, lengthB, ofShorter))
            : (Make(a, lengthA, ofShorter), Make(b, lengthB, ofLonger));
    }

    // A sample that was cut short joins the next one; samples without any length make no block.
    private static SampleBlocks Make(IReadOnlyList<Interval> samples, double length, int each)
    {
        double enough = (each - 0.5) * length, sum = 0;
        var seconds = new List<double>();
        var of = new int[samples.Count];
        int begin = 0;
        for (int i = 0; i < samples.Count; i++)
        {
            of[i] = seconds.Count;
            sum += samples[i].Seconds;
            if (sum <= 0 || sum < enough) continue;
            seconds.Add(sum);
            sum = 0;
            begin = i + 1;
        }
        Array.Fill(of, -1, begin, samples.Count - begin);
        return new SampleBlocks([.. seconds], of, each);
    }

    private static double Median(IReadOnlyList<Interval> samples) =>
        samples.Count == 0 ? 0 : samples.Select(s => s.Seconds).Order().ElementAt(samples.Count / 2);
}
