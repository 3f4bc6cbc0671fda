using System.Text.Json;
using Kvmscope.CommandLine;
using Kvmscope.Core.Reports;
using Kvmscope.Core.Sources;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope check</c>: can this host be traced?</summary>
internal sealed class CheckCommand : ICommand
{
    private readonly OutputOptions _output = new(csv: false);

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("check", "[options]", "Can this host be traced; if not, why, and the mend",
        "Looks at what tracing needs, one line each: kernel, BTF, tracepoints, how it can attach, vendor module, capabilities, memory. "
        + "Leaves with 0 where tracing works, also with limits, else with the status that tracing would leave with.",
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
        if (plan.Format == OutputFormat.Json) WriteJson(target.Writer, checks);
        else WriteTable(target, checks);
        target.Writer.Flush();
        return (int)(checks.FirstOrDefault(c => c.Verdict == CheckVerdict.Failed)?.Status ?? Core.ExitStatus.Fine);
    }

    private static void WriteTable(OutputTarget target, IReadOnlyList<HostCheck> checks)
    {
        int names = checks.Count == 0 ? 0 : checks.Max(c => c.Name.Length);
        foreach (HostCheck check in checks)
        {
            string lead = $"{Colored(Word(check.Verdict).PadRight(8), check.Verdict, target.Style.Color)}{check.Name.PadRight(names)}  ";
            Column(target, lead, 8 + names + 2, check.Found);
            if (check.Mend is { } mend) Column(target, "", 10, mend);
        }
    }

    // Text in a column of its own, or below where the screen leaves it too little room.
    private static void Column(OutputTarget target, string lead, int column, string text)
    {
        bool below = target.Style.Width - column < 24 && lead.Length > 0;
        if (below) target.Writer.WriteLine(lead.TrimEnd());
        string indent = new(' ', below ? 8 : column);
        foreach (string line in TextWrap.Lines(text, Math.Max(16, target.Style.Width - indent.Length)))
        {
            target.Writer.WriteLine(below || lead.Length == 0 ? indent + line : lead + line);
            lead = "";
        }
    }

    private static string Word(CheckVerdict verdict) => verdict switch
    {
        CheckVerdict.Ok => "ok",
        CheckVerdict.Limited => "limited",
        CheckVerdict.Failed => "FAILED",
        _ => "unknown",
    };

    private static string Colored(string text, CheckVerdict verdict, bool color) => !color ? text : verdict switch
    {
        CheckVerdict.Ok => $"\e[32m{text}\e[0m",
        CheckVerdict.Failed => $"\e[1;31m{text}\e[0m",
        _ => $"\e[33m{text}\e[0m",
    };

    private void WriteJson(TextWriter output, IReadOnlyList<HostCheck> checks) => JsonText.WriteLine(output, Help.Name, json =>
    {
        json.WriteStartArray("checks");
        foreach (HostCheck check in checks) WriteCheck(json, check);
        json.WriteEndArray();
    });

    private static void WriteCheck(Utf8JsonWriter json, HostCheck check)
    {
        json.WriteStartObject();
        json.WriteString("name", check.Name);
        json.WriteString("verdict", Word(check.Verdict).ToLowerInvariant());
        json.WriteString("found", check.Found);
        json.WriteString("mend", check.Mend);
        json.WriteNumber("status", check.Verdict == CheckVerdict.Failed ? (int)check.Status : 0);
        json.WriteEndObject();
    }
}
