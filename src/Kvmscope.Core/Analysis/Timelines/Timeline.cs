using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Timelines;

/// <summary>Exits over time: one row per group, one column per interval.</summary>
/// <param name="Title">What was recorded, and where; foreign text.</param>
/// <param name="By">What the rows are.</param>
/// <param name="Columns">The intervals, one after the other.</param>
/// <param name="Rows">The groups, in order.</param>
public sealed record Timeline(string Title, TimelineBy By, IReadOnlyList<TimelineColumn> Columns, IReadOnlyList<TimelineRow> Rows)
{
    /// <summary>What was lost or not measured, one line each (<see cref="Output.Text.AccountingText"/>).</summary>
    public IReadOnlyList<string> Losses { get; init; } = [];

    /// <summary>Exits of all rows.</summary>
    public ulong Count => Rows.Aggregate(0UL, (sum, row) => sum + row.Total.Count);

    /// <summary>How long all columns together were.</summary>
    public double Seconds => Columns.Sum(c => c.Seconds);

    /// <summary>How long a column is; the median, as the last one is often shorter.</summary>
    public double ColumnSeconds => Columns.Count == 0 ? 0 : Columns.Select(c => c.Seconds).Order().ElementAt(Columns.Count / 2);

    /// <summary>Whether any row leaves idle exits out of its handling times.</summary>
    public bool LeavesOutIdle => Rows.Any(r => r.Total.IdleCount > 0);

    /// <summary>
    /// The same in at most <paramref name="maxColumns"/> columns: neighbours are merged, the same number in each except the last. Counts
    /// and histograms add up, and percentiles are those of the sum.
    /// </summary>
    public Timeline Merge(int maxColumns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxColumns, 1);
        if (Columns.Count <= maxColumns) return this;
        int each = (Columns.Count + maxColumns - 1) / maxColumns;
        return this with
        {
            Columns =
            [
                .. Columns.Chunk(each).Select(c =>
                    new TimelineColumn(c[0].Started, c.Sum(one => one.Seconds)) { Ended = c[^1].Ended }),
            ],
            Rows = [.. Rows.Select(r => r.Merge(each))],
        };
    }
}

/// <summary>What has its own row in a <see cref="Timeline"/>.</summary>
public enum TimelineBy
{
    /// <summary>Each exit reason.</summary>
    Reason,

    /// <summary>Each VM.</summary>
    Vm,

    /// <summary>Each vCPU of each VM.</summary>
    Vcpu,
}

/// <summary>One interval of a timeline.</summary>
/// <param name="Started">Wall-clock time at which it began.</param>
/// <param name="Seconds">How long it was.</param>
public sealed record TimelineColumn(DateTimeOffset Started, double Seconds)
{
    /// <summary>Wall-clock time at which it ended; the clock may have been set in it.</summary>
    public DateTimeOffset Ended { get; init; } = Started.AddSeconds(Seconds);
}

/// <summary>One group of a timeline over all its columns.</summary>
/// <param name="Name">The reason, VM or vCPU; <c>other</c> for groups without a row. A VM's name is foreign text: clean it before it is
/// shown.</param>
/// <param name="Cells">One for each column.</param>
public sealed record TimelineRow(string Name, IReadOnlyList<TimelineCell> Cells)
{
    /// <summary>Whether this is an idle reason: its handling time is the guest waiting for work.</summary>
    public bool IsIdle { get; init; }

    /// <summary>How many groups the row <c>other</c> holds; 0 for any other row.</summary>
    public int Others { get; init; }

    /// <summary>All columns together.</summary>
    public TimelineCell Total { get; } = Sum(Cells);

    /// <summary>The same with neighbouring columns merged, <paramref name="each"/> at a time.</summary>
    internal TimelineRow Merge(int each) => new(Name, [.. Cells.Chunk(each).Select(Sum)]) { IsIdle = IsIdle, Others = Others };

    private static TimelineCell Sum(IReadOnlyList<TimelineCell> cells)
    {
        var sum = new TimelineCell(0);
        foreach (TimelineCell cell in cells) sum.Append(cell);
        return sum;
    }
}

/// <summary>
/// The exits of one row in one column, or in several merged columns. Without exits its figures are null: not measured is not 0.
/// </summary>
public sealed class TimelineCell
{
    private const double Median = 0.5, High = 0.99;

    private readonly Tally _timed = new();
    private ulong _idle;

    internal TimelineCell(double seconds) => Seconds = seconds;

    /// <summary>How long the column was.</summary>
    public double Seconds { get; private set; }

    /// <summary>All exits, including those whose handling time is left out.</summary>
    public ulong Count => _timed.Count + _idle;

    /// <summary>Idle exits in a row of several reasons: in <see cref="Count"/>, but not in any handling time.</summary>
    public ulong IdleCount => _idle;

    /// <summary>Exits whose handling time is in the figures.</summary>
    public ulong Timed => _timed.Timed;

    /// <summary>Exits per second; 0 where the column has no duration.</summary>
    public double Rate => Seconds > 0 ? Count / Seconds : 0;

    /// <summary>The sum of the handling times in ns.</summary>
    public ulong TotalNs => _timed.TotalNs;

    /// <summary>The average handling time in ns.</summary>
    public ulong? AverageNs => _timed.AverageNs;

    /// <summary>The median of the handling times in ns.</summary>
    public ulong? P50Ns => _timed.Quantile(Median);

    /// <summary>The 99th percentile of the handling times in ns.</summary>
    public ulong? P99Ns => _timed.Quantile(High);

    /// <summary>The longest handling time in ns.</summary>
    public ulong? MaxNs => _timed.LongestNs;

    /// <summary>The histogram of the handling times (<see cref="HistogramLayout"/>); empty where none was measured.</summary>
    public Histogram Bins => _timed.Bins;

    internal void Add(Row row, bool leaveOutTime)
    {
        if (leaveOutTime) _idle += row.Count;
        else _timed.Add(row);
    }

    /// <summary>Adds what a later column of the same row has.</summary>
    internal void Append(TimelineCell next)
    {
        Seconds += next.Seconds;
        _idle += next._idle;
        _timed.Add(next._timed);
    }
}
