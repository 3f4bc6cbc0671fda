namespace Kvmscope.Core.Analysis.Reports;

/// <summary>What rows are ordered by: the largest first, but <see cref="Code"/>.</summary>
public enum SortKey
{
    /// <summary>Number of exits.</summary>
    Count,

    /// <summary>Total handling time.</summary>
    Time,

    /// <summary>Average handling time.</summary>
    Average,

    /// <summary>Longest handling time.</summary>
    Max,

    /// <summary>The reason's number, the lowest first.</summary>
    Code,
}
