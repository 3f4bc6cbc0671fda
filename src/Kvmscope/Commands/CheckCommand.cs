using Kvmscope.CommandLine;
using Kvmscope.Core.Output;
using Kvmscope.Core.Sources;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope check</c>: can this host be traced?</summary>
internal sealed class CheckCommand : ICommand
{
    private readonly OutputOptions _output = new(OutputKinds.Checks.Formats);

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("check", "[options]", "Can this host be traced; if not, why, and the fix",
        "Checks what tracing needs, one line each: kernel, BTF, tracepoints, how to attach, vendor module, capabilities, memory. "
        + "Exit status 0 if tracing works, also with limits; otherwise the status with which tracing would end.",
        [
            new("kvmscope check", "What works here."),
            new("kvmscope check --format json", "The same for a script."),
        ]);

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [_output.Group];

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        OutputPlan plan = _output.Read(invocation.Result);
        using OutputTarget target = OutputTarget.Open(plan, context);
        IReadOnlyList<HostCheck> checks = context.Host().Check();
        target.Begin();
        OutputKinds.Checks.In(plan.Format)(target.To, checks);
        target.Writer.Flush();
        return (int)(checks.FirstOrDefault(c => c.Verdict == CheckVerdict.Failed)?.Status ?? Core.ExitStatus.Fine);
    }
}
