using System.CommandLine;
using System.Globalization;
using Kvmscope.CommandLine;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Sources;
using Kvmscope.Running;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope last</c>: what each vCPU did before it ended.</summary>
internal sealed class LastCommand : ICommand
{
    private const int DefaultCount = 32;

    private readonly FilterOptions _filters = new();
    private readonly RunOptions _run = new(withInterval: false);
    private readonly OutputOptions _output = new(OutputKinds.Histories.Formats);
    private readonly Option<string> _count = OptionFactory.Value("--exits", "N",
        $"How many exits of each vCPU are kept: 1 to {TraceOptions.MostLastExits} (default: {DefaultCount}).");
    private readonly Option<bool> _abnormal = OptionFactory.Switch("--abnormal",
        "Only vCPUs that did not run again after SHUTDOWN, FAIL_ENTRY, INTERNAL_ERROR or an error of KVM_RUN.");

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("last", "[options] [-- COMMAND ...]",
        "The last exits of each vCPU, when it ends or on Ctrl-C",
        "Keeps the last exits of each vCPU in the kernel, and prints them when the vCPU ends; on Ctrl-C, after --duration or when COMMAND "
        + "ends those of all others: when, how long after the one before, level, reason, qualifier, instruction pointer, handling time, "
        + "and what KVM_RUN returned with to the VMM. For triple faults, failed entries and guests that die while they are restored.",
        [
            new("kvmscope last --abnormal", "Until Ctrl-C: each vCPU that cannot go on, with its last 32 exits."),
            new("kvmscope last -n 64 --vm web1", "The last 64 exits of one VM's vCPUs."),
            new("kvmscope last --exclude HLT -- ./restore-vm", "What a VM did until its end."),
            new("kvmscope last --abnormal --format json -o died.json", "One JSON object per vCPU."),
        ]);

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups =>
        [_filters.Group, _run.Group, new OptionGroup("Last exits", [_count, _abnormal]), _output.Group];

    /// <inheritdoc/>
    public bool StartsCommand => true;

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        RunPlan plan = _run.Read(invocation.Result, invocation.Started);
        OutputPlan output = _output.Read(invocation.Result) with { IsPrivate = true };
        var job = new TraceJob
        {
            Selection = _filters.Read(invocation.Result),
            MaxVcpus = _filters.MaxVcpus(invocation.Result),
            Plan = plan,
            Output = output,
            Detail = new TraceOptions
            {
                WantTime = false,
                LastExits = invocation.Result.Text(_count) is { } count ? ParseCount(count) : DefaultCount,
                Finest = Grouping.Vm,
                OpenExits = Grouping.Vm,
            },
        };
        bool onlyAbnormal = invocation.Result.Has(_abnormal);
        return job.Run(context, _ => StatusLines.Announce(context, plan), trace =>
        {
            IOutputWriter<VcpuHistory> writer = OutputKinds.Histories.In(output.Format)(trace.Target.To);
            int shown = 0;
            trace.Sample(new Sink(Grouping.Host, interval =>
            {
                if (shown == 0 && output.Format == OutputFormat.Table) SayNothing(trace.Target, onlyAbnormal);
                foreach (string line in AccountingText.OfHistories(interval)) context.Say(line);
                return true;
            })
            {
                TakeHistories = histories =>
                {
                    if (trace.Sampler.HasEnded) StatusLines.AfterInterrupt(context, trace.End);
                    foreach (VcpuHistory history in Ordered(histories, onlyAbnormal))
                    {
                        writer.Write(history);
                        shown++;
                    }
                    trace.Target.Writer.Flush();
                },
            });
        });
    }

    private static IEnumerable<VcpuHistory> Ordered(IReadOnlyList<VcpuHistory> histories, bool onlyAbnormal) => histories
        .Where(h => h.IsAbnormal || !onlyAbnormal).OrderBy(h => h.Vm.Ordinal).ThenBy(h => h.Vcpu);

    private static void SayNothing(OutputTarget target, bool onlyAbnormal) => target.Writer.WriteLine(
        onlyAbnormal
            ? "no vCPU ended with SHUTDOWN, FAIL_ENTRY, INTERNAL_ERROR or an error of KVM_RUN"
            : "no vCPU was seen: 'kvmscope list' shows the VMs, 'kvmscope check' what this host can trace");

    private static int ParseCount(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is > 0 and <= TraceOptions.MostLastExits
            ? count
            : throw UsageError.Of($"-n '{text}' is not a number of exits", $"Give a number from 1 to {TraceOptions.MostLastExits}.");
}
