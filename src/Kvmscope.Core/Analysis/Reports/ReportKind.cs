namespace Kvmscope.Core.Analysis.Reports;

/// <summary>What is shown of the exits.</summary>
public enum ReportKind
{
    /// <summary>How many.</summary>
    Count,

    /// <summary>How many, and their handling times.</summary>
    Time,

    /// <summary>The distribution of their handling times.</summary>
    Hist,
}
