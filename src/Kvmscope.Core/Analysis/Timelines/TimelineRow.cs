namespace Kvmscope.Core.Analysis.Timelines;

/// <summary>One group of a timeline over all its columns.</summary>
/// <param name="Name">The reason, VM or vCPU; <c>other</c> for what has no row of its own. A VM's name is foreign text: to be cleaned before it is shown.</param>
/// <param name="Cells">One for each column.</param>
public sealed record TimelineRow(string Name, IReadOnlyList<TimelineCell> Cells)
{
    /// <summary>Whether this is an idle reason: its handling time is the guest waiting for work.</summary>
    public bool IsIdle { get; init; }

    /// <summary>How many groups the row <c>other</c> holds; 0 for any other row.</summary>
    public int Others { get; init; }

    /// <summary>All columns together.</summary>
    public TimelineCell Total { get; } = Sum(Cells);

    /// <summary>The same with neighbouring columns together, so many to each.</summary>
    internal TimelineRow Merge(int each) => new(Name, [.. Cells.Chunk(each).Select(Sum)]) { IsIdle = IsIdle, Others = Others };

    private static TimelineCell Sum(IReadOnlyList<TimelineCell> cells)
    {
        var sum = new TimelineCell(0);
        foreach (TimelineCell cell in cells) sum.Append(cell);
        return sum;
    }
}
