using System.Globalization;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;

namespace Kvmscope.Live.Views;

/// <summary>Exits of L2 by VM and reason: handled by this host or reflected to L1, and how long until L2 ran again.</summary>
internal sealed class NestedRows() : SummaryRows(
    [
        RowColumns.Vm, RowColumns.Reason with { Header = "Reason (L2)" }, RowColumns.Exits,
        RowColumns.Average,
        PerSecond("handled", "handled/s", 70, static row => row.Handled),
        PerSecond("reflected", "reflected/s", 90, static row => row.Rounds?.Reflected ?? 0),
        RowColumns.Time("round", "round avg", 85, static row => row.Rounds is { Timed: > 0 } rounds ? rounds.AverageNs : null) with
        {
            Width = 9,
        },
        RowColumns.Time("roundp99", "round p99", 80, static row => row.Rounds is { Timed: > 0 } rounds ? rounds.Quantile(0.99) : null) with
        {
            Width = 9,
            NeedsDetail = true,
        },
        new("l1exits", "L1 exits", 8)
        {
            Worth = 65,
            Figure = static (to, row, _) =>
                L1Exits(row) is { } exits && exits.TryFormat(to, out int length, "0.0", CultureInfo.InvariantCulture)
                    ? length
                    : LiveText.Missing(to),
            Value = static (row, _) => L1Exits(row) ?? double.NaN,
        },
        new("l1time", "L1 time%", 8)
        {
            Worth = 55,
            Figure = static (to, row, _) => row.Rounds is { Timed: > 0 } rounds
                ? LiveText.Share(to, rounds.TotalNs - Math.Min(rounds.TotalNs, rounds.HandlingNs), rounds.TotalNs)
                : LiveText.Missing(to),
            Value = static (row, _) => row.Rounds is { Timed: > 0, TotalNs: > 0 } rounds
                ? 1 - ((double)rounds.HandlingNs / rounds.TotalNs)
                : double.NaN,
        },
        new("rounds", "rounds%", 7)
        {
            Worth = 75,
            Figure = static (to, row, frame) => LiveText.Share(to, row.Rounds?.TotalNs ?? 0, row.WallNs),
            Value = static (row, _) => row.Rounds?.TotalNs ?? 0,
        },
        RowColumns.Trend,
    ],
    "rounds", "reflected", "exits")
{
    /// <inheritdoc/>
    public override (SummaryScope Scope, LiveView View)? Drill(LiveFrame frame, int index)
    {
        GroupKey key = Row(index).Key;
        if (!frame.Source.Detail.WantQualifiers) return null;
        SummaryScope scope = Scope(frame) with { Code = key.Code };
        return (key.Vm < 0 ? scope : scope with { Vm = key.Vm }, LiveView.Qualifiers);
    }

    /// <inheritdoc/>
    protected override GroupBy By(LiveFrame frame) =>
        frame.State.Scope.Vm is null && frame.Source.Grouping >= Grouping.Vm ? GroupBy.Vm | GroupBy.Reason : GroupBy.Reason;

    /// <inheritdoc/>
    protected override SummaryScope Scope(LiveFrame frame) => frame.State.Scope with { Level = ExitLevel.L2 };

    /// <inheritdoc/>
    protected override string? WhyNone(LiveFrame frame) => frame.Source.Detail.WantNested
        ? LiveNeeds.AtThisTime(frame, frame.State.Scope.Vcpu is not null)
        : LiveNeeds.NotMeasured(frame, "what became of exits of L2, and their rounds,",
            "leave out --light, --reason, --exclude and --level", "record without --without nested");

    /// <inheritdoc/>
    protected override string? NoRows(LiveFrame frame) => "no VM made an exit of a nested guest (L2) in this time";

    /// <inheritdoc/>
    protected override bool DrawOwnPane(LiveFrame frame, SummaryRow row, int top)
    {
        if (row.Rounds is not { Timed: > 0 } rounds) return false;
        DetailPane.Title(frame, top, DetailPane.Name(frame, row.Key) + " (L2)");
        int half = Math.Min(48, frame.Grid.Columns / 2), height = frame.Grid.Rows - 2 - top;
        string[] lines =
        [
            $"reflected {ScaledText.Number(rounds.Reflected, 7)}, handled {ScaledText.Number(row.Handled, 7)}",
            string.Create(CultureInfo.InvariantCulture, $"a round: {Time(frame, rounds.AverageNs)}, {L1Exits(row) ?? 0:0.0} exits of L1"),
            $"p50 {Time(frame, rounds.Quantile(0.5))}  p99 {Time(frame, rounds.Quantile(0.99))}  max {Time(frame, rounds.LongestNs)}",
            $"handling of one exit: p99 {Time(frame, row.P99Ns)}",
        ];
        for (int i = 0; i < Math.Min(lines.Length, height); i++)
            LiveText.Left(frame.Grid, top + 1 + i, 1, half - 2, lines[i], CellTone.Plain, frame.Look);
        if (frame.Grid.Columns - half < LatencyBars.Least) return true;
        Span<ulong> counts = stackalloc ulong[64];
        (int rows, ulong low) = LatencyBars.Sum(rounds.Bins, counts);
        var place = new LivePlace(frame.Grid, top + 1, half, frame.Grid.Columns - half, CellTone.Plain);
        LatencyBars.Draw(frame, place, height, counts[..rows], low, "rounds until L2 ran again, from");
        return true;
    }

    private static LiveColumn<SummaryRow> PerSecond(string name, string header, int worth, Func<SummaryRow, ulong> of) =>
        new(name, header, header.Length)
        {
            Worth = worth,
            Figure = (to, row, frame) => LiveText.Rate(to, frame.PerSecond(of(row))),
            Value = (row, frame) => frame.PerSecond(of(row)),
        };

    private static double? L1Exits(SummaryRow row) => row.Rounds is { Timed: > 0 } rounds ? (double)rounds.L1Exits / rounds.Timed : null;

    private static string Time(LiveFrame frame, ulong? ns) => ns is { } value ? ScaledText.Time(value, frame.Look.Unicode) : "-";
}
