namespace Kvmscope.Core.Rules;

/// <summary>A unit of a rule's value.</summary>
/// <param name="Name">As rules spell it; empty where a bare number is meant.</param>
/// <param name="Quantity">What it measures.</param>
/// <param name="Multiply">How many base units it is (ns, one a second, one of all, one exit).</param>
/// <param name="Divide">Where it is less than one: that many of it are a base unit.</param>
internal sealed record RuleUnit(string Name, RuleQuantity Quantity, ulong Multiply, ulong Divide)
{
    private static readonly RuleUnit[] s_all =
    [
        new("ns", RuleQuantity.Time, 1, 1), new("us", RuleQuantity.Time, 1_000, 1), new("µs", RuleQuantity.Time, 1_000, 1),
        // The Greek letter looks the same as the micro sign.
        new("\u03bcs", RuleQuantity.Time, 1_000, 1), new("ms", RuleQuantity.Time, 1_000_000, 1), new("s", RuleQuantity.Time, 1_000_000_000, 1),
        new("/s", RuleQuantity.Rate, 1, 1), new("/min", RuleQuantity.Rate, 1, 60), new("/h", RuleQuantity.Rate, 1, 3600),
        new("", RuleQuantity.Rate, 1, 1), new("%", RuleQuantity.Share, 1, 100), new("", RuleQuantity.Share, 1, 1), new("", RuleQuantity.Count, 1, 1),
    ];

    /// <summary>The unit of that name; null where there is none that measures this.</summary>
    internal static RuleUnit? Find(string name, RuleQuantity quantity) => Array.Find(s_all, u => u.Quantity == quantity && u.Name == name);

    /// <summary>What fits, as an error says it.</summary>
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
