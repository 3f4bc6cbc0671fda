using Kvmscope.CommandLine;
using Kvmscope.Core.Sources;
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

    /// <summary>What is wanted of them; its filters are those of <see cref="Filters"/>.</summary>
    public TraceOptions Detail { get; init; } = new();

    /// <summary>Told when the trace began, as long as privileges are those of the start.</summary>
    public Action<DateTimeOffset>? Began { get; init; }

    /// <summary>Whether files are made while it runs.</summary>
    public bool MakesFiles { get; init; }

    /// <summary>Runs it.</summary>
    /// <param name="context">The world.</param>
    /// <param name="announce">Says that tracing has started.</param>
    /// <param name="body">Reads the trace until it ends, and writes.</param>
    /// <returns>The status to leave with.</returns>
    /// <exception cref="Core.KvmscopeException">Any anticipated error.</exception>
    public int Run(CommandContext context, Action<OutputTarget> announce, Action<RunningTrace> body)
    {
        IHost host = context.Host();
        TraceOptions filters = FilterResolver.Resolve(Filters, host, startsCommand: Plan.Command is not null);
        TraceOptions options = Detail with
        {
            Pids = filters.Pids,
            VcpuIds = filters.VcpuIds,
            Reasons = filters.Reasons,
            ExcludedReasons = filters.ExcludedReasons,
            Level = filters.Level,
            MaxVcpus = filters.MaxVcpus,
        };
        using OutputTarget target = OutputTarget.Open(Output, context);
        using ITraceEnd end = context.TraceEnd();
        using ITraceSession session = FilterResolver.Attach(host, options);
        var clock = new TraceClock(context.Clock, session.SinceNs);
        Began?.Invoke(clock.Started);
        target.Begin();
        announce(target);
        if (Plan.Command is { } command) end.Start(command);
        host.DropPrivileges(MakesFiles);
        body(new RunningTrace(new Sampler(session, clock), Plan, end, clock, target));
        target.Writer.Flush();
        return end.Status;
    }
}
