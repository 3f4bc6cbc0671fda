namespace Kvmscope.Core.Rules;

/// <summary>What a rule is about.</summary>
internal enum RuleMetric
{
    /// <summary>How many exits.</summary>
    Count,

    /// <summary>Exits a second.</summary>
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
