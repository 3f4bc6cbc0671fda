using Kvmscope.CommandLine;
using Kvmscope.Core.Tracing;
using Kvmscope.Terminal;

namespace Kvmscope.Running;

/// <summary>A trace from start to end, as every tracing command runs it: checks first, then the output, then the kernel, then the command.</summary>
internal sealed record TraceJob
{
    /// <summary>Which exits.</summary>
    public required FilterRequest Filters { get; init; }

    /// <summary>How long, and around which command.</summary>
    public required RunPlan Plan { get; init; }

    /// <summary>Where the answer goes.</summary>
    public required OutputPlan Output { get; init; }

    /// <summary>Whether handling times are measured.</summary>
    public bool WantTime { get; init; } = true;

    /// <summary>The threshold for events in ns; 0 for none.</summary>
    public ulong SlowNs { get; init; }

    /// <summary>Runs it.</summary>
    /// <param name="context">The world.</param>
    /// <param name="announce">Says that tracing has started.</param>
    /// <param name="body">Reads the trace until it ends, and writes.</param>
    /// <returns>The status to leave with.</returns>
    /// <exception cref="Core.KvmscopeException">Any anticipated error.</exception>
    public int Run(CommandContext context, Action<OutputTarget> announce, Action<RunningTrace> body)
    {
        IHost host = context.Host();
        TraceOptions options = FilterResolver.Resolve(Filters, host, Plan.Command is not null) with { WantTime = WantTime, SlowNs = SlowNs };
        using OutputTarget target = OutputTarget.Open(Output, context);
        using ITraceEnd end = context.TraceEnd();
        using ITraceSession session = FilterResolver.Attach(host, options);
        var clock = new TraceClock(context.Clock);
        target.Begin();
        announce(target);
        if (Plan.Command is { } command) end.Start(command);
        body(new RunningTrace(session, end, clock, target));
        target.Writer.Flush();
        return end.Status;
    }
}
