using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Model;

namespace Kvmscope.Live.Views;

/// <summary>Pages of the guest's memory that exits are about, or the guest's instructions: each as far as it was asked for.</summary>
internal sealed class PlacesView() : SummaryRows(
    [
        RowColumns.Vm, RowColumns.Reason,
        Address("page", "Page", static row => row.Key.Place?.Page ?? default) with { If = static frame => IsOfPages(frame) },
        Address("rip", "Instruction", static row => row.Key.Place?.Rip ?? default) with { If = static frame => !IsOfPages(frame) },
        RowColumns.Exits, RowColumns.Busy, RowColumns.Average, RowColumns.P50, RowColumns.P99, RowColumns.Max, RowColumns.Trend,
    ],
    "busy", "exits")
{
    /// <inheritdoc/>
    protected override GroupBy By(LiveFrame frame)
    {
        GroupBy by = GroupBy.Reason | (IsOfPages(frame) ? GroupBy.Page : GroupBy.Rip);
        // An address means something in one guest only.
        return frame.State.Scope.Vm is null && frame.Source.Grouping >= Grouping.Vm ? by | GroupBy.Vm : by;
    }

    /// <inheritdoc/>
    protected override string? WhyNone(LiveFrame frame)
    {
        ExitParts kept = frame.Source.Detail.Parts;
        if ((kept & (ExitParts.Page | ExitParts.Rip)) == 0)
        {
            return LiveNeeds.NotMeasured(frame, "pages and instructions of the guests", "start with --with page, --with rip or both",
                "record --with page, --with rip or both");
        }
        if (frame.State.Transposed && (kept & (ExitParts.Page | ExitParts.Rip)) is ExitParts.Page or ExitParts.Rip)
            return $"only {(kept.HasFlag(ExitParts.Page) ? "pages" : "instructions")} are kept apart: t shows them";
        return LiveNeeds.AtThisTime(frame, frame.State.Scope.Vcpu is not null, IsOfPages(frame) ? ExitParts.Page : ExitParts.Rip);
    }

    /// <inheritdoc/>
    protected override bool Wants(SummaryRow row) => row.Key.Place is not null;

    /// <inheritdoc/>
    protected override string Title(LiveFrame frame) => IsOfPages(frame) ? "pages" : "instructions";

    // Where both are kept, pages are first and instructions the other side.
    private static bool IsOfPages(LiveFrame frame) => frame.Source.Detail.PageShift is not null && !frame.State.Transposed;

    private static LiveColumn<SummaryRow> Address(string name, string header, Func<SummaryRow, Qualifier> of) => new(name, header, 12)
    {
        Room = static _ => 18,
        Text = (row, frame) => frame.Names.Address(of(row)),
    };
}
