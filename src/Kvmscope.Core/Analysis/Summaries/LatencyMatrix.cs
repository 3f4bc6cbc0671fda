using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Summaries;

/// <summary>
/// Handling times of busy exits by group: a row per power of two, a column per group, the group with the most busy time first. Uses its
/// memory again.
/// </summary>
public sealed class LatencyMatrix
{
    /// <summary>The groups.</summary>
    public IReadOnlyList<GroupKey> Columns => throw new NotImplementedException();

    /// <summary>The powers of two with any exit and those between them: the first row is below 2^<see cref="FirstShift"/>+1 ns.</summary>
    public int Rows => throw new NotImplementedException();

    /// <summary>The lower bound of the first row is 2^this ns (0 for durations below <see cref="HistogramLayout.MinShift"/>).</summary>
    public int FirstShift => throw new NotImplementedException();

    /// <summary>Exits of a group in a row.</summary>
    public ulong this[int row, int column] => throw new NotImplementedException();

    /// <summary>Groups the handling times of an interval.</summary>
    public void Read(Interval interval, SummaryRequest request) => throw new NotImplementedException();
}
