using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope demo</c>: traces the built-in guest and compares what it did with what was seen.</summary>
internal sealed class DemoCommand : ICommand
{
    private const string CheckHint = "'kvmscope check' shows what this host can do.";

    private readonly Option<bool> _nested =
        OptionFactory.Switch("--nested", "Also run a guest of the guest, so that L2 has exits of its own.");
    private readonly OutputOptions _output = new(OutputKinds.Demo.Formats);

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("demo", "[options]", "A built-in guest with known exits, traced and compared",
        "Runs a small built-in guest that makes a known number of exits of known reasons (CPUID, port I/O, MMIO, MSR accesses, HLT), "
        + "traces it, prints the same table as 'kvmscope time', and compares each count with what the guest did. "
        + "Exits that the host causes, such as interrupts, are listed and not compared. Exit status 0 only if all counts are equal.",
        [
            new("kvmscope demo", "Does tracing work here, and are its counts right?"),
            new("kvmscope demo --nested", "The same with L2 exits."),
        ]);

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [new OptionGroup("Guest", [_nested]), _output.Group];

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        OutputPlan plan = _output.Read(invocation.Result);
        bool nested = invocation.Result.Has(_nested);
        IDemoGuest guest = context.DemoGuest();
        if (guest.WhyNot is { } why)
            throw new KvmscopeException(ExitStatus.HostUnsupported, $"the built-in guest cannot run here: {why}", CheckHint);
        if (nested && guest.WhyNotNested is { } whyNested)
            throw new KvmscopeException(ExitStatus.HostUnsupported, $"a nested guest cannot run here: {whyNested}",
                "Leave --nested out, or load the vendor module with nested=1.");
        using OutputTarget target = OutputTarget.Open(plan, context);
        DemoComparison demo = Trace(guest, nested, context);
        target.Begin();
        OutputKinds.Demo.In(plan.Format)(target.To, demo);
        target.Writer.Flush();
        return (int)(demo.IsEqual ? ExitStatus.Fine : ExitStatus.Failed);
    }

    private DemoComparison Trace(IDemoGuest guest, bool nested, CommandContext context)
    {
        using ITraceSession session = context.Host().Trace(new TraceOptions { Filter = new ExitFilter { Pids = [context.ProcessId] } });
        var clock = new TraceClock(context.Clock);
        context.Status("Running the built-in guest...");
        IReadOnlyList<ExpectedExits> expected = guest.Run(nested);
        Interval interval = Sampler.ReadOnce(session, clock, Grouping.Host);
        if (interval.Rows.Count == 0)
            throw new KvmscopeException(ExitStatus.HostUnsupported,
                "the built-in guest ran, but this host's KVM never fired kvm_exit, so no exit can be traced",
                "KVM must run guests through kvm_intel or kvm_amd of a Linux kernel with tracepoints; " + CheckHint);
        return DemoComparison.Of(expected, interval, nested);
    }
}
