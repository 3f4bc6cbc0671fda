using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Charts;
using Kvmscope.Core.Output.Csv;
using Kvmscope.Core.Output.Json;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Rules;
using Kvmscope.Core.Sources;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Output;

/// <summary>
/// What writes each kind of output in each format: a new format has its name in <see cref="OutputFormats"/> and its lines here, a new kind
/// of output has its table here.
/// </summary>
public static class OutputKinds
{
    /// <summary>Reports of count, time and hist, one after another.</summary>
    public static OutputKind<Func<Destination, ReportRequest, IOutputWriter<Interval>>> Reports { get; } = new(
        (OutputFormat.Table, static (to, request) => request.OfReturns
            ? new TextVmmWriter(request, to)
            : new TableReportWriter(request, to)),
        (OutputFormat.Json, static (to, request) =>
            request.OfReturns ? new JsonVmmWriter(request, to.Writer) : new JsonReportWriter(request, to.Writer)),
        (OutputFormat.Csv, static (to, request) =>
            request.OfReturns ? new CsvVmmWriter(request, to.Writer) : new CsvReportWriter(request, to.Writer)));

    /// <summary>Slow exits as they happen.</summary>
    public static OutputKind<Func<Destination, SlowExitRequest, IOutputWriter<SlowExit>>> SlowExits { get; } = new(
        (OutputFormat.Table, static (to, request) => new TextSlowExitWriter(to, request)),
        (OutputFormat.Json, static (to, _) => new JsonSlowExitWriter(to.Writer)),
        (OutputFormat.Csv, static (to, _) => new CsvSlowExitWriter(to.Writer)));

    /// <summary>
    /// What was lost while slow exits were written, among them: of a second in which something was lost, or of the whole trace at its
    /// end.
    /// </summary>
    public static OutputKind<Action<Destination, Interval, bool>> SlowLosses { get; } = new(
        (OutputFormat.Json, static (to, interval, isSum) => JsonSlowLosses.Write(to.Writer, interval, isSum)));

    /// <summary>The last exits of vCPUs.</summary>
    public static OutputKind<Func<Destination, IOutputWriter<VcpuHistory>>> Histories { get; } = new(
        (OutputFormat.Table, static to => new TextHistoryWriter(to)),
        (OutputFormat.Json, static to => new JsonHistoryWriter(to.Writer)),
        (OutputFormat.Csv, static to => new CsvHistoryWriter(to.Writer)));

    /// <summary>Two sides, group by group.</summary>
    public static OutputKind<Action<Destination, Comparison>> Comparisons { get; } = new(
        (OutputFormat.Table, static (to, comparison) => ComparisonView.Write(to.Writer, comparison, to.Style)),
        (OutputFormat.Json, static (to, comparison) => new JsonComparisonWriter(to.Writer).Write(comparison)),
        (OutputFormat.Csv, static (to, comparison) => new CsvComparisonWriter(to.Writer).Write(comparison)));

    /// <summary>The results of rules.</summary>
    public static OutputKind<Func<Destination, IOutputWriter<IReadOnlyList<RuleResult>>>> RuleResults { get; } = new(
        (OutputFormat.Table, static to => new RuleView(to)),
        (OutputFormat.Json, static to => new JsonRuleWriter(to.Writer)),
        (OutputFormat.Csv, static to => new CsvRuleWriter(to.Writer)));

    /// <summary>Exits over time.</summary>
    public static OutputKind<Action<Destination, Timeline>> Timelines { get; } = new(
        (OutputFormat.Table, static (to, timeline) => TimelineView.Write(to.Writer, timeline, to.Style)),
        (OutputFormat.Svg, static (to, timeline) => HeatMap.WriteSvg(to.Writer, timeline)),
        (OutputFormat.Png, static (to, timeline) => HeatMap.WritePng(to.Bytes!, timeline)),
        (OutputFormat.Html, static (to, timeline) => HeatMap.WriteHtml(to.Writer, timeline)));

    /// <summary>The VMs of a host.</summary>
    public static OutputKind<Action<Destination, MachineList>> Machines { get; } = new(
        (OutputFormat.Table, static (to, list) => MachineTable.Write(to, list.Machines)),
        (OutputFormat.Json, static (to, list) => JsonMachines.Write(to.Writer, list)),
        (OutputFormat.Csv, static (to, list) => CsvMachines.Write(to.Writer, list.Machines)));

    /// <summary>What a host can do.</summary>
    public static OutputKind<Action<Destination, IReadOnlyList<HostCheck>>> Checks { get; } = new(
        (OutputFormat.Table, CheckTable.Write),
        (OutputFormat.Json, static (to, checks) => JsonChecks.Write(to.Writer, checks)));

    /// <summary>What the built-in guest did, next to what was seen.</summary>
    public static OutputKind<Action<Destination, DemoComparison>> Demo { get; } = new(
        (OutputFormat.Table, DemoView.Write),
        (OutputFormat.Json, static (to, demo) => JsonDemo.Write(to.Writer, demo)));

    /// <summary>Explanations of exit reasons and parts of the wall clock.</summary>
    public static OutputKind<Action<Destination, Explanation>> Explanations { get; } = new(
        (OutputFormat.Table, ExplanationText.Write),
        (OutputFormat.Json, static (to, explanation) => JsonExplanation.Write(to.Writer, explanation)));

    /// <summary>A writer of the drop-in layouts of kvm_vmexit_count, kvm_vmexit_time or kvm_vmexit_time_hist.</summary>
    public static IOutputWriter<Interval> DropInReports(ReportKind kind, TextWriter output) => new DropInReportWriter(kind, output);

    /// <summary>A writer of the drop-in layout of kvm_vmexit_slower.</summary>
    public static IOutputWriter<SlowExit> DropInSlowExits(TextWriter output) => new DropInSlowExitWriter(output);
}

/// <summary>One kind of output: what writes it, by format.</summary>
/// <typeparam name="TWrite">Writes it, or makes the writer.</typeparam>
public sealed class OutputKind<TWrite>
    where TWrite : Delegate
{
    private readonly (OutputFormat Format, TWrite Write)[] _writers;

    internal OutputKind(params (OutputFormat Format, TWrite Write)[] writers) => _writers = writers;

    /// <summary>Its formats.</summary>
    public IEnumerable<OutputFormat> Formats => _writers.Select(w => w.Format);

    /// <summary>What writes it in that format.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not have this format.</exception>
    public TWrite In(OutputFormat format)
    {
        foreach ((OutputFormat of, TWrite write) in _writers)
            if (of == format) return write;
        throw new ArgumentOutOfRangeException(nameof(format));
    }
}

/// <summary>Writes values of one kind, one after another, to one output.</summary>
/// <typeparam name="T">The kind.</typeparam>
public interface IOutputWriter<T>
{
    /// <summary>Writes one value. It does not flush: the owner of the output does.</summary>
    /// <exception cref="IOException">The output cannot be written.</exception>
    void Write(in T value);
}
