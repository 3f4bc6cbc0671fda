namespace Kvmscope.Core.Rules;

/// <summary>What kind of number a metric is, which says the units that fit.</summary>
internal enum RuleQuantity
{
    /// <summary>A number of exits.</summary>
    Count,

    /// <summary>A number of exits a time.</summary>
    Rate,

    /// <summary>A part of a whole.</summary>
    Share,

    /// <summary>A time.</summary>
    Time,
}
