using System.Globalization;
using System.Numerics;

namespace Kvmscope.Core.Analysis.Rules;

/// <summary>What a rule is about.</summary>
internal enum RuleMetric
{
    /// <summary>How many exits.</summary>
    Count,

    /// <summary>Exits per second.</summary>
    Rate,

    /// <summary>A share of the vCPUs' wall clock.</summary>
    Share,

    /// <summary>The average handling time.</summary>
    Average,

    /// <summary>The longest handling time.</summary>
    Max,

    /// <summary>All handling times together.</summary>
    Total,

    /// <summary>The median handling time.</summary>
    P50,

    /// <summary>The handling time below which 90 % of the exits stay.</summary>
    P90,

    /// <summary>The same of 99 %.</summary>
    P99,

    /// <summary>The same of 99.9 %.</summary>
    P999,
}

/// <summary>The metrics: their names, their kinds, and a correct rule of each.</summary>
internal static class RuleMetrics
{
    /// <summary>One metric.</summary>
    /// <param name="Metric">Which.</param>
    /// <param name="Name">As rules spell it.</param>
    /// <param name="Quantity">What kind of number it is.</param>
    /// <param name="Quantile">The share of the exits that stay below; null where it is not a quantile.</param>
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

    /// <summary>The names, for errors.</summary>
    internal const string Names = "count, rate, share, avg, max, total, p50, p90, p99 or p99.9";

    /// <summary>What is known of the metric.</summary>
    internal static Info Of(RuleMetric metric) => s_all[(int)metric];

