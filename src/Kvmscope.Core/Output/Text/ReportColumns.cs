using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Text;

/// <summary>The figures of one kind of table: its columns, and a row's cells in the same order.</summary>
internal sealed class ReportColumns
{
    /// <summary>Left out first if there is no room.</summary>
    internal const int DropFirst = 1;

    // Drop orders of the levels: before the code if there is no exit of L2.
    private const int DropL1 = DropFirst + 1, DropL2 = DropFirst + 2;

    private enum Shape
    {
        Counts,
        Averages,
        Stats,
        Count,
        Times,
    }

    private readonly Shape _shape;
    private readonly ulong _busyNs;

    private ReportColumns(Shape shape, bool hasL2, ulong busyNs)
    {
        _shape = shape;
        _busyNs = busyNs;
        Columns = shape switch
        {
            Shape.Counts => CountColumns(hasL2),
            Shape.Averages => AverageColumns(hasL2),
            Shape.Stats => StatsColumns(),
            Shape.Count => [new("Count")],
            _ => [new("Count"), new("Time") { Drop = 3 }, new("Avg"), new("Max") { Drop = 2 }],
        };
    }

    internal IReadOnlyList<TextColumn> Columns { get; }

    /// <summary>Whether L1 and L2 have their own lines under a row instead of columns.</summary>
    internal bool StacksLevels { get; private init; }

    internal static ReportColumns Of(Report report, bool byLevel)
    {
        ReportRequest request = report.Request;
        byLevel |= !report.HasLevels;
        Shape shape = request.Kind == ReportKind.Count
            ? byLevel ? Shape.Count : Shape.Counts
            : request.Stats ? Shape.Stats : byLevel ? Shape.Times : Shape.Averages;
        return new ReportColumns(shape, report.HasL2, report.Busy.Total.TotalNs) { StacksLevels = shape == Shape.Stats && !byLevel };
    }

    /// <summary>The cells of a row.</summary>
    /// <param name="total">The row's sum.</param>
    /// <param name="l1">Its part at L1.</param>
    /// <param name="l2">Its part at L2.</param>
    /// <param name="busyNs">Its part of the busy time in ns; null where it has none.</param>
    internal TextCell[] Cells(Tally total, Tally l1, Tally l2, ulong? busyNs) => _shape switch
    {
        Shape.Counts => [Count(total), Count(l1), Count(l2)],
        Shape.Averages => [Count(total), Average(total), Count(l1), Average(l1), Count(l2), Average(l2)],
        Shape.Count => [Count(total)],
        Shape.Times => [Count(total), Time(total), Average(total), TextCell.OfTime(total.LongestNs)],
        _ =>
        [
            Count(total), Time(total), busyNs is { } ns ? TextCell.OfShare(ns, _busyNs) : TextCell.Missing, Average(total),
            Quantile(total, 0.5), Quantile(total, 0.9), Quantile(total, 0.99), Quantile(total, 0.999), TextCell.OfTime(total.LongestNs),
        ],
    };

    private static TextColumn[] CountColumns(bool hasL2) =>
        [new("Total"), new("L1") { Drop = hasL2 ? DropL1 : DropFirst }, new("L2") { Drop = hasL2 ? DropL2 : DropFirst }];

    private static TextColumn[] AverageColumns(bool hasL2)
    {
        int l1 = hasL2 ? DropL1 : DropFirst, l2 = hasL2 ? DropL2 : DropFirst;
        return
        [
            new("Count") { Group = "Total" }, new("Avg") { Group = "Total" },
            new("Count") { Group = "L1", Drop = l1 }, new("Avg") { Group = "L1", Drop = l1 },
            new("Count") { Group = "L2", Drop = l2 }, new("Avg") { Group = "L2", Drop = l2 },
        ];
    }

    private static TextColumn[] StatsColumns() =>
    [
        new("Count"), new("Time") { Drop = 6 }, new("Busy%") { Drop = 3 }, new("Avg"), new("p50") { Drop = 4 },
        new("p90") { Drop = 2 }, new("p99"), new("p99.9") { Drop = 5 }, new("Max") { Drop = 7 },
    ];

    private static TextCell Count(Tally measure) => TextCell.OfNumber(measure.Count);

    private static TextCell Time(Tally measure) => TextCell.OfTime(measure.Timed == 0 ? null : measure.TotalNs);

    private static TextCell Average(Tally measure) => TextCell.OfTime(measure.AverageNs);

    private static TextCell Quantile(Tally measure, double q) => TextCell.OfTime(measure.Quantile(q));
}
