using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Summaries;

/// <summary>
/// Exits per second of each group in the last steps before a place, for small charts. What was read stays: when the place moves on by a
/// step, one interval is read.
/// </summary>
/// <param name="length">How many steps.</param>
public sealed class Trends(int length)
{
    /// <summary>How many steps.</summary>
    public int Length => length;

    /// <summary>Reads what is missing.</summary>
    /// <param name="history">The history.</param>
    /// <param name="to">The end of the last step.</param>
    /// <param name="stepNs">How long a step is.</param>
    /// <param name="request">The groups.</param>
    public void Read(IHistory history, long to, long stepNs, SummaryRequest request) => throw new NotImplementedException();

    /// <summary>Exits per second, the oldest step first; NaN for steps of which nothing is kept. The memory is used again.</summary>
    public ReadOnlySpan<double> Of(GroupKey key) => throw new NotImplementedException();
}