    /// <summary>The metric of that name, in any case; null where there is none.</summary>
    internal static Info? Find(string name) => string.Equals(name, "p99.9", StringComparison.OrdinalIgnoreCase)
        ? Of(RuleMetric.P999)
        : Array.Find(s_all, m => string.Equals(m.Name, name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>What kind of number a metric is, which says the units that fit.</summary>
internal enum RuleQuantity
{
    /// <summary>A number of exits.</summary>
    Count,

    /// <summary>A number of exits per time.</summary>
    Rate,

    /// <summary>A part of a whole.</summary>
    Share,

    /// <summary>A time.</summary>
    Time,
}

/// <summary>A unit of a rule's value.</summary>
/// <param name="Name">As in rules; empty for a bare number.</param>
/// <param name="Quantity">What it measures.</param>
/// <param name="Multiply">How many base units it is (ns, one per second, one of all, one exit).</param>
/// <param name="Divide">For units smaller than the base unit: how many of them make one base unit.</param>
internal sealed record RuleUnit(string Name, RuleQuantity Quantity, ulong Multiply, ulong Divide)
{
    private static readonly RuleUnit[] s_all =
    [
        new("ns", RuleQuantity.Time, 1, 1), new("us", RuleQuantity.Time, 1_000, 1), new("µs", RuleQuantity.Time, 1_000, 1),
        // The Greek letter looks the same as the micro sign.
        new("\u03bcs", RuleQuantity.Time, 1_000, 1), new("ms", RuleQuantity.Time, 1_000_000, 1),
        new("s", RuleQuantity.Time, 1_000_000_000, 1),
        new("/s", RuleQuantity.Rate, 1, 1), new("/min", RuleQuantity.Rate, 1, 60), new("/h", RuleQuantity.Rate, 1, 3600),
        new("", RuleQuantity.Rate, 1, 1), new("%", RuleQuantity.Share, 1, 100), new("", RuleQuantity.Share, 1, 1),
        new("", RuleQuantity.Count, 1, 1),
    ];

    /// <summary>The unit of that name; null where there is none that measures this.</summary>
    internal static RuleUnit? Find(string name, RuleQuantity quantity) => Array.Find(s_all, u => u.Quantity == quantity && u.Name == name);

    /// <summary>What is allowed, for errors.</summary>
    internal static string Fitting(RuleQuantity quantity) => quantity switch
    {
        RuleQuantity.Time => "a time in ns, us, ms or s",
        RuleQuantity.Rate => "a rate: a number, alone or with /s, /min or /h",
        RuleQuantity.Share => "a share: up to 100%, or a fraction from 0 to 1",
        _ => "a whole number of exits",
    };

    /// <summary>The base unit, as machine formats spell it.</summary>
    internal static string BaseOf(RuleQuantity quantity) => quantity switch
    {
        RuleQuantity.Time => "ns",
        RuleQuantity.Rate => "per_second",
        RuleQuantity.Share => "fraction",
        _ => "count",
    };
}

/// <summary>The value that a rule compares with, as typed.</summary>
/// <param name="Number">The number.</param>
/// <param name="Unit">Its unit.</param>
internal sealed record RuleValue(decimal Number, RuleUnit Unit)
{
    /// <summary>The value in the base unit.</summary>
    internal ExactNumber Exact => ExactNumber.Of(Number).Times(ExactNumber.Of(Unit.Multiply)).Over(ExactNumber.Of(Unit.Divide));

    /// <summary>As a rule spells it.</summary>
    internal string Text => Number.ToString(CultureInfo.InvariantCulture) + Unit.Name;
}

/// <summary>How the measured value is compared with the rule's.</summary>
internal enum RuleComparison
{
    /// <summary>Less.</summary>
    Less,

    /// <summary>Less or equal.</summary>
    AtMost,

    /// <summary>More.</summary>
    More,

    /// <summary>More or equal.</summary>
    AtLeast,

    /// <summary>Equal.</summary>
    Equal,

    /// <summary>Not equal.</summary>
    Unequal,
}

/// <summary>Comparisons, with what a bound proves.</summary>
internal static class RuleComparisons
{
    /// <summary>As a rule spells it.</summary>
    internal static string Text(RuleComparison comparison) => comparison switch
    {
        RuleComparison.Less => "<",
        RuleComparison.AtMost => "<=",
        RuleComparison.More => ">",
        RuleComparison.AtLeast => ">=",
        RuleComparison.Equal => "==",
        _ => "!=",
    };

    /// <summary>Whether the true value holds; null where what was seen leaves that open.</summary>
    /// <param name="comparison">How it is compared.</param>
    /// <param name="order">What was seen against the rule's value: negative, zero or positive.</param>
    /// <param name="bound">How what was seen relates to the true value.</param>
    internal static bool? Decide(RuleComparison comparison, int order, RuleBound bound)
    {
        order = Math.Sign(order);
        // All orders that the true value can have: from what was seen, in the open direction.
        (int lowest, int highest) = bound switch
        {
            RuleBound.AtLeast => (order, 1),
            RuleBound.AtMost => (-1, order),
            _ => (order, order),
        };
        bool holds = Holds(comparison, lowest);
        for (int possible = lowest + 1; possible <= highest; possible++)
            if (Holds(comparison, possible) != holds) return null;
        return holds;
    }

    private static bool Holds(RuleComparison comparison, int order) => comparison switch
    {
        RuleComparison.Less => order < 0,
        RuleComparison.AtMost => order <= 0,
        RuleComparison.More => order > 0,
        RuleComparison.AtLeast => order >= 0,
        RuleComparison.Equal => order == 0,
        _ => order != 0,
    };
}

/// <summary>How a value that was seen relates to the true one.</summary>
internal enum RuleBound
{
    /// <summary>It is the true value.</summary>
    Exact,

    /// <summary>The true value is this or more: something was lost.</summary>
    AtLeast,

    /// <summary>The true value is this or less: something else is in it.</summary>
    AtMost,
}

/// <summary>A fraction of whole numbers, so that measured and typed values compare exactly: 0.1 + 0.2 is 0.3 here.</summary>
internal readonly struct ExactNumber : IComparable<ExactNumber>
{
    private readonly BigInteger _numerator, _denominator;

    private ExactNumber(BigInteger numerator, BigInteger denominator)
    {
        _numerator = numerator;
        _denominator = denominator;
    }

    /// <summary>A whole number.</summary>
    internal static ExactNumber Of(ulong number) => new(number, BigInteger.One);

    /// <summary>A decimal number, as it was typed.</summary>
    internal static ExactNumber Of(decimal number)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(number, bits);
        var digits = new BigInteger(new decimal(bits[0], bits[1], bits[2], bits[3] < 0, 0));
        return new ExactNumber(digits, BigInteger.Pow(10, number.Scale));
    }

    /// <summary>This divided by another, which is positive.</summary>
    internal ExactNumber Over(ExactNumber other) => new(_numerator * other._denominator, _denominator * other._numerator);

    /// <summary>This times another.</summary>
    internal ExactNumber Times(ExactNumber other) => new(_numerator * other._numerator, _denominator * other._denominator);

    /// <inheritdoc/>
    public int CompareTo(ExactNumber other) => (_numerator * other._denominator).CompareTo(other._numerator * _denominator);

    /// <summary>The nearest double; for text and machines, never to compare.</summary>
    internal double ToDouble() => (double)_numerator / (double)_denominator;
}
