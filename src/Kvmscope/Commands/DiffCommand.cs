using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Selections;
using Kvmscope.Recordings;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope diff</c>: two recordings, or two windows or VMs of one, side by side.</summary>
internal sealed class DiffCommand : ICommand
{
    // More samples do not measure the noise better, and cost time.
    private const int MostSamples = 300;

    // With --interval; all samples are in memory at once.
    private const int MostTypedSamples = 2000;

    private const string Versus = "vs";

    private readonly FilterOptions _filters = new(isLive: false);
    private readonly ReportOptions _report = new(ReportKind.Hist);
    private readonly OutputOptions _output = new(OutputKinds.Comparisons.Formats);
    private readonly Option<string> _a = OptionFactory.Value("--a", "FROM..TO",
        "The first side is this part of its recording; times as for 'report --from', either may be left out.");
    private readonly Option<string> _b = OptionFactory.Value("--b", "FROM..TO", "The second side is this part.");
    private readonly Option<string> _interval = OptionFactory.Value("--interval", "TIME",
        "Compare samples of this length (default: the recorder's interval, or longer so that there are at most 300).");

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("diff", "A [B] [options]", "What changed between two recordings, two windows or two VMs",
        "Compares exits by reason: rate, share of the handling time, average, p50 and p99, what changed most first. A mark shows what "
        + "changed by more than the noise between intervals explains. A and B are recordings, or folders of rotated ones; with one "
        + "the sides are two windows of it (--a, --b) or two VMs (--vm given twice). 'vs' separates sides of several files.",
        [
            new("kvmscope diff before.kvmscope after.kvmscope", "Is the new build worse?"),
            new("kvmscope diff run.kvmscope --vm good --vm bad", "What does the bad VM do that the good one does not?"),
            new("kvmscope diff run.kvmscope --a 14:00..14:05 --b 14:05..14:10", "What changed at 14:05?"),
            new("kvmscope diff /var/lib/kvmscope --a yesterday..today --b today..", "Is today like yesterday?"),
        ]);

    /// <inheritdoc/>
    public Argument<string[]> Words { get; } = new("A") { Arity = ArgumentArity.ZeroOrMore };

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [new("Sides", [_a, _b, _interval]), _filters.Group, _report.Group, _output.Group];

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        Selection selection = _filters.Read(invocation.Result);
        (string[] first, string[]? second) = Sides(invocation.Words);
        bool byVm = second is null && selection.Vms.Length == 2;
        CheckSides(invocation, second is null, byVm);
        ReportRequest report = _report.Read(invocation.Result, Help.Name, selection);
        OutputPlan output = _output.Read(invocation.Result);
        GroupBy by = report.By == GroupBy.None ? GroupBy.Reason : report.By;
        var request = new ComparisonRequest { By = by, Top = report.Top, PairsVms = byVm };

        using RecordingSource sourceA = Open(first, _a, invocation.Result, output, context);
        using RecordingSource sourceB = Open(second ?? first, _b, invocation.Result, output, context);
        ComparisonSide a = Side(sourceA, OfSide(0), _a, second is null, invocation.Result, request);
        ComparisonSide b = Side(sourceB, OfSide(1), _b, second is null, invocation.Result, request);

        using OutputTarget target = OutputTarget.Open(output, context);
        Comparison comparison = ComparisonBuilder.Build(a, b, request);
        target.Begin();
        OutputKinds.Comparisons.In(output.Format)(target.To,
            comparison with { Notes = [.. Differences(sourceA.Recording.Header, sourceB.Recording.Header), .. comparison.Notes] });
        target.Writer.Flush();
        foreach (string note in sourceA.Notes().Concat(sourceB.Notes()).Distinct()) context.Say(note);
        return 0;

