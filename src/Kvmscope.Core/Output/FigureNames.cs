using Kvmscope.Core.Comparisons;

namespace Kvmscope.Core.Output;

/// <summary>The figures of comparisons under the names of the machine formats.</summary>
internal static class FigureNames
{
    internal const string Rate = "rate", Share = "share", Average = "avg_ns", P50 = "p50_ns", P99 = "p99_ns";

    private static readonly (ChangedFigures Figure, string Name)[] s_all =
    [
        (ChangedFigures.Rate, Rate), (ChangedFigures.Share, Share), (ChangedFigures.Average, Average), (ChangedFigures.P50, P50), (ChangedFigures.P99, P99),
    ];

    /// <summary>All of them, in order.</summary>
    internal static IEnumerable<string> All => s_all.Select(f => f.Name);

    /// <summary>Those that are marked.</summary>
    internal static IEnumerable<string> Of(ChangedFigures marks) => s_all.Where(f => marks.HasFlag(f.Figure)).Select(f => f.Name);

    /// <summary>To a thousandth: as much as a rate of some seconds can tell.</summary>
    internal static double Round(double rate) => Math.Round(rate, 3);

    /// <summary>To a millionth of the busy time.</summary>
    internal static double? Round(double? share) => share is { } value ? Math.Round(value, 6) : null;
}
