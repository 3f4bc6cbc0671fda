using Kvmscope.CommandLine;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope time</c>: count and handling time by reason.</summary>
internal sealed class TimeCommand() : AnswerCommand(ReportKind.Time)
{
    /// <inheritdoc/>
    public override CommandHelp Help { get; } = new("time", "[options] [-- COMMAND ...]",
        "Count and handling time by reason: Total, L1, L2",
        "Shows for each exit reason how often it happened and how long its handling took on average, "
        + "from the exit to the next entry of the same vCPU. "
        + "The last rows are the sum of all exits and the sum without idle ones (Busy): a halted vCPU waits, and that is not overhead.",
        [
            new("kvmscope time --duration 10s", "All VMs, 10 seconds."),
            new("kvmscope time --stats --sort time --vm web1", "One VM with percentiles, the costliest reason first."),
            new("kvmscope time --split --vm web1", "Where its vCPUs' wall clock went, and what to do about it: add --explain."),
            new("kvmscope time --by qualifier --top 5", "Which MSRs, ports, CPUID leaves and pages the exits are about."),
            new("kvmscope time --nested", "What nesting costs: L2's exits handled here or reflected to L1."),
            new("kvmscope time --level l2 --by vm,reason", "What nested guests cost, per VM."),
        ]);
}
