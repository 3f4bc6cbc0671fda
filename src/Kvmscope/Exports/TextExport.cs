using System.Globalization;
using System.Text;
using Kvmscope.CommandLine;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Recordings;
using Kvmscope.Recordings;
using Kvmscope.Terminal;

namespace Kvmscope.Exports;

/// <summary>Writes CSV and JSON, as <c>report</c> does: all that a recording keeps apart, one answer per interval.</summary>
internal sealed class TextExport(ExportPlan plan, CommandContext context) : IExporter
{
    private static readonly ViewStyle s_style = new();

    /// <inheritdoc/>
    public string Run(ExportWalk walk)
    {
        ExportInput input = walk.Inputs[0];
        RecordingHeader header = input.Source.Recording.Header;
        using ExportFile? file = plan.IsStandardOutput ? null
            : ExportFile.Create(context.System, plan.Output, header.HasRips || plan.Table == ExportPlan.Slow);
        using StreamWriter? writer = file is null ? null : new StreamWriter(file.Bytes, new UTF8Encoding(false), leaveOpen: true);
        var to = new Destination(writer ?? context.Out, s_style);
        OutputFormat format = plan.Format == ExportOptions.Csv ? OutputFormat.Csv : OutputFormat.Json;
        long count = plan.Table == ExportPlan.Slow ? WriteSlow(walk, to, format) : WriteIntervals(walk, to, format, input);
        to.Writer.Flush();
        if (!walk.IsInterrupted) file?.Complete();
        return string.Create(CultureInfo.InvariantCulture, $"{count} {(plan.Table == ExportPlan.Slow ? "slow exits" : "intervals")}");
    }

    private static long WriteIntervals(ExportWalk walk, Destination to, OutputFormat format, ExportInput input)
    {
        IOutputWriter<Interval> writer = OutputKinds.Reports.In(format)(to, Request(input));
        long count = 0;
        foreach ((_, Interval interval) in walk.Intervals())
        {
            writer.Write(interval);
            count++;
        }
        return count;
    }

    private static long WriteSlow(ExportWalk walk, Destination to, OutputFormat format)
    {
        IOutputWriter<SlowExit> writer = OutputKinds.SlowExits.In(format)(to, new SlowExitRequest(true) { IsRecorded = true });
        long count = 0;
        foreach ((_, SlowExit exit, _) in walk.Slow())
        {
            writer.Write(exit);
            count++;
        }
        return count;
    }

    // All that the recording keeps apart.
    private static ReportRequest Request(ExportInput input)
    {
        RecordingHeader header = input.Source.Recording.Header;
        GroupBy by = GroupBy.Reason | GroupBy.Level;
        if (header.Grouping >= Grouping.Vm) by |= GroupBy.Vm;
        if (header.Grouping >= Grouping.Vcpu) by |= GroupBy.Vcpu;
        if (header.HasQualifiers) by |= GroupBy.Qualifier;
        if (header.PageShift is not null) by |= GroupBy.Page;
        if (header.HasRips) by |= GroupBy.Rip;
        var request = new ReportRequest
        {
            Kind = header.HasTime ? ReportKind.Time : ReportKind.Count,
            Command = header.HasTime ? "time" : "count",
            By = by,
            Split = header.HasSplit,
            Top = int.MaxValue,
            HasAllExits = input.Exits.HasAll,
        };
        return RecordedRequest.Fit(request, header, input.Exits);
    }
}
