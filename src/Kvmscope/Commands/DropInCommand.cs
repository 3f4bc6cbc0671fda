using Kvmscope.CommandLine;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;
using Kvmscope.Running;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary>The original tools under their own names: with their arguments and their layout.</summary>
internal static class DropInCommand
{
    /// <summary>Runs one.</summary>
    /// <returns>The exit status.</returns>
    /// <exception cref="Core.KvmscopeException">Any anticipated error.</exception>
    public static int Run(DropIn tool, string[] args, CommandContext context)
    {
        DropInRequest request = DropInNames.Read(tool, args);
        if (request.WantsHelp)
        {
            context.Out.WriteLine($"Usage: {DropInNames.Usage(tool)}");
            return 0;
        }
        Isa isa = request.Positional is null && request.Excludes.Count == 0 ? Isa.None : context.Host().Isa;
        IReadOnlyList<string> excludes = [.. request.Excludes.Select(e => InIsa(e, isa, context))];
        var job = new TraceJob
        {
            Selection = new Selection
            {
                Reasons = tool == DropIn.Hist && request.Positional is { } reason ? [InIsa(reason.TrimEnd(','), isa, context)] : [],
                ExcludedReasons = [.. excludes],
            },
            MaxVcpus = null,
            Plan = new RunPlan(),
            Output = new OutputPlan(OutputFormat.Table, null, ColorWhen.Never),
            Detail = new TraceOptions
            {
                WantTime = tool != DropIn.Count,
                SlowNs = tool == DropIn.Slower ? Threshold.Parse(request.Positional) : 0,
                Finest = Grouping.Host,
            },
        };
        return job.Run(context, target => Announce(target.Writer, excludes, isa), trace => Read(tool, trace, context));
    }

    private static void Read(DropIn tool, RunningTrace trace, CommandContext context)
    {
        TextWriter output = trace.Target.Writer;
        if (tool == DropIn.Slower)
        {
            IOutputWriter<SlowExit> slow = OutputKinds.DropInSlowExits(output);
            new SlowSink(slow, output, context.Error).Run(trace);
            return;
        }
        ReportKind kind = tool switch { DropIn.Count => ReportKind.Count, DropIn.Time => ReportKind.Time, _ => ReportKind.Hist };
        IOutputWriter<Interval> writer = OutputKinds.DropInReports(kind, output);
        trace.Sample(Grouping.Host, interval =>
        {
            if (context.Screen.IsTerminal && trace.End.Interrupted) output.WriteLine();
            writer.Write(interval);
        });
    }

    private static void Announce(TextWriter output, IReadOnlyList<string> excludes, Isa isa)
    {
        IEnumerable<string> names = excludes.Select(e => ExitReasons.DropInName(new ExitCode(isa, ReasonSelector.Code(e, isa))));
        if (excludes.Count > 0) output.WriteLine($"Excludes: {string.Join(", ", names)}");
        output.WriteLine(StatusLines.Tracing);
        output.Flush();
    }

    /// <summary>
    /// A reason as typed, in the host's numbering. The original tools know only VMX numbers; on an SVM host a number that SVM
    /// does not have is read as a VMX number, and a message says so.
    /// </summary>
    private static string InIsa(string text, Isa isa, CommandContext context)
    {
        if (isa != Isa.Svm || !ExitReasons.TryParse(text, Isa.Svm, out ulong code)) return text;
        if (ExitReasons.IsKnown(new ExitCode(Isa.Svm, code))) return text;
        if (!ExitReasons.TryParse(text, Isa.Vmx, out ulong vmx)) return text;
        string name = ExitReasons.Name(new ExitCode(Isa.Vmx, vmx));
        if (!ExitReasons.TryParse(name, Isa.Svm, out ulong svm)) return text;
        string number = ExitReasons.NumberText(new ExitCode(Isa.Svm, svm));
        context.Say($"{text} is {name} on VMX; on this SVM host {name} is {number}");
        return name;
    }
}
