using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Analysis.Rules;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;
using Kvmscope.Recordings;
using Kvmscope.Running;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope assert</c>: checks rules on a recording or a live run.</summary>
internal sealed class AssertCommand : ICommand
{
    // Some ten thousand rules; a longer file is not a file of rules, and may be endless.
    private const int MostRuleBytes = 1_000_000;

    private readonly FilterOptions _filters = new();
    private readonly RunOptions _run = new(withInterval: false, passesStatusOn: false);
    private readonly WindowOptions _window = new();
    private readonly OutputOptions _output = new(OutputKinds.RuleResults.Formats);
    private readonly Option<string> _rules =
        OptionFactory.Value("--rules", "FILE", "Read rules from FILE, one per line; # begins a comment.");

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("assert", "RULE... [FILE...] [options] [-- COMMAND ...]",
        "Check rules on a recording or a live run",
        "A rule is METRIC(TARGET[, FILTER...]) COMPARISON VALUE. METRIC is count, rate, share, avg, max, total, p50, p90, p99 or p999; "
        + "TARGET is exit (all except idle ones), any, idle, a reason, or with share a part of the wall clock; FILTER is vm=, vcpu= or "
        + "level=. With FILE the rules are checked on that recording, otherwise on a trace from now until Ctrl-C, --duration or the end "
        + "of COMMAND. Exit status 0: all rules hold; 1: one failed; 5: none failed, but one could not be measured. The status of "
        + "COMMAND does not count.",
        [
            new("kvmscope assert 'max(exit)<50us' --vm rt1 --duration 1m", "Real-time acceptance: no exit of this VM over 50 us."),
            new("kvmscope assert 'rate(EPT_VIOLATION)<100/s' 'share(runq)<5%' run.kvmscope", "Two rules on a recording."),
            new("kvmscope assert --rules ci.rules -- ./load-test", "Rules from a file, while a test runs."),
        ]);

    /// <inheritdoc/>
    public Argument<string[]> Words { get; } = new("RULE") { Arity = ArgumentArity.ZeroOrMore };

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups =>
        [new("Rules", [_rules]), _filters.Group, _run.Group, new("Which part of FILE", _window.Options), _output.Group];

