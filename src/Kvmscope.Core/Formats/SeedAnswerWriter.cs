using Kvmscope.Core.Model;
using Kvmscope.Core.Reports;
using Kvmscope.Core.Views;

namespace Kvmscope.Core.Formats;

/// <summary>Answers in the drop-in layouts.</summary>
internal sealed class SeedAnswerWriter(ReportKind kind, TextWriter output) : IAnswerWriter
{
    private readonly ReportRequest _request = new() { Kind = kind, Command = kind.ToString(), Sort = SortKey.Code };

    public void Write(Interval answer)
    {
        Report report = ReportBuilder.Build(answer, _request);
        if (kind == ReportKind.Hist) OctaveBars.WriteFull(output, report.Total.Total.Bins.ToArray());
        else SeedTable.Write(output, report);
    }
}
