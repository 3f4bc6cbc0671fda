namespace Kvmscope.Core.Analysis.Timelines;

/// <summary>Exits over time: a row for each group, a column for each interval.</summary>
/// <param name="Title">What was recorded, and where; foreign text.</param>
/// <param name="By">What the rows are.</param>
/// <param name="Columns">The intervals, one after the other.</param>
/// <param name="Rows">The groups, in order.</param>
public sealed record Timeline(string Title, TimelineBy By, IReadOnlyList<TimelineColumn> Columns, IReadOnlyList<TimelineRow> Rows)
{
    /// <summary>What was lost or not measured, a line each (<see cref="Output.Text.AccountingText"/>).</summary>
    public IReadOnlyList<string> Losses { get; init; } = [];

    /// <summary>Exits of all rows.</summary>
    public ulong Count => Rows.Aggregate(0UL, (sum, row) => sum + row.Total.Count);

    /// <summary>How long all columns together were.</summary>
    public double Seconds => Columns.Sum(c => c.Seconds);

    /// <summary>How long a column is; the median, as the last one is often cut short.</summary>
    public double ColumnSeconds => Columns.Count == 0 ? 0 : Columns.Select(c => c.Seconds).Order().ElementAt(Columns.Count / 2);

    /// <summary>Whether any row leaves idle exits out of its handling times.</summary>
    public bool LeavesOutIdle => Rows.Any(r => r.Total.IdleCount > 0);

    /// <summary>
    /// The same in at most <paramref name="mostColumns"/> columns: neighbours are put together, equally many to each but the last.
    /// Counts and histograms add up, and percentiles are those of the sum.
    /// </summary>
    public Timeline Merge(int mostColumns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mostColumns, 1);
        if (Columns.Count <= mostColumns) return this;
        int each = (Columns.Count + mostColumns - 1) / mostColumns;
        return this with
        {
            Columns = [.. Columns.Chunk(each).Select(c => new TimelineColumn(c[0].Started, c.Sum(one => one.Seconds)))],
            Rows = [.. Rows.Select(r => r.Merge(each))],
        };
    }
}
