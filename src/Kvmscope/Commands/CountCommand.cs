using Kvmscope.CommandLine;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope count</c>: exits by reason.</summary>
internal sealed class CountCommand() : AnswerCommand(ReportKind.Count)
{
    /// <inheritdoc/>
    public override CommandHelp Help { get; } = new("count", "[TIME] [options] [-- COMMAND ...]", "Exits by reason",
        "Counts VM exits by reason, the most frequent first; if nested guests (L2) make some, L1's and L2's are also shown apart. "
        + "Times are not measured, so this costs the guests least.",
        [
            new("kvmscope count", "All VMs, until Ctrl-C."),
            new("kvmscope count --by vm,reason --interval 5s", "Each VM's exits, every 5 seconds."),
            new("kvmscope count --by vcpu,vmm", "How often KVM_RUN of each vCPU returned to the VMM, and with what."),
            new("kvmscope count --format json -- sleep 10", "10 seconds, for a script."),
        ]);
}
