using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>One group of both sides while it is added up.</summary>
internal sealed class ComparisonGroup(ReportRow keys, SampleBlocks a, SampleBlocks b)
{
    internal ReportRow Keys { get; } = keys;

    internal GroupSide A { get; } = new(a);

    internal GroupSide B { get; } = new(b);
}
