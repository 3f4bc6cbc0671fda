using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope hist</c>: a histogram of handling times.</summary>
internal sealed class HistCommand() : AnswerCommand(ReportKind.Hist)
{
    /// <inheritdoc/>
    public override CommandHelp Help { get; } = new("hist", "[REASON] [options] [-- COMMAND ...]", "Histogram of handling times",
        "Shows how handling times are distributed, in powers of two of nanoseconds, with percentiles below. "
        + "REASON is a name or a number, or several separated by commas; without it all reasons are taken together.",
        [
            new("kvmscope hist HLT --duration 5s", "How long halts last."),
            new("kvmscope hist --by reason --exclude HLT", "One histogram per reason, without halts."),
            new("kvmscope hist EPT_VIOLATION,EPT_MISCONFIG --by level", "Page faults of L1 and of L2, separately."),
        ]);

    /// <inheritdoc/>
    public override Argument<string?> Argument { get; } = new("REASON") { Arity = ArgumentArity.ZeroOrOne };
}
