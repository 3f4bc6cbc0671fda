namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>The figures of a row that changed beyond noise.</summary>
[Flags]
public enum ChangedFigures
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Exits a second.</summary>
    Rate = 1,

    /// <summary>The share of the busy handling time.</summary>
    Share = 2,

    /// <summary>The average handling time.</summary>
    Average = 4,

    /// <summary>The median handling time.</summary>
    P50 = 8,

    /// <summary>The 99th percentile of the handling time.</summary>
    P99 = 16,
}