    /// <inheritdoc/>
    public bool StartsCommand => true;

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        string[] paths = [.. invocation.Words.Reverse().TakeWhile(IsFile).Reverse()];
        IEnumerable<string> typed = invocation.Words.SkipLast(paths.Length);
        string? path = paths.Length == 0 ? null : paths[0];
        IReadOnlyList<Rule> rules = [.. typed.Select(Rule.Parse), .. invocation.Result.Text(_rules) is { } file ? ReadRules(file) : []];
        if (rules.Count == 0)
            throw UsageError.Of("assert needs a rule", "Give one, such as 'max(exit)<50us', or a file of them with --rules.");
        Selection selection = _filters.Read(invocation.Result);
        int? maxVcpus = _filters.MaxVcpus(invocation.Result);
        RunPlan plan = _run.Read(invocation.Result, invocation.Started);
        OutputPlan output = _output.Read(invocation.Result);
        output.RefuseOverwrite(context.System, [.. paths, .. new[] { invocation.Result.Text(_rules) }.OfType<string>()]);
        if (path is null) return CheckLive(invocation, context, rules, selection, maxVcpus, plan, output);
        if (plan is not { Duration: null, Command: null })
            throw UsageError.Of("a recording and a live run were asked for", $"Leave out '{path}', or --duration and -- COMMAND.");
        if (maxVcpus is not null) throw UsageError.Of("--max-vcpus needs a live run", $"Leave it out, or '{path}'.");
        return CheckRecording(invocation, context, rules, paths, selection, output);
    }

    // A rule has parentheses and a comparison; a file with such characters in its name can be given as ./NAME.
    private static bool IsFile(string word) => word is ['.' or '/', ..] || word.AsSpan().IndexOfAny("(<>") < 0;

    private int CheckLive(
        Invocation invocation, CommandContext context, IReadOnlyList<Rule> rules, Selection selection, int? maxVcpus, RunPlan plan,
        OutputPlan output)
    {
        if (_window.IsGiven(invocation.Result))
            throw UsageError.Of("--from and --to need a recording", "Give a recording, or leave them out.");
        IHost host = context.Host();
        foreach (Rule rule in rules) rule.Check(host.Isa);
        RuleNeeds needs = RuleNeeds.Of(rules);
        // Before privileges are dropped; a VM that starts later is known from its exits.
        IReadOnlyList<VirtualMachine> machines = host.Machines();
        foreach (Rule rule in rules) rule.Check([.. machines.SelectMany(m => m.Vms)]);
        VirtualMachine[] traced = [.. selection.Traced(machines)];
        var results = new List<RuleResult>();
        var job = new TraceJob
        {
            Selection = selection,
            MaxVcpus = maxVcpus,
            Plan = plan,
            Output = output,
            Detail = new TraceOptions { WantTime = needs.Time || needs.Split, WantSplit = needs.Split },
        };
        int status = job.Run(context, _ => StatusLines.Announce(context, plan), trace =>
            trace.Sample(Grouping.Vcpu, interval =>
            {
                StatusLines.AfterInterrupt(context, trace.End);
                results.AddRange(rules.Select(rule => RuleEvaluator.Evaluate(rule, new RuleInput(interval, host.Isa)
                {
                    HasTime = needs.Time || needs.Split,
                    HasSplit = needs.Split,
                    HasAllExits = selection.HasAllExits,
                    Level = selection.Level,
                    Machines = traced,
                })));
                OutputKinds.RuleResults.In(output.Format)(trace.Target.To).Write(results);
            }));
        // Its status could be mistaken for the result of the rules.
        if (status != 0)
            context.Say($"the command exited with status {status}; only the rules decide the status of assert");
        return (int)RuleVerdict.StatusOf(results);
    }

    private int CheckRecording(
        Invocation invocation, CommandContext context, IReadOnlyList<Rule> rules, string[] paths, Selection selection, OutputPlan output)
    {
        IReadOnlyList<RuleResult> results;
        List<string> notes = [];
        try
        {
            results = Evaluate(invocation, context, rules, paths, selection, output, notes);
        }
        catch (KvmscopeException error) when (error.Status == ExitStatus.Failed)
        {
            // Damage does not mean that a rule failed: nothing was measured.
            results = [.. rules.Select(rule => new RuleResult(rule, null, null, error.Message))];
            notes.Add($"{error.Message}. {error.Hint}");
        }
        using OutputTarget target = OutputTarget.Open(output, context);
        target.Begin();
        OutputKinds.RuleResults.In(output.Format)(target.To).Write(results);
        target.Writer.Flush();
        foreach (string note in notes) context.Say(note);
        return (int)RuleVerdict.StatusOf(results);
    }

    private IReadOnlyList<RuleResult> Evaluate(
        Invocation invocation, CommandContext context, IReadOnlyList<Rule> rules, string[] paths, Selection selection, OutputPlan output,
        List<string> notes)
    {
        using RecordingSource source = RecordingSource.Open(paths, context, _window.Read(invocation.Result));
        source.RefuseOverwrite(output, context);
        RecordingHeader header = source.Recording.Header;
        foreach (Rule rule in rules) rule.Check(header.Isa);
        var exits = new RecordedExits(source.Recording, selection);
        if (rules.Any(r => r.NamesVm)) exits.Require(Grouping.Vm, "vm=");
        if (rules.Any(r => r.NamesVcpu)) exits.Require(Grouping.Vcpu, "vcpu=");
        IntervalRange range = source.Window.Range;
        exits.Resolve(range);
        if (rules.Any(r => r.NamesVm))
        {
            IReadOnlyCollection<KnownVm> known = exits.VmsIn(range);
            foreach (Rule rule in rules) rule.Check(known);
        }
        Interval interval = exits.Sum(range, header.Grouping, ExitParts.None);
        var input = new RuleInput(interval, header.Isa)
        {
            HasTime = header.HasTime,
            HasSplit = header.HasSplit,
            HasAllExits = exits.HasAll,
            WasAllRecorded = header.HasAllExits,
            Level = exits.Level,
            IsContinued = source.Recording.IsContinued(range),
            Damage = source.Damage is [var damage, ..] ? damage : null,
            Machines = exits.Machines,
        };
        notes.AddRange(source.Notes());
        return [.. rules.Select(rule => RuleEvaluator.Evaluate(rule, input))];
    }

    private static IReadOnlyList<Rule> ReadRules(string path)
    {
        const string hint = "Give a file with one rule per line.";
        if (Directory.Exists(path)) throw UsageError.Of($"cannot read the rules '{path}': it is a directory", hint);
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] bytes = new byte[MostRuleBytes + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MostRuleBytes) throw UsageError.Of($"the rules '{path}' are longer than 1 MB", hint);
            using var reader = new StreamReader(new MemoryStream(bytes, 0, length));
            return RuleFile.Parse(reader.ReadToEnd(), path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            string why = error is FileNotFoundException ? "there is no such file" : IoReason.Of(error);
            throw UsageError.Of($"cannot read the rules '{path}': {why}", hint);
        }
    }
}
