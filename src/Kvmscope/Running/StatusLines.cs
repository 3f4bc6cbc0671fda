using Kvmscope.CommandLine;
using Kvmscope.Terminal;

namespace Kvmscope.Running;

/// <summary>The lines about the trace itself.</summary>
internal static class StatusLines
{
    /// <summary>What is said when tracing has started.</summary>
    public const string Tracing = "Tracing... Hit Ctrl-C to end.";

    /// <summary>Announces a trace on standard error, where somebody reads along; a command that is started speaks for itself.</summary>
    public static void Announce(CommandContext context, RunPlan plan)
    {
        if (plan.Command is null) context.Status(Tracing);
    }

    /// <summary>Once the terminal has shown <c>^C</c>, the answer begins on a line of its own.</summary>
    public static void AfterInterrupt(CommandContext context, ITraceEnd end)
    {
        if (end.Interrupted) context.Status("");
    }
}
