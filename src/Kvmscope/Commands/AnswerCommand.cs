using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;
using Kvmscope.Running;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary>What count, time and hist have in common: they print an answer from the counters once, or at each interval.</summary>
/// <param name="kind">The kind of report.</param>
internal abstract class AnswerCommand(ReportKind kind) : ICommand
{
    private readonly FilterOptions _filters = new();
    private readonly RunOptions _run = new(withInterval: true);
    private readonly ReportOptions _report = new(kind);
    private readonly OutputOptions _output = new(OutputKinds.Reports.Formats);

    /// <inheritdoc/>
    public abstract CommandHelp Help { get; }

    /// <inheritdoc/>
    public virtual Argument<string?> Argument { get; } = new(RunOptions.TimeName) { Arity = ArgumentArity.ZeroOrOne };

    /// <inheritdoc/>
    public bool StartsCommand => true;

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [_filters.Group, _run.Group, _report.Group, _output.Group];

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        bool isTime = Argument.Name == RunOptions.TimeName;
        Selection selection = _filters.Read(invocation.Result, isTime ? null : invocation.Argument);
        ReportRequest report = _report.Read(invocation.Result, Help.Name, selection);
        RunPlan plan = _run.Read(invocation.Result, invocation.Started, isTime ? invocation.Argument : null);
        OutputPlan output = _output.Read(invocation.Result) with { IsPrivate = report.By.HasFlag(GroupBy.Rip) };
        var job = new TraceJob
        {
            Selection = selection,
            MaxVcpus = _filters.MaxVcpus(invocation.Result),
            Plan = plan,
            Output = output,
            Detail = new TraceOptions
            {
                WantTime = kind != ReportKind.Count && !report.OfReturns,
                WantReturns = report.OfReturns,
                WantSplit = report.Split || report.NeedsAll,
                WantQualifiers = report.Parts.HasFlag(ExitParts.Qualifier),
                PageShift = report.By.HasFlag(GroupBy.Page) ? report.PageShift ?? PageSizes.DefaultShift : null,
                WantRips = report.By.HasFlag(GroupBy.Rip),
                WantNested = report.Nested || report.NeedsAll,
                Finest = selection.FinestFor(report.Grouping),
            },
        };
        return job.Run(context, _ => StatusLines.Announce(context, plan), trace =>
        {
            IOutputWriter<Interval> writer = OutputKinds.Reports.In(output.Format)(trace.Target.To, report);
            trace.Sample(report.Grouping, interval =>
            {
                StatusLines.AfterInterrupt(context, trace.End);
                writer.Write(interval);
                trace.Target.Writer.Flush();
            });
        });
    }
}
