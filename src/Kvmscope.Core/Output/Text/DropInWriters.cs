using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Reports;

namespace Kvmscope.Core.Output.Text;

/// <summary>Answers in the drop-in layouts.</summary>
internal sealed class DropInAnswerWriter(ReportKind kind, TextWriter output) : IOutputWriter<Answer>
{
    private readonly ReportRequest _request = new() { Kind = kind, Command = kind.ToString(), Sort = SortKey.Code };

    public void Write(in Answer answer)
    {
        Report report = ReportBuilder.Build(answer, _request);
        if (kind == ReportKind.Hist) OctaveBars.WriteFull(output, report.Total.Total.Bins);
        else DropInTable.Write(output, report);
    }
}

/// <summary>Slow exits in the drop-in layout: number, name, nanoseconds, level.</summary>
internal sealed class DropInSlowExitWriter(TextWriter output) : IOutputWriter<SlowExit>
{
    public void Write(in SlowExit exit)
    {
        string level = exit.Level == ExitLevel.L2 ? "L2" : "L1";
        output.Write($"{DropInTable.Number(exit.Code),3} {ExitReasons.SeedName(exit.Code),-18} {exit.DurationNs,8} ({level})\n");
    }
}
