using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Selections;
using Kvmscope.Exports;
using Kvmscope.Recordings;
using Kvmscope.Running;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope export</c>: recordings in the formats of other tools.</summary>
internal sealed class ExportCommand : ICommand
{
    private const int StatusOfInterrupt = 130;

    private readonly FilterOptions _filters = new(isLive: false);
    private readonly ExportOptions _options = new();

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("export", "FILE... --to FORMAT -o OUT [options]",
        "Write recordings as Parquet, Perfetto, OpenMetrics, CSV or JSON",
        "Writes what recordings hold in a format that other tools read: Parquet for DuckDB, ClickHouse, Spark or pandas; Perfetto for "
        + "ui.perfetto.dev; OpenMetrics to fill a Prometheus; CSV and JSON as 'report' writes them. Parquet takes recordings of many "
        + "hosts. Works on any machine and without root.",
        [
            new("kvmscope export run.kvmscope --to parquet -o run.parquet", "All rows: interval, vCPU, reason, level, qualifier."),
            new("kvmscope export fleet/*.kvmscope --to parquet --partition -o exits", "A data set of many hosts and days."),
            new("kvmscope export run.kvmscope --to parquet --table slow -o slow.parquet", "Its slow exits."),
            new("kvmscope export run.kvmscope --to perfetto -o run.pftrace", "To look at with ui.perfetto.dev."),
            new("kvmscope export run.kvmscope --to openmetrics -o run.om", "For 'promtool tsdb create-blocks-from openmetrics'."),
            new("kvmscope export run.kvmscope --to csv --from 14:05 --to 14:07 -o run.csv", "Two minutes of it."),
        ]);

    /// <inheritdoc/>
    public Argument<string[]> Words { get; } = new("FILE") { Arity = ArgumentArity.ZeroOrMore };

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [.. _options.Groups, _filters.Group];

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        if (invocation.Words.Count == 0)
            throw UsageError.Of("export needs a recording",
                "Give its file: kvmscope export FILE --to parquet -o OUT. 'kvmscope record' makes one.");
        ExportPlan plan = _options.Read(invocation.Result);
        Selection selection = _filters.Read(invocation.Result);
        RecordingFiles files = RecordingFiles.Find(invocation.Words, context.System);
        IReadOnlyList<ExportInput> inputs =
            RecordingSource.OpenHosts(files, context, plan.Window, source => InputOf(source, selection, plan));
        try
        {
            return Export(plan, inputs, context);
        }
        finally
        {
            foreach (ExportInput input in inputs) input.Source.Dispose();
        }
    }

    private static int Export(ExportPlan plan, IReadOnlyList<ExportInput> inputs, CommandContext context)
    {
        if (inputs.Count > 1 && plan.Format != ExportOptions.Parquet)
            throw UsageError.Of($"{plan.Format} does not say the host, and these are recordings of {inputs.Count}",
                "Give those of one host, or export with --to parquet.");
        using ITraceEnd end = context.TraceEnd();
        end.Listen();
        using var status = new WorkStatus(context);
        var walk = new ExportWalk(inputs, (done, all) =>
        {
            status.Say(done, all);
            return !end.Wait(TimeSpan.Zero);
        })
        {
            // Intervals and single exits.
            Passes = plan.HasBoth && inputs[0].Source.Recording.Header.SlowNs > 0 ? 2 : 1,
        };
        string written = Exporter(plan, context).Run(walk);
        status.Clear();
        foreach (string note in inputs.SelectMany(input => input.Source.Notes()).Distinct()) context.Say(note);
        if (!walk.IsInterrupted)
        {
            context.Status($"exported {written} to {plan.Output}");
            return (int)ExitStatus.Fine;
        }
        context.Say(plan.IsPartitioned
            ? $"interrupted: {written} are whole, and the rest is not there"
            : "interrupted: nothing was written");
        return StatusOfInterrupt;
    }

    private static IExporter Exporter(ExportPlan plan, CommandContext context) => plan.Format switch
    {
        ExportOptions.Parquet => new ParquetExport(plan, context),
        ExportOptions.Perfetto => new PerfettoExport(plan, context),
        ExportOptions.OpenMetrics => new OpenMetricsExport(plan, context),
        _ => new TextExport(plan, context),
    };

    private static ExportInput InputOf(RecordingSource source, Selection selection, ExportPlan plan)
    {
        RecordingSet recording = source.Recording;
        if (plan.Table == ExportPlan.Slow && recording.Header.SlowNs == 0)
            throw UsageError.Absent($"'{source.Path}' was made without --slower, so it has no slow exits", "Record with --slower TIME.");
        if (plan.Table == ExportPlan.Vcpus && !recording.Header.HasSplit)
            throw UsageError.Absent($"'{source.Path}' has no split of the wall clock", "Record without '--without split'.");
        var exits = new RecordedExits(recording, selection);
        exits.Resolve(source.Window.Range);
        return new ExportInput(source, exits, plan.Interval is { } text ? RecordedSteps.Parse(text, recording) : 1);
    }
}