        Selection OfSide(int side) => byVm ? selection with { Vms = [selection.Vms[side]] } : selection;
    }

    // Two words are two sides. Of more, 'vs' separates the files of one side from those of the other.
    private static (string[] First, string[]? Second) Sides(IReadOnlyList<string> words)
    {
        string[] all = [.. words];
        int at = Array.IndexOf(all, Versus);
        if (at > 0 && at < all.Length - 1) return (all[..at], all[(at + 1)..]);
        if (at >= 0) throw UsageError.Of("'vs' stands between the recordings of two sides", "Write a file of that name as ./vs.");
        return all.Length switch
        {
            0 => throw UsageError.Of("diff needs a recording", "Give two, or one with --vm A --vm B, or with --a FROM..TO --b FROM..TO."),
            1 => (all, null),
            2 => (all[..1], all[1..]),
            _ => throw UsageError.Of($"'{all[2]}' is one argument too many for 'diff'",
                "It compares two recordings; write 'vs' between the files of two sides: a1 a2 vs b1 b2."),
        };
    }

    private void CheckSides(Invocation invocation, bool isOne, bool byVm)
    {
        bool windows = invocation.Result.Text(_a) is not null || invocation.Result.Text(_b) is not null;
        if (isOne && !byVm && !windows)
            throw UsageError.Of("diff needs two sides",
                "Give a second recording, two --vm, or two windows with --a FROM..TO --b FROM..TO.");
    }

    private static RecordingSource Open(
        string[] paths, Option<string> windowOption, ParseResult result, OutputPlan output, CommandContext context)
    {
        string? window = result.Text(windowOption);
        (string? from, string? to) = window is null ? (null, null) : Window(windowOption.Name, window);
        RecordingSource source = RecordingSource.Open(paths, context, new TimeWindow(from, to, windowOption.Name));
        source.RefuseOverwrite(output, context);
        return source;
    }

    private ComparisonSide Side(
        RecordingSource source, Selection selection, Option<string> windowOption, bool isOne, ParseResult result, ComparisonRequest request)
    {
        RecordingSet recording = source.Recording;
        if (!recording.Header.HasTime)
            throw UsageError.Of($"'{source.Path}' has no handling times: it was made with --without time",
                "Record without '--without time'.");
        if (request.By.HasFlag(GroupBy.Qualifier) && !recording.Header.HasQualifiers)
            throw UsageError.Of($"'{source.Path}' has no qualifiers: it was made with --without qualifiers",
                "Record without '--without qualifiers'.");
        var exits = new RecordedExits(recording, selection);
        Grouping grouping = request.By.HasFlag(GroupBy.Vcpu) ? Grouping.Vcpu : request.By.HasFlag(GroupBy.Vm) ? Grouping.Vm : Grouping.Host;
        if (grouping > Grouping.Host) exits.Require(grouping, grouping == Grouping.Vcpu ? "--by vcpu" : "--by vm");
        string? window = result.Text(windowOption);
        IntervalRange range = source.Window.Range;
        exits.Resolve(range);
        IEnumerable<Interval> samples = Steps(recording, range, Step(result, recording, range))
            .Select(part => exits.Sum(part, grouping, request.By.HasFlag(GroupBy.Qualifier) ? ExitParts.Qualifier : ExitParts.None));
        string name = isOne && selection.Vms.Length == 1 ? selection.Vms[0] : source.Title;
        return new ComparisonSide(window is null ? name : $"{name} {window}", [.. samples]);
    }

    private static (string? From, string? To) Window(string option, string text)
    {
        int at = text.IndexOf("..", StringComparison.Ordinal);
        if (at < 0)
            throw UsageError.Of($"{option} '{text}' is not a window", $"Give two times with '..' between them: {option} 14:00..14:05");
        string from = text[..at], to = text[(at + 2)..];
        return (from.Length > 0 ? from : null, to.Length > 0 ? to : null);
    }

    private int Step(ParseResult result, RecordingSet recording, IntervalRange range) => result.Text(_interval) is { } text
        ? RecordedSteps.Parse(text, recording)
        : (range.Count + MostSamples - 1) / MostSamples;

    // A shorter rest would be another kind of sample, so the last whole one takes it. The same goes for the recording's last interval,
    // which ends when the trace does.
    private static IEnumerable<IntervalRange> Steps(RecordingSet recording, IntervalRange range, int step)
    {
        RecordedSteps.CheckCount(range, step, MostTypedSamples, "samples", recording);
        foreach (IntervalRange piece in recording.Pieces(range))
        {
            bool isShort = piece.Count > 1 && recording.LengthNs(piece.End - 1) < recording.Header.IntervalNs * 9 / 10;
            int whole = Math.Max(1, (piece.Count - (isShort ? 1 : 0)) / step);
            for (int i = 0; i < whole; i++)
                yield return new IntervalRange(piece.First + (i * step), i == whole - 1 ? piece.Count - (i * step) : step);
        }
    }

    private static IEnumerable<string> Differences(RecordingHeader a, RecordingHeader b)
    {
        if (a.Kernel != b.Kernel) yield return $"the kernels differ: A has {a.Kernel}, B has {b.Kernel}";
        if (a.Cpu != b.Cpu) yield return $"the CPUs differ: A has {a.Cpu}, B has {b.Cpu}";
        if (a.IntervalNs != b.IntervalNs) yield return "the intervals of the recordings differ";
    }
}
