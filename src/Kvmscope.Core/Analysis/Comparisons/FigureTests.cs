using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>
/// All tests of a comparison. A figure is marked where three things agree: the order of the samples is too rare for noise, the figure over
/// the whole length changed by enough to matter, and both in the same direction.
/// </summary>
internal sealed class FigureTests
{
    // What is certain and yet too small to act on is not marked.
    private const double LeastChange = 0.05, LeastPoints = 0.001;

    private const int LeastLeft = 15;

    private static readonly ChangedFigures[] s_all =
        [ChangedFigures.Rate, ChangedFigures.Share, ChangedFigures.Average, ChangedFigures.P50, ChangedFigures.P99];

    private readonly record struct One(ComparisonGroup Group, ChangedFigures Figure, int Direction);

    private readonly List<One> _tests = [];
    private readonly List<double> _probabilities = [];

    /// <summary>How many there are.</summary>
    internal int Count => _tests.Count;

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
            double[] a = group.A.Samples(figure, whole.A, Together(counted.A, counted.B));
            double[] b = group.B.Samples(figure, whole.B, Together(counted.B, counted.A));
            if (Math.Min(a.Length, b.Length) < RankSum.LeastSamples) continue;
            (double probability, int direction) = RankSum.Test(a, b);
            if (figure == ChangedFigures.Rate && Presence.Test(a, b) is { } presence) probability = Math.Min(probability, presence);
            _tests.Add(new One(group, figure, direction));
            _probabilities.Add(probability);
        }
    }

    /// <summary>The marks of each group that has any.</summary>
    internal Dictionary<ComparisonGroup, ChangedFigures> Marks(Func<ComparisonGroup, (ComparisonFigures A, ComparisonFigures B)> figures)
    {
        var marks = new Dictionary<ComparisonGroup, ChangedFigures>();
        bool[] holds = Holm.Holds(_probabilities);
        for (int i = 0; i < holds.Length; i++)
        {
            One test = _tests[i];
            if (!holds[i]) continue;
            (ComparisonFigures a, ComparisonFigures b) = figures(test.Group);
            if (DirectionOf(test.Figure, a, b) == test.Direction) marks[test.Group] = marks.GetValueOrDefault(test.Group) | test.Figure;
        }
        return marks;
    }

    // Handling times have long tails: the average of a hundred is larger than that of ten more often than not, and a change of the rate
    // alone would pass for one of the times. So samples of the side with fewer exits are made of more blocks, as long as enough remain.
    private static int Together(GroupSide side, GroupSide other)
    {
        if (side.TimedEach <= 0) return 1;
        double ratio = Math.Round(other.TimedEach / side.TimedEach);
        return (int)Math.Clamp(ratio, 1, Math.Max(1, side.BlockCount / LeastLeft));
    }

    // 0 where the change is too small.
    private static int DirectionOf(ChangedFigures figure, ComparisonFigures a, ComparisonFigures b) => figure switch
    {
        ChangedFigures.Rate => Of(a.Rate, b.Rate, 0),
        ChangedFigures.Share => Of(a.Share, b.Share, LeastPoints),
        ChangedFigures.Average => Of(a.AverageNs, b.AverageNs, 0),
        ChangedFigures.P50 => OfQuantile(a.P50Ns, b.P50Ns),
        _ => OfQuantile(a.P99Ns, b.P99Ns),
    };

    private static int Of(double? a, double? b, double least) =>
        a is { } x && b is { } y && Math.Abs(y - x) >= Math.Max(least, LeastChange * Math.Max(x, y)) ? Math.Sign(y - x) : 0;

    // Within a bin nobody knows where a duration lies: two quantiles that differ by less may be the same.
    private static int OfQuantile(ulong? a, ulong? b)
    {
        if (a is not { } x || b is not { } y) return 0;
        int bin = Math.Min(HistogramLayout.BinOf(Math.Max(x, y)), HistogramLayout.BinCount - 2);
        ulong width = HistogramLayout.HighNs(bin) - HistogramLayout.LowNs(bin);
        return Math.Max(x, y) - Math.Min(x, y) > width ? y.CompareTo(x) : 0;
    }
}
