using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Timelines;

/// <summary>The exits of one row in one column, or in several of them together. Without exits its figures are null: nothing was measured, which is not 0.</summary>
public sealed class TimelineCell
{
    private const double Median = 0.5, High = 0.99;

    private readonly Tally _timed = new();
    private ulong _idle;

    internal TimelineCell(double seconds) => Seconds = seconds;

    /// <summary>How long the column was.</summary>
    public double Seconds { get; private set; }

    /// <summary>All exits, those included whose handling time is left out.</summary>
    public ulong Count => _timed.Count + _idle;

    /// <summary>Of <see cref="Count"/>, idle exits in a row of several reasons: counted, but not part of any handling time.</summary>
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

    internal void Add(TimelineCell more)
    {
        _idle += more._idle;
        _timed.Add(more._timed);
    }

    /// <summary>Adds what a later column of the same row has.</summary>
    internal void Append(TimelineCell next)
    {
        Seconds += next.Seconds;
        Add(next);
    }
}
