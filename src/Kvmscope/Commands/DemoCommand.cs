using System.CommandLine;
using System.Text.Json;
using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Formats;
using Kvmscope.Core.Model;
using Kvmscope.Core.Reports;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope demo</c>: traces the built-in guest and compares what it did with what was seen.</summary>
internal sealed class DemoCommand : ICommand
{
    private const string CheckMend = "'kvmscope check' shows what this host can do.";

    private readonly Option<bool> _nested =
        OptionFactory.Switch("--nested", "Also run a guest of the guest, so that L2 has exits of its own.");
    private readonly OutputOptions _output = new(csv: false);

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("demo", "[options]", "A built-in guest with known exits, traced and compared",
        "Runs a small guest of its own that makes a known number of exits of known reasons (CPUID, port I/O, MMIO, MSR accesses, HLT), "
        + "traces it, prints the same table as 'kvmscope time', and compares each count with what the guest did. "
        + "Exits that the host causes, such as interrupts, are listed and not compared. Leaves with 0 only where all counts are equal.",
        [
            new("kvmscope demo", "Does tracing work here, and is it right?"),
            new("kvmscope demo --nested", "The same with L2 exits."),
        ]);

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [new OptionGroup("Guest", [_nested]), _output.Group];

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        OutputPlan plan = _output.Read(invocation.Result);
        bool nested = invocation.Result.Has(_nested);
        IDemoGuest guest = context.DemoGuest();
        if (guest.WhyNot is { } why)
            throw new KvmscopeException(ExitStatus.HostUnsupported, $"the built-in guest cannot run here: {why}", CheckMend);
        if (nested && guest.WhyNotNested is { } whyNested)
            throw new KvmscopeException(ExitStatus.HostUnsupported, $"a nested guest cannot run here: {whyNested}",
                "Leave --nested out, or load the vendor module with nested=1.");
        using OutputTarget target = OutputTarget.Open(plan, context);
        (Interval interval, IReadOnlyList<DemoRow> rows) = Trace(guest, nested, context);
        target.Begin();
        bool equal = rows.All(r => r.Verdict != DemoVerdict.Differs);
        if (plan.Format == OutputFormat.Json) WriteJson(target.Writer, interval, rows, nested, equal);
        else WriteTables(target, interval, rows, equal);
        target.Writer.Flush();
        return (int)(equal ? ExitStatus.Fine : ExitStatus.Failed);
    }

    private (Interval Interval, IReadOnlyList<DemoRow> Rows) Trace(IDemoGuest guest, bool nested, CommandContext context)
    {
        using ITraceSession session = context.Host().Trace(new TraceOptions { Filter = new ExitFilter { Pids = [context.ProcessId] } });
        var clock = new TraceClock(context.Clock);
        context.Status("Running the built-in guest...");
        IReadOnlyList<ExpectedExits> expected = guest.Run(nested);
        Interval interval = Sampler.ReadOnce(session, clock, Grouping.Host);
        if (interval.Rows.Count == 0)
            throw new KvmscopeException(ExitStatus.HostUnsupported,
                "the built-in guest ran, but this host's KVM never fired kvm_exit, so no exit can be traced",
                "KVM must run guests through kvm_intel or kvm_amd of a Linux kernel with tracepoints; " + CheckMend);
        return (interval, DemoComparison.Compare(expected, interval.Rows));
    }

    private static void WriteTables(OutputTarget target, Interval interval, IReadOnlyList<DemoRow> rows, bool equal)
    {
        var request = new ReportRequest { Kind = ReportKind.Time, Command = "time" };
        AnswerWriters.Create(OutputFormat.Table, request, target.Style, target.Writer).Write(interval);
        target.Writer.WriteLine();
        DemoView.Write(target.Writer, target.Style, rows);
        target.Writer.WriteLine();
        target.Writer.WriteLine(equal ? "All counts are equal." : "Some counts differ.");
    }

    private void WriteJson(TextWriter output, Interval interval, IReadOnlyList<DemoRow> rows, bool nested, bool equal) =>
        JsonText.WriteLine(output, Help.Name, json =>
    {
        json.WriteString("started", Rfc3339.Format(interval.From));
        json.WriteNumber("seconds", Math.Round(interval.Seconds, 6));
        json.WriteBoolean("nested", nested);
        json.WriteBoolean("equal", equal);
        json.WriteStartArray("rows");
        foreach (DemoRow row in rows) WriteRow(json, row);
        json.WriteEndArray();
    });

    private static void WriteRow(Utf8JsonWriter json, DemoRow row)
    {
        json.WriteStartObject();
        JsonCode.Write(json, row.Code);
        json.WriteNumber("level", (int)row.Level);
        if (row.Expected is { } expected) json.WriteNumber("expected", expected);
        else json.WriteNull("expected");
        json.WriteNumber("count", row.Seen);
        json.WriteString("verdict", row.Verdict switch { DemoVerdict.Equal => "equal", DemoVerdict.Differs => "differs", _ => "host" });
        json.WriteEndObject();
    }
}
