using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Text;

/// <summary>Reports for people, with a blank line between them.</summary>
internal sealed class TableReportWriter(ReportRequest request, ViewStyle style, TextWriter output) : IOutputWriter<Interval>
{
    private bool _isFirst = true;

    public void Write(in Interval interval)
    {
        if (!_isFirst) output.Write('\n');
        _isFirst = false;
        Report report = ReportBuilder.Build(interval, request);
        if (report.Rows.Count > 0 || report.Walls.Count > 0)
        {
            if (request.Split) new SplitView(report, style).Write(output);
            else if (request.Nested) NestedView.Write(output, report, style);
            else if (request.Kind == ReportKind.Hist) HistView.Write(output, report, style);
            else new ReportTable(report, style).Write(output);
        }
        FootNotes.Write(output, report, style);
        if (!request.Explain) return;
        foreach (string line in Advice.Of(report, style.Unicode)) FootNotes.WriteWrapped(output, line, RowTone.Plain, style);
    }
}
