using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>Two sides, group by group, and what changed by more than noise.</summary>
/// <param name="Request">The request.</param>
/// <param name="A">The first side.</param>
/// <param name="B">The second side.</param>
/// <param name="Rows">The groups: busy ones before idle ones, each ordered by change of handling time, the largest first.</param>
/// <param name="Total">All exits.</param>
/// <param name="Busy">All except idle exits.</param>
/// <param name="Tests">How many figures were tested, of all rows together.</param>
/// <param name="Undecidable">How many of them no change could have marked: they have too few independent samples.</param>
/// <param name="Notes">What the reader should know, one sentence each.</param>
public sealed record Comparison(
    ComparisonRequest Request, ComparedSide A, ComparedSide B, IReadOnlyList<ComparisonRow> Rows, ComparisonRow Total, ComparisonRow Busy,
    int Tests, int Undecidable, IReadOnlyList<string> Notes);

/// <summary>One side, added up.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Samples">How many samples it has.</param>
/// <param name="Sum">All samples as one interval: when it began, how long it was, what was seen and lost.</param>
/// <param name="Ended">Wall-clock time at which the last sample ended.</param>
public sealed record ComparedSide(string Name, int Samples, Interval Sum, DateTimeOffset Ended)
{
    internal static ComparedSide Of(ComparisonSide side)
    {
        IReadOnlyList<Interval> samples = side.Samples;
        DateTimeOffset ended = samples.Count > 0 ? samples[^1].To : default;
        return new ComparedSide(side.Name, samples.Count, IntervalSum.Of(samples), ended);
    }
}

/// <summary>One group of both sides.</summary>
/// <param name="Keys">What it is about. A VM is the first one of that name; on the other side it may have another process.</param>
/// <param name="A">The first side.</param>
/// <param name="B">The second side.</param>
/// <param name="Change">Handling time in ns per second of wall clock, B minus A: the order of rows. For idle exits it is waiting.</param>
/// <param name="Marks">The figures that changed by more than noise between the samples explains.</param>
public sealed record ComparisonRow(ReportRow Keys, ComparisonFigures A, ComparisonFigures B, long Change, ChangedFigures Marks)
{
    /// <summary>Whether any figure changed by more than noise.</summary>
    public bool Marked => Marks != ChangedFigures.None;
}

/// <summary>The figures of one side of a row, over its whole length; times are null where none was measured.</summary>
/// <param name="Rate">Exits per second.</param>
/// <param name="Share">Its part of the side's busy handling time, from 0 to 1; null for idle exits, and where nothing was busy.</param>
/// <param name="AverageNs">The average handling time in ns.</param>
/// <param name="P50Ns">The median in ns.</param>
/// <param name="P99Ns">The 99th percentile in ns.</param>
public readonly record struct ComparisonFigures(double Rate, double? Share, ulong? AverageNs, ulong? P50Ns, ulong? P99Ns);

/// <summary>The figures of a row that changed by more than noise.</summary>
[Flags]
public enum ChangedFigures
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Exits per second.</summary>
    Rate = 1,

    /// <summary>The share of the busy handling time.</summary>
    Share = 2,

    /// <summary>The average handling time.</summary>
    Average = 4,

    /// <summary>The median handling time.</summary>
    P50 = 8,

    /// <summary>The 99th percentile of the handling time.</summary>
    P99 = 16,
}
