using Kvmscope.CommandLine;
using Kvmscope.Terminal;

namespace Kvmscope.Running;

/// <summary>The status lines of a trace.</summary>
internal static class StatusLines
{
    /// <summary>The line that is printed when tracing has started.</summary>
    public const string Tracing = "Tracing... Hit Ctrl-C to end.";

    /// <summary>Announces a trace on standard error if that is a terminal; not if a command is started, which has its own output.</summary>
    public static void Announce(CommandContext context, RunPlan plan)
    {
        if (plan.Command is null) context.Status(Tracing);
    }

    /// <summary>Begins a new line for the answer after the terminal has shown <c>^C</c>.</summary>
    public static void AfterInterrupt(CommandContext context, ITraceEnd end)
    {
        if (end.Interrupted) context.Status("");
    }
}
