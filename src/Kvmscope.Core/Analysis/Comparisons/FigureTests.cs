using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>
/// All tests of a comparison. A figure is marked if the order of the samples is too rare for noise, the figure over the whole length
/// changed by enough to matter, and both changed in the same direction.
/// </summary>
internal sealed class FigureTests
{
    // A change that is certain but too small to act on is not marked.
    private const double MinChange = 0.05, MinPoints = 0.001;

    private const int MinBlocksLeft = 15;

    private static readonly ChangedFigures[] s_all =
        [ChangedFigures.Rate, ChangedFigures.Share, ChangedFigures.Average, ChangedFigures.P50, ChangedFigures.P99];

    private readonly record struct FigureTest(ComparisonGroup Group, ChangedFigures Figure, int Direction);

    private readonly List<FigureTest> _tests = [];
    private readonly List<double> _probabilities = [], _least = [];

    /// <summary>How many there are.</summary>
    internal int Count => _tests.Count;

    /// <summary>
    /// How many could not hold whatever had changed: neighbouring samples resemble each other so much that there are too few independent
    /// ones.
    /// </summary>
    internal int Undecidable => Enumerable.Range(0, Count).Count(i => !CanDecide(i));

    /// <summary>Whether any change could mark this figure; true where it is not tested.</summary>
    internal bool CanDecide(ComparisonGroup group, ChangedFigures figure)
    {
        int at = _tests.FindIndex(t => t.Group == group && t.Figure == figure);
        return at < 0 || CanDecide(at);
    }

    private bool CanDecide(int test) => _least[test] <= Holm.Level / Count;

    /// <summary>Tests the figures of a group that have enough samples.</summary>
    /// <param name="group">The group.</param>
    /// <param name="busy">All busy exits; null for a group of which no share is tested.</param>
    internal void Add(ComparisonGroup group, ComparisonGroup? busy)
    {
        ComparisonGroup whole = busy ?? group;
        foreach (ChangedFigures figure in s_all)
        {
            if (figure == ChangedFigures.Share && busy is null) continue;
            ComparisonGroup counted = figure == ChangedFigures.Share ? whole : group;
            double[] a = group.A.Samples(figure, whole.A, BlocksPerSample(counted.A, counted.B));
            double[] b = group.B.Samples(figure, whole.B, BlocksPerSample(counted.B, counted.A));
            if (Math.Min(a.Length, b.Length) < RankSum.MinSamples) continue;
            (double probability, int direction, double least) = RankSum.Test(a, b);
            if (figure == ChangedFigures.Rate && Presence.Test(a, b) is { } presence)
                (probability, least) = (Math.Min(probability, presence), Math.Min(least, presence));
            _tests.Add(new FigureTest(group, figure, direction));
            _probabilities.Add(probability);
            _least.Add(least);
        }
    }

    /// <summary>The marks of each group that has any.</summary>
    internal Dictionary<ComparisonGroup, ChangedFigures> Marks(Func<ComparisonGroup, (ComparisonFigures A, ComparisonFigures B)> figures)
    {
        var marks = new Dictionary<ComparisonGroup, ChangedFigures>();
        bool[] holds = Holm.Holds(_probabilities);
        for (int i = 0; i < holds.Length; i++)
        {
            FigureTest test = _tests[i];
            if (!holds[i]) continue;
            (ComparisonFigures a, ComparisonFigures b) = figures(test.Group);
            if (DirectionOf(test.Figure, a, b) == test.Direction) marks[test.Group] = marks.GetValueOrDefault(test.Group) | test.Figure;
        }
        return marks;
    }

    // Handling times have long tails: the average of a hundred is usually larger than that of ten, so a change of the rate alone would look
    // like a change of the times. So samples of the side with fewer exits are made of more blocks, as long as enough remain.
    private static int BlocksPerSample(GroupSide side, GroupSide other)
    {
        if (side.TimedEach <= 0) return 1;
        double ratio = Math.Round(other.TimedEach / side.TimedEach);
        return (int)Math.Clamp(ratio, 1, Math.Max(1, side.BlockCount / MinBlocksLeft));
    }

    // 0 where the change is too small.
    private static int DirectionOf(ChangedFigures figure, ComparisonFigures a, ComparisonFigures b) => figure switch
    {
        ChangedFigures.Rate => Of(a.Rate, b.Rate, 0),
        ChangedFigures.Share => Of(a.Share, b.Share, MinPoints),
        ChangedFigures.Average => Of(a.AverageNs, b.AverageNs, 0),
        ChangedFigures.P50 => OfQuantile(a.P50Ns, b.P50Ns),
        _ => OfQuantile(a.P99Ns, b.P99Ns),
    };

    private static int Of(double? a, double? b, double least) =>
        a is { } x && b is { } y && Math.Abs(y - x) >= Math.Max(least, MinChange * Math.Max(x, y)) ? Math.Sign(y - x) : 0;

    // Where a duration lies within its bin is not known: two quantiles that differ by less may be equal.
    private static int OfQuantile(ulong? a, ulong? b)
    {
        if (a is not { } x || b is not { } y) return 0;
        int bin = Math.Min(HistogramLayout.BinOf(Math.Max(x, y)), HistogramLayout.BinCount - 2);
        ulong width = HistogramLayout.HighNs(bin) - HistogramLayout.LowNs(bin);
        return Math.Max(x, y) - Math.Min(x, y) > width ? y.CompareTo(x) : 0;
    }
}

/// <summary>
/// Many tests at once (Holm 1979): the probability that any of them is positive although nothing changed stays below the level, however the
/// tests depend on one another.
/// </summary>
internal static class Holm
{
    /// <summary>The probability of a wrong mark in a whole comparison.</summary>
    internal const double Level = 0.01;

    /// <summary>Which tests hold, by their probabilities.</summary>
    internal static bool[] Holds(IReadOnlyList<double> probabilities)
    {
        var holds = new bool[probabilities.Count];
        int left = probabilities.Count;
        foreach (int i in Enumerable.Range(0, left).OrderBy(i => probabilities[i]))
        {
            if (probabilities[i] > Level / left) break;
            holds[i] = true;
            left--;
        }
        return holds;
    }
}

/// <summary>
/// Whether it can be chance that something is in no sample of one side and in nearly all of the other: Fisher's exact test (1922). It stays
/// certain however the rate drifts where it is present, while drift weakens a rank-sum test.
/// </summary>
internal static class Presence
{
    // Share of the samples of the side that has it.
    private const double MinShare = 0.9;

    /// <summary>The probability of this with equal sides; null where both sides have it, or one has it in too few samples.</summary>
    internal static double? Test(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        int inA = Count(a), inB = Count(b);
        if (inA > 0 == inB > 0) return null;
        (int samples, int there) = inA > 0 ? (a.Length, inA) : (b.Length, inB);
        if (there < MinShare * samples) return null;
        // The ways to choose the samples that have it from this side alone, out of all ways; doubled for the other side.
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
