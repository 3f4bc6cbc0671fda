using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;
using Kvmscope.Terminal;

namespace Kvmscope.Running;

/// <summary>
/// A trace from start to end, as every tracing command runs it: checks first, then the output, then the kernel, then the command.
/// </summary>
internal sealed record TraceJob
{
    /// <summary>Which exits.</summary>
    public required Selection Selection { get; init; }

    /// <summary>How many vCPUs can be traced at once; null to size it from the host.</summary>
    public required int? MaxVcpus { get; init; }

    /// <summary>How long to trace, and which command to start.</summary>
    public required RunPlan Plan { get; init; }

    /// <summary>Where the answer goes.</summary>
    public required OutputPlan Output { get; init; }

    /// <summary>What is measured for each exit.</summary>
    public TraceOptions Detail { get; init; } = new();

    /// <summary>Called with the start time of the trace, before privileges are dropped.</summary>
    public Action<DateTimeOffset>? Began { get; init; }

    /// <summary>Whether slow exits wake the sampler (<see cref="Sampler.IsWokenBySlow"/>).</summary>
    public bool IsWokenBySlow { get; init; } = true;

    /// <summary>Whether files are created while it runs.</summary>
    public bool MakesFiles { get; init; }

    /// <summary>Runs it.</summary>
    /// <param name="context">Everything outside the program.</param>
    /// <param name="announce">Says that tracing has started, and can be ended.</param>
    /// <param name="body">Reads the trace until it ends, and writes.</param>
    /// <returns>The exit status.</returns>
    /// <exception cref="KvmscopeException">Any anticipated error.</exception>
    public int Run(CommandContext context, Action<OutputTarget> announce, Action<RunningTrace> body)
    {
        IHost host = context.Host();
        (ExitFilter filter, VmFilter? within) = FilterResolver.Resolve(Selection, host, startsCommand: Plan.Command is not null);
        TraceOptions options = Detail with { Filter = filter, MaxVcpus = MaxVcpus };
        if (within is not null && options.Finest < Grouping.Vm)
            throw UsageError.Of("--vm asks for one of several VMs of a process, and --by host keeps none apart",
                "Record with --by vm, or all VMs of the process: --vm PID");
        using OutputTarget target = OutputTarget.Open(Output, context);
        using ITraceEnd end = context.TraceEnd();
        using ITraceSession session = Attach(host, options, within);
        var clock = new TraceClock(context.Clock, session.SinceNs);
        Began?.Invoke(clock.Started);
        target.Begin();
        if (session.Remark is { } remark) context.Say(remark);
        SayPatterns(context, host, filter);
        if (Plan.Command is { } command) end.Start(command);
        if (host.DropPrivileges(MakesFiles, keepSignals: Plan.Command is not null) is { } held) Complain(held, context, end);
        // Only now: it starts threads, and threads have the privileges of the one that starts them.
        end.Listen();
        // Ctrl-C that comes before would end the program without an answer.
        announce(target);
        body(new RunningTrace(new Sampler(session, clock) { IsWokenBySlow = IsWokenBySlow }, Plan, end, clock, target));
        target.Writer.Flush();
        return end.Status;
    }

    // The kernel side filters by process, so a pattern means those that there are now.
    private void SayPatterns(CommandContext context, IHost host, ExitFilter filter)
    {
        string[] patterns = [.. Selection.Vms.Where(Glob.IsPattern)];
        if (patterns.Length == 0 || !context.ErrorIsTerminal) return;
        string[] names = [.. host.Machines().Where(m => filter.Pids.Contains(m.Pid)).Select(m => $"{m.Name} ({m.Pid})")];
        string typed = ForeignText.Clean(string.Join("', '", patterns));
        context.Status($"'{typed}' is {WordList.Some(names)}: VMs that start later are not traced.");
    }

    private void Complain(string held, CommandContext context, ITraceEnd end)
    {
        const string hint =
            "To drop them it must be able to change its user (CAP_SETUID, CAP_SETGID, and that user in its user namespace).";
        if (!Plan.RequiresDrop)
        {
            context.Say($"privileges were not dropped: {held}");
            return;
        }
        end.StopCommand();
        throw new KvmscopeException(ExitStatus.NotPermitted, $"privileges cannot be dropped: {held}", hint);
    }

    // If the ISA is not known, the kernel cannot filter by reason: such a trace is refused even if the host would attach.
    private static ITraceSession Attach(IHost host, TraceOptions options, VmFilter? within)
    {
        ITraceSession session = host.Trace(options);
        if (host.Isa != Isa.None || (options.Filter.Codes.IsEmpty && options.Filter.ExcludedCodes.IsEmpty))
            return within is null ? session : new NarrowedSession(session, within);
        session.Dispose();
        throw new KvmscopeException(ExitStatus.HostUnsupported,
            "exit reasons cannot be filtered: it is not known whether this host is "
            + WordList.Or([.. IsaInfo.All.Select(isa => isa.DisplayName)]),
            "Trace all reasons, or see 'kvmscope check'.");
    }
}

/// <summary>A running trace, as its command sees it.</summary>
/// <param name="Sampler">The only reader of the trace.</param>
/// <param name="Plan">When it stops and how often it gives an answer.</param>
/// <param name="End">What ends the trace.</param>
/// <param name="Clock">The time since it started.</param>
/// <param name="Target">Where the answer goes.</param>
internal sealed record RunningTrace(Sampler Sampler, RunPlan Plan, ITraceEnd End, TraceClock Clock, OutputTarget Target)
{
    /// <summary>Samples until the trace ends.</summary>
    public void Sample(Sink sink)
    {
        Sampler.Add(sink);
        Sampler.Run(End.Wait, Plan.Duration);
    }

    /// <summary>Samples until the trace ends: one interval for all of it, or one for each of the plan's.</summary>
    /// <param name="grouping">How fine vCPUs are kept apart.</param>
    /// <param name="take">Takes each interval as it comes.</param>
    public void Sample(Grouping grouping, Action<Interval> take) => Sample(new Sink(grouping, interval =>
    {
        take(interval);
        return true;
    })
    { Step = Plan.Interval });
}
