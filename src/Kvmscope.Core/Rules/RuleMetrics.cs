namespace Kvmscope.Core.Rules;

/// <summary>The metrics: their names, their kinds, and a rule of each that is right.</summary>
internal static class RuleMetrics
{
    /// <summary>One metric.</summary>
    /// <param name="Metric">Which.</param>
    /// <param name="Name">As rules spell it.</param>
    /// <param name="Quantity">What kind of number it is.</param>
    /// <param name="Quantile">The share of the exits that stay below; null where it is no quantile.</param>
    /// <param name="Example">A rule with it.</param>
    internal sealed record Info(RuleMetric Metric, string Name, RuleQuantity Quantity, double? Quantile, string Example);

    private static readonly Info[] s_all =
    [
        new(RuleMetric.Count, "count", RuleQuantity.Count, null, "count(any, level=l2)==0"),
        new(RuleMetric.Rate, "rate", RuleQuantity.Rate, null, "rate(EPT_VIOLATION)<100/s"),
        new(RuleMetric.Share, "share", RuleQuantity.Share, null, "share(runq)<5%"),
        new(RuleMetric.Average, "avg", RuleQuantity.Time, null, "avg(exit)<5us"),
        new(RuleMetric.Max, "max", RuleQuantity.Time, null, "max(exit)<50us"),
        new(RuleMetric.Total, "total", RuleQuantity.Time, null, "total(exit, vm=web-1)<1s"),
        new(RuleMetric.P50, "p50", RuleQuantity.Time, 0.5, "p50(exit)<2us"),
        new(RuleMetric.P90, "p90", RuleQuantity.Time, 0.9, "p90(exit)<5us"),
        new(RuleMetric.P99, "p99", RuleQuantity.Time, 0.99, "p99(exit)<20us"),
        new(RuleMetric.P999, "p999", RuleQuantity.Time, 0.999, "p999(exit)<40us"),
    ];

    /// <summary>The names, as an error lists them.</summary>
    internal const string Names = "count, rate, share, avg, max, total, p50, p90, p99 or p99.9";

    /// <summary>What is known of the metric.</summary>
    internal static Info Of(RuleMetric metric) => s_all[(int)metric];

    /// <summary>The metric of that name, in any case; null where there is none.</summary>
    internal static Info? Find(string name) => string.Equals(name, "p99.9", StringComparison.OrdinalIgnoreCase)
        ? Of(RuleMetric.P999)
        : Array.Find(s_all, m => string.Equals(m.Name, name, StringComparison.OrdinalIgnoreCase));
}
