using Kvmscope.CommandLine;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope time</c>: count and handling time by reason.</summary>
internal sealed class TimeCommand() : AnswerCommand(ReportKind.Time)
{
    /// <inheritdoc/>
    public override CommandHelp Help { get; } = new("time", "[TIME] [options] [-- COMMAND ...]",
        "Count and handling time by reason",
        "Shows for each exit reason how often it happened and how long its handling took, from the exit to the next entry of the same "
        + "vCPU: in sum, as a share of the busy time, on average, the 99th percentile and the longest. "
        + "The costliest reason is first, idle ones (HLT and the like) are last: a halted vCPU waits, and that is not overhead. "
        + "Total is all exits, Busy all without the idle ones.",
        [
            new("kvmscope time 10", "All VMs, 10 seconds; the same as --duration 10s."),
            new("kvmscope time --stats --vm web1", "One VM with more percentiles."),
            new("kvmscope time --interval 1s --by vm", "Each VM, each second; rows stay in their places."),
            new("kvmscope time --split --vm web1", "Where its vCPUs' wall clock went, and what to do about it: add --explain."),
            new("kvmscope time --by qualifier --top 5", "Which MSRs, ports, CPUID leaves and pages the exits are about."),
            new("kvmscope time --by vmm", "Returns to the VMM, with or without an exit, and how long until it ran the vCPU again."),
            new("kvmscope time --by page --page-size 2M", "Which pages of the guest's memory."),
            new("kvmscope time --by rip --symbols guest.kallsyms --vm web1", "Which instructions of the guest, by name."),
            new("kvmscope time --nested", "What nesting costs: L2's exits handled here or reflected to L1."),
            new("kvmscope time --level l2 --by vm,reason", "What nested guests cost, per VM."),
        ]);
}
