using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;
using Kvmscope.Running;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope slower</c>: exits over a threshold, as they happen.</summary>
internal sealed class SlowerCommand : ICommand
{
    private readonly FilterOptions _filters = new();
    private readonly RunOptions _run = new(withInterval: false);
    private readonly OutputOptions _output = new(OutputKinds.SlowExits.Formats);
    private readonly Option<bool> _verbose = OptionFactory.Switch("--verbose",
        "Below each exit: its qualifier, the guest's instruction pointer, the CPUs, and where the time went.");
    private readonly Option<bool> _who = OptionFactory.Switch("--who",
        "Which task had the CPU while the vCPU's thread waited for it; implies --verbose. Traces every task switch of the host.");
    private readonly Option<string> _part = OptionFactory.Value("--part", "PART",
        "Compare THRESHOLD with this part of the handling time: kvm, vmm, runq, halt, poll or sleep.").Of(Threshold.Parts);

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("slower", "[THRESHOLD] [options] [-- COMMAND ...]",
        "Exits slower than a threshold, as they happen",
        "Prints one line for each exit whose handling took at least THRESHOLD: time of day, VM, vCPU, level, reason, duration. "
        + "THRESHOLD is 500ns, 50us, 2ms, 1s; a bare number is ms; the default is 10ms. Threshold and filters are applied in the kernel. "
        + "Idle exits are slow by nature: leave them out with --exclude HLT.",
        [
            new("kvmscope slower --exclude HLT", "Exits of 10 ms and more that are not halts."),
            new("kvmscope slower 50us --vm rt1 --vcpu 2,3", "The real-time vCPUs of one VM."),
            new("kvmscope slower 200us --part runq --who", "Waits for a CPU, and who had it."),
            new("kvmscope slower 1 --format json -o slow.json --duration 1h", "An hour of them, one JSON object per line."),
        ]);

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups =>
        [_filters.Group, _run.Group, new OptionGroup("Detail", [_verbose, _part, _who]), _output.Group];

    /// <inheritdoc/>
    public Argument<string?> Argument { get; } = new("THRESHOLD") { Arity = ArgumentArity.ZeroOrOne };

    /// <inheritdoc/>
    public bool StartsCommand => true;

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        RunPlan plan = _run.Read(invocation.Result, invocation.Started);
        OutputPlan output = _output.Read(invocation.Result) with { IsPrivate = true };
        Selection selection = _filters.Read(invocation.Result);
        var job = new TraceJob
        {
            Selection = selection,
            MaxVcpus = _filters.MaxVcpus(invocation.Result),
            Plan = plan,
            Output = output,
            Detail = Detail(invocation, output) with { Finest = selection.FinestFor(Grouping.Host) },
        };
        return job.Run(context, _ => StatusLines.Announce(context, plan), trace =>
        {
            IOutputWriter<SlowExit> writer = OutputKinds.SlowExits.In(output.Format)(trace.Target.To,
                new SlowExitRequest(IsVerbose(invocation)) { Known = [.. context.Host().Machines().SelectMany(m => m.Vms)] });
            new SlowSink(writer, trace.Target.Writer, context.Error) { WriteLosses = WriteLosses(output.Format, trace.Target.To) }
                .Run(trace);
            StatusLines.AfterInterrupt(context, trace.End);
        });
    }

    /// <summary>Writes what was lost among slow exits, in formats that have it.</summary>
    internal static Action<Interval, bool>? WriteLosses(OutputFormat format, Destination to) =>
        !OutputKinds.SlowLosses.Formats.Contains(format) ? null
            : (interval, isSum) => OutputKinds.SlowLosses.In(format)(to, interval, isSum);

    private bool IsVerbose(Invocation invocation) => invocation.Result.Has(_verbose) || invocation.Result.Has(_who);

    // Without details the cost for the guests is lowest; machine formats always have all details.
    private TraceOptions Detail(Invocation invocation, OutputPlan output)
    {
        bool isWhole = IsVerbose(invocation) || output.Format != OutputFormat.Table;
        TimePart? part = invocation.Result.Text(_part) is { } text ? Threshold.ParsePart(text) : null;
        return new TraceOptions
        {
            SlowNs = Threshold.Parse(invocation.Argument),
            SlowPart = part,
            WantSplit = isWhole || part is not null,
            WantQualifiers = isWhole,
            WantWho = invocation.Result.Has(_who),
        };
    }
}
