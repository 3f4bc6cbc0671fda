using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Text;

/// <summary>
/// Reports for people, with a blank line between them. Rows and columns of the next one are where those of the last one were.
/// </summary>
internal sealed class TableReportWriter(ReportRequest request, Destination to) : IOutputWriter<Interval>
{
    private readonly RowPlaces _places = new(request.IdleApart);
    private readonly ShownColumns _shown = new();
    private IReadOnlyList<ReportRow>? _first;
    private bool _isFirst = true;

    public void Write(in Interval interval)
    {
        TextWriter output = to.Writer;
        // Asked for each time: the window may have another width now.
        ViewStyle style = to.Style;
        if (!_isFirst) output.Write('\n');
        Report report = ReportBuilder.Build(interval, request);
        report = report with { Rows = Arrange(report.Rows) };
        _isFirst = false;
        if (report.Rows.Count > 0 || report.Walls.Count > 0)
        {
            if (request.Split) new SplitView(report, _shown, style).Write(output);
            else if (request.Nested) NestedView.Write(output, report, _shown, style);
            else if (request.Kind == ReportKind.Hist) HistView.Write(output, report, style);
            else new ReportTable(report, _shown, style).Write(output);
        }
        FootNotes.Write(output, report, style);
        if (!request.Explain) return;
        if (!request.HasAllExits)
            FootNotes.WriteWrapped(output, "no advice: it needs all exits, without --reason, --exclude and --level", RowTone.Plain, style);
        foreach (string line in Advice.Of(report, style.Unicode)) FootNotes.WriteWrapped(output, line, RowTone.Plain, style);
    }

    // Most answers are the only one, so the first one's places are taken when there is a second.
    private IReadOnlyList<ReportRow> Arrange(IReadOnlyList<ReportRow> rows)
    {
        if (_isFirst) return _first = rows;
        if (_first is not null) _places.Arrange(_first);
        _first = null;
        return _places.Arrange(rows);
    }
}

/// <summary>Columns that were shown once stay in the tables that follow, so that they do not jump.</summary>
internal sealed class ShownColumns
{
    private readonly HashSet<string> _shown = [];

    /// <summary>Whether a column is shown.</summary>
    /// <param name="name">Its name, unique in the view.</param>
    /// <param name="hasContent">Whether this table has something to show in it.</param>
    internal bool Shows(string name, bool hasContent)
    {
        if (hasContent) _shown.Add(name);
        return hasContent || _shown.Contains(name);
    }
}
