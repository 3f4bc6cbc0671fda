using System.Globalization;
using Kvmscope.CommandLine;
using Kvmscope.Core.Output;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;
using Kvmscope.Recordings;
using Kvmscope.Running;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope record</c>: writes what is measured to a file, interval by interval.</summary>
internal sealed class RecordCommand : ICommand
{
    private readonly FilterOptions _filters = new();
    private readonly RunOptions _run = new(withInterval: false);
    private readonly RecordOptions _record = new();

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("record", "[options] [-- COMMAND ...]",
        "Keep what is measured in a file, for report, diff and assert",
        "Records the counters of each interval: all that count, time, hist, --split, --by qualifier and --nested show. "
        + "'kvmscope report FILE' shows any of it later, on any machine. If the recorder is killed or the host loses power, "
        + "at most the interval that was being written is lost. On a terminal a line shows the progress; elsewhere nothing is printed.",
        [
            new("kvmscope record --duration 1m -o before.kvmscope", "A minute of all VMs."),
            new("kvmscope record --slower 1ms --vm web1 -- ./load-test", "One VM while a test runs, and its slow exits one by one."),
            new("kvmscope record --with page,rip --vm web1 --duration 10s", "Also which pages and instructions of the guest."),
            new("kvmscope record --slower 200us --part runq --who -o waits.kvmscope", "Waits for a CPU, and who had it."),
            new("kvmscope record --with vmm --duration 1m", "Also returns to the VMM, for 'report FILE --by vmm'."),
            new("kvmscope record --by vm --without qualifiers --rotate 1h --keep 24 -o /var/lib/kvmscope/host.kvmscope",
                "Always on: the last day, one hour per file."),
        ]);

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [_filters.Group, _run.Group, _record.Group];

    /// <inheritdoc/>
    public bool StartsCommand => true;

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        Selection selection = _filters.Read(invocation.Result);
        RunPlan run = _run.Read(invocation.Result, invocation.Started);
        IHost host = context.Host();
        HostIdentity identity = host.Identity();
        RecordPlan plan = _record.Read(invocation.Result, () => DefaultName(identity.Name, context.Clock.GetLocalNow()));
        TraceOptions detail = _record.Detail(invocation.Result, selection.HasAllExits, plan.Grouping);
        RecordingHeader header = RecordingHeaders.Of(identity, host, plan.Interval, plan.Grouping, detail, selection);
        using IServiceManager? manager = context.System.ServiceManager();
        CheckWatchdog(manager, plan);
        using var tape = new RecordTape(context.System, plan, () => header, context.Say, context.Clock.LocalTimeZone);
        tape.Open(context.Clock.GetLocalNow());
        var job = new TraceJob
        {
            Selection = selection,
            MaxVcpus = _filters.MaxVcpus(invocation.Result),
            Plan = run,
            Output = new OutputPlan(OutputFormat.Table, null, ColorWhen.Never),
            Detail = detail,
            Began = tape.NameAfter,
            MakesFiles = plan.Rotate is not null,
        };
        return job.Run(context, _ => StatusLines.Announce(context, run), trace =>
        {
            var status = new RecordStatus(context);
            tape.Begin((trace.Clock.Started, trace.Clock.StartMonotonicNs));
            manager?.Ready();
            trace.Sample(new Sink(plan.Grouping, interval =>
            {
                tape.Add(interval, trace.Sampler.HasEnded);
                manager?.Alive();
                status.Say(trace.Clock.Elapsed, interval, tape);
                return true;
            })
            { Step = plan.Interval, MostSlow = detail.SlowNs > 0 ? RecordPlan.MostSlow : 0 });
            manager?.Stopping();
            tape.End();
            StatusLines.AfterInterrupt(context, trace.End);
            status.End(trace.Clock.Elapsed, tape);
        });
    }

    private static void CheckWatchdog(IServiceManager? manager, RecordPlan plan)
    {
        if (manager?.Watchdog < 2 * plan.Interval)
            throw UsageError.Of("the service's watchdog is shorter than two intervals, and would end a recorder that works",
                "Make WatchdogSec= of the unit at least three times --interval.");
    }

    // A host name is nearly always a valid file name; other characters become underscores.
    private static string DefaultName(string host, DateTimeOffset now)
    {
        string safe = string.Create(host.Length, host, static (to, from) =>
        {
            for (int i = 0; i < to.Length; i++) to[i] = char.IsAsciiLetterOrDigit(from[i]) || from[i] is '-' or '.' or '_' ? from[i] : '_';
        });
        string time = now.ToString("yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture);
        return $"kvmscope-{(safe.Length > 0 ? safe + "-" : "")}{time}.kvmscope";
    }
}
