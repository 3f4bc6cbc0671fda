using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>What to show of two sides.</summary>
public sealed record ComparisonRequest
{
    /// <summary>What has its own row; by default each reason.</summary>
    public GroupBy By { get; init; } = GroupBy.Reason;

    /// <summary>With <see cref="GroupBy.Qualifier"/>: how many of a reason have their own rows; the rest is <c>other</c>.</summary>
    public int Top { get; init; } = ReportRequest.DefaultTop;

    /// <summary>How many rows are shown, those that changed most; null is all.</summary>
    public int? Most { get; init; }

    /// <summary>
    /// Whether each side is one VM and these two are compared, whatever their names; rows then have no VM. Else VMs are matched by name.
    /// </summary>
    public bool PairsVms { get; init; }

    /// <summary>The grouping with all that it includes.</summary>
    internal GroupBy Keys
    {
        get
        {
            GroupBy by = By == GroupBy.None ? GroupBy.Reason : By;
            if (by.HasFlag(GroupBy.Vcpu)) by |= GroupBy.Vm;
            if (by.HasFlag(GroupBy.Qualifier)) by |= GroupBy.Reason;
            return PairsVms ? by & ~GroupBy.Vm : by;
        }
    }
}

/// <summary>One side of a comparison.</summary>
/// <param name="Name">What it is called: a file, a window, a VM.</param>
/// <param name="Samples">Consecutive intervals of equal length, except perhaps the last; grouped as requested or finer.</param>
public sealed record ComparisonSide(string Name, IReadOnlyList<Interval> Samples);
