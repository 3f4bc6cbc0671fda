using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Text;

/// <summary>The figures of <c>count</c> and <c>time</c>: columns, and a row's cells in the same order.</summary>
internal sealed class ReportColumns
{
    /// <summary>Left out first if there is no room.</summary>
    internal const int DropFirst = 1;

    // Drop orders: the levels' averages go before any figure of the sum, the levels before its time.
    private const int DropLevelAverage = 2, DropL1 = 6, DropL2 = 7, DropTime = 8;

    private readonly bool _time, _stats, _l1, _l2;
    private readonly ulong _busyNs;

    /// <summary>The columns of a report.</summary>
    /// <param name="report">The report.</param>
    /// <param name="byLevel">Whether levels have their own rows.</param>
    /// <param name="shown">Which levels were shown before.</param>
    internal ReportColumns(Report report, bool byLevel, ShownColumns shown)
    {
        ReportRequest request = report.Request;
        _time = request.Kind == ReportKind.Time;
        _stats = _time && request.Stats;
        _busyNs = report.Busy.Total.TotalNs;
        bool hasL2 = shown.Shows("L2", request.Levels || report.HasL2), hasL1 = shown.Shows("L1", request.Levels || report.HasL1);
        // Without L2 they would repeat the sum.
        bool levels = hasL2 && report.HasLevels && !byLevel;
        StacksLevels = levels && _stats;
        _l1 = levels && !_stats && hasL1;
        _l2 = levels && !_stats;
        TextColumn[] sum = _stats ? StatsColumns() : _time ? TimeColumns() : [new("Count")];
        Columns = [.. sum, .. LevelColumns("L1", _l1), .. LevelColumns("L2", _l2)];
    }

    internal IReadOnlyList<TextColumn> Columns { get; }

    /// <summary>Whether L1 and L2 have their own lines under a row: percentiles leave no room for columns.</summary>
    internal bool StacksLevels { get; }

    /// <summary>The cells of a row.</summary>
    /// <param name="total">The row's sum.</param>
    /// <param name="l1">Its part at L1.</param>
    /// <param name="l2">Its part at L2.</param>
    /// <param name="share">Its part of the busy time.</param>
    internal TextCell[] Cells(Tally total, Tally l1, Tally l2, TextCell share)
    {
        var cells = new TextCell[Columns.Count];
        int at = 0;
        cells[at++] = Count(total);
        if (_time)
        {
            cells[at++] = TextCell.OfTime(total.Timed == 0 ? null : total.TotalNs);
            cells[at++] = share;
            cells[at++] = Average(total);
            if (_stats) cells[at++] = Quantile(total, 0.5);
            if (_stats) cells[at++] = Quantile(total, 0.9);
            cells[at++] = Quantile(total, 0.99);
            if (_stats) cells[at++] = Quantile(total, 0.999);
            cells[at++] = TextCell.OfTime(total.LongestNs);
        }
        if (_l1) at = AddLevel(cells, at, l1);
        if (_l2) AddLevel(cells, at, l2);
        return cells;
    }

    /// <summary>A part of the busy time; missing where nothing was timed.</summary>
    internal TextCell Share(Tally exits, ulong busyNs) => exits.Timed == 0 ? TextCell.Missing : TextCell.OfShare(busyNs, _busyNs);

    private int AddLevel(TextCell[] cells, int at, Tally level)
    {
        cells[at++] = Count(level);
        if (_time) cells[at++] = Average(level);
        return at;
    }

    private TextColumn[] LevelColumns(string level, bool has)
    {
        int drop = level == "L1" ? DropL1 : DropL2;
        if (!has) return [];
        if (!_time) return [new(level) { Drop = drop }];
        return [new("Count") { Group = level, Drop = drop }, new("Avg") { Group = level, Drop = DropLevelAverage }];
    }

    private static TextColumn[] TimeColumns() =>
    [
        new("Count"), new("Time") { Drop = DropTime }, new("Busy%") { Drop = 4 }, new("Avg"), new("p99") { Drop = 5 },
        new("Max") { Drop = 3 },
    ];

    private static TextColumn[] StatsColumns() =>
    [
        new("Count"), new("Time") { Drop = 6 }, new("Busy%") { Drop = 3 }, new("Avg"), new("p50") { Drop = 4 },
        new("p90") { Drop = 2 }, new("p99"), new("p99.9") { Drop = 5 }, new("Max") { Drop = 7 },
    ];

    private static TextCell Count(Tally measure) => TextCell.OfNumber(measure.Count);

    private static TextCell Average(Tally measure) => TextCell.OfTime(measure.AverageNs);

    private static TextCell Quantile(Tally measure, double q) => TextCell.OfTime(measure.Quantile(q));
}
