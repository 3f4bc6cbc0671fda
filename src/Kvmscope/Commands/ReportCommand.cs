using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Analysis.Timelines;
using Kvmscope.Recordings;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope report</c>: every view on a recording.</summary>
internal sealed class ReportCommand : ICommand
{
    // More could not be told apart in a picture of the usual size.
    private const int MostPictureColumns = 240;

    // All are in memory until the last one is known.
    private const int MostColumns = 2000;

    private static readonly string[] s_views = ["count", "time", "hist", "slower"];

    private readonly FilterOptions _filters = new(isLive: false);
    private readonly WindowOptions _window = new();
    private readonly ReportOptions _report = new(ReportKind.Time);
    private readonly OutputOptions _output = new([.. OutputKinds.Reports.Formats, .. OutputKinds.Timelines.Formats]);
    private readonly Option<bool> _timeline = OptionFactory.Switch("--timeline",
        "Rates and p99 over time, one row per reason (--by vm, vcpu; --top N rows); with --format svg, png or html a heat map "
        + "of handling times.");
    private readonly Option<string> _interval = OptionFactory.Value("--interval", "TIME",
        "One answer per TIME instead of one for all; TIME is the recorder's interval or a multiple.");
    private readonly Option<bool> _verbose =
        OptionFactory.Switch("--verbose", "slower: below each exit its qualifier, instruction pointer, CPUs, and where the time went.");
    private readonly Option<bool> _who = OptionFactory.Switch("--who",
        "slower: which task had the CPU while the vCPU's thread waited for it, if 'record --who' kept it; implies --verbose.");
    private readonly Option<string> _part = OptionFactory.Value("--part", "PART",
        "slower: compare THRESHOLD with this part of the handling time: kvm, vmm, runq, halt, poll or sleep "
        + "(default: that of 'record --part').").Of(Threshold.Parts);

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("report", "FILE... [count|time|hist [REASON]|slower [THRESHOLD]] [options]",
        "Any view on a recording",
        "Shows what the command of that name (default: time) would have shown while it was recorded, with its options. "
        + "Works on any machine and without root, also while the recording is still being made. "
        + "Several files, or the folder of a rotated recording, are shown as one.",
        [
            new("kvmscope report before.kvmscope", "What exits cost, as 'time' shows it."),
            new("kvmscope report before.kvmscope --split --from 14:05 --to 14:07", "Where the wall clock went in these two minutes."),
            new("kvmscope report /var/lib/kvmscope --from yesterday --to today", "A day of a recording that rotates."),
            new("kvmscope report before.kvmscope hist MSR_WRITE --by vm", "One histogram per VM."),
            new("kvmscope report before.kvmscope slower 1ms --verbose", "The slow exits, if 'record --slower' kept them."),
            new("kvmscope report before.kvmscope --timeline --by vm", "Each VM over time."),
            new("kvmscope report before.kvmscope --timeline --format svg -o map.svg", "A picture of how long exits took, over time."),
        ]);

    /// <inheritdoc/>
    public Argument<string[]> Words { get; } =
        new("FILE") { Arity = ArgumentArity.ZeroOrMore, CompletionSources = { s_views } };

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups =>
    [
        _filters.Group, new("Which part", [.. _window.Options, _interval]), new("Over time", [_timeline]), _report.Group,
        new("Slow exits", [_verbose, _part, _who]), _output.Group,
    ];

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        (string[] paths, string view, string? argument) = Positional(invocation.Words);
        Selection selection = _filters.Read(invocation.Result, view == "hist" ? argument : null);
        OutputPlan output = _output.Read(invocation.Result) with { IsPrivate = view == "slower" };
        Option[] ofSlower = [_verbose, _part, _who];
        if (view != "slower" && Array.Find(ofSlower, o => invocation.Result.GetResult(o) is { Implicit: false }) is { } slow)
            throw UsageError.Of($"'{view}' has no option {slow.Name}", "It belongs to slower.");
        if (invocation.Result.Has(_timeline)) return RunTimeline(invocation, context, paths, view, selection, output);
        if (output.Format.IsPicture)
            throw UsageError.Of($"--format {output.Format.Name} is a picture of what happened over time", "Add --timeline.");
        if (view == "slower") return RunSlower(invocation, context, paths, selection, output, argument);

        ReportKind kind = view switch { "count" => ReportKind.Count, "hist" => ReportKind.Hist, _ => ReportKind.Time };
        ReportRequest request = _report.Read(invocation.Result, view, selection, kind);
        output = output with { IsPrivate = request.By.HasFlag(GroupBy.Rip) };
        using RecordingSource source = Open(invocation, context, paths, output);
        var exits = new RecordedExits(source.Recording, selection);
        request = RecordedRequest.Fit(request, source.Recording.Header, exits);
        IntervalRange range = source.Window.Range;
        int step = Step(invocation.Result, source.Recording, range);
        exits.Resolve(range);
        using OutputTarget target = OutputTarget.Open(output, context);
        IOutputWriter<Interval> writer = OutputKinds.Reports.In(output.Format)(target.To, request);
        foreach (IntervalRange part in step < range.Count ? RecordedSteps.Of(source.Recording, range, step) : [range])
        {
            Interval interval = exits.Sum(part, request.Grouping, request.Parts);
            // Only now: if the recording is damaged, the file keeps its former answer.
            target.Begin();
            writer.Write(interval);
            target.Writer.Flush();
        }
        Say(source, context);
        return 0;
    }

    private RecordingSource Open(
        Invocation invocation, CommandContext context, string[] paths, OutputPlan output, bool isOfExits = false)
    {
        RecordingSource source = RecordingSource.Open(paths, context, _window.Read(invocation.Result, isOfExits));
        source.RefuseOverwrite(output, context);
        return source;
    }

    private int RunTimeline(
        Invocation invocation, CommandContext context, string[] paths, string view, Selection selection, OutputPlan output)
    {
        if (view == "slower") throw UsageError.Of("slower has no --timeline", "Leave one of them out.");
        if (!OutputKinds.Timelines.Formats.Contains(output.Format))
            throw UsageError.Of($"--timeline has no --format {output.Format.Name}",
                "Use --interval with --format json or csv, without --timeline.");
        (TimelineBy by, int rows) = _report.ReadTimeline(invocation.Result);
        using RecordingSource source = Open(invocation, context, paths, output);
        RecordedRequest.NeedTime(source.Recording.Header);
        var exits = new RecordedExits(source.Recording, selection);
        IntervalRange range = source.Window.Range;
        exits.Resolve(range);
        Grouping grouping = by switch { TimelineBy.Vcpu => Grouping.Vcpu, TimelineBy.Vm => Grouping.Vm, _ => Grouping.Host };
        if (grouping > Grouping.Host) exits.Require(grouping, by == TimelineBy.Vcpu ? "--by vcpu" : "--by vm");
        using OutputTarget target = OutputTarget.Open(output, context);
        if (!output.Format.IsText && target.To.Bytes is null)
            throw UsageError.Of($"a {output.Format.Name.ToUpperInvariant()} is not text",
                $"Give a file for it: -o timeline.{output.Format.Name}");
        int? step = invocation.Result.Text(_interval) is null ? null : Step(invocation.Result, source.Recording, range);
        if (step is { } length) RecordedSteps.CheckCount(range, length, MostColumns, "columns", source.Recording);
        int most = output.Format.IsPicture ? MostPictureColumns : TimelineView.ColumnsFor(target.Style.Width);
        Interval[] columns = [.. TimelineColumns.Of(range, source.Recording, step, most)
            .Select(c => exits.Sum(c, grouping, ExitParts.None))];
        string title = $"{source.Recording.Header.Host}, {source.Title}";
        Timeline timeline = TimelineBuilder.Build(title, columns, by, rows);
        target.Begin();
        OutputKinds.Timelines.In(output.Format)(target.To, timeline);
        target.Writer.Flush();
        Say(source, context);
        return 0;
    }

    private int RunSlower(Invocation invocation, CommandContext context, string[] paths, Selection selection, OutputPlan output,
        string? argument)
    {
        _report.RefuseAll(invocation.Result, "slower");
        if (invocation.Result.Text(_interval) is not null)
            throw UsageError.Of("'slower' has no option --interval", "It belongs to count, time and hist.");
        using RecordingSource source = Open(invocation, context, paths, output, isOfExits: true);
        string path = source.Path;
        RecordingHeader header = source.Recording.Header;
        if (header.SlowNs == 0)
            throw UsageError.Of($"'{path}' was made without --slower, so it has no slow exits",
                "Record with --slower TIME; 'report FILE hist' shows how handling times were spread.");
        ulong threshold = argument is null ? header.SlowNs : Threshold.Parse(argument);
        TimePart? part = Part(invocation.Result, header, path);
        if (threshold < header.SlowNs)
            throw UsageError.Of($"'{path}' has exits of {Kept(header)}", "Give a greater threshold, or leave it out.");
        bool who = invocation.Result.Has(_who);
        if (who && !header.HasWho)
            throw UsageError.Of($"'{path}' does not say who ran instead", "Record with --slower TIME --who, or leave --who out.");
        IntervalRange range = source.Recording.Touching(source.Window.From, source.Window.To);
        var exits = new RecordedExits(source.Recording, selection);
        exits.Resolve(range);
        using OutputTarget target = OutputTarget.Open(output, context);
        IOutputWriter<SlowExit> writer = OutputKinds.SlowExits.In(output.Format)(target.To,
            new SlowExitRequest(who || invocation.Result.Has(_verbose)) { Known = exits.VmsIn(range), IsRecorded = true });
        Interval sum = exits.Sum(range, Grouping.Host, ExitParts.None);
        foreach (SlowExit exit in exits.Slow(source.Window, threshold, part))
        {
            target.Begin();
            writer.Write(exit);
        }
        target.Begin();
        SlowerCommand.WriteLosses(output.Format, target.To)?.Invoke(sum, true);
        target.Writer.Flush();
        if (AccountingText.LostEvents(sum.Accounting) is { } lost) context.Tell(lost);
        Say(source, context);
        return 0;
    }

    // Only the recorder's part is complete: exits that are slow in another part were not recorded.
    private TimePart? Part(ParseResult result, RecordingHeader header, string path)
    {
        if (result.Text(_part) is not { } text) return header.SlowPart;
        TimePart part = Threshold.ParsePart(text);
        if (!header.HasSplit)
            throw UsageError.Of($"'{path}' does not say where the time of its slow exits went: it was made with --without split",
                "Record without '--without split', or leave --part out.");
        if (header.SlowPart is { } kept && kept != part)
            throw UsageError.Of($"'{path}' has exits of {Kept(header)}, and no others",
                $"Give --part {Threshold.NameOf(kept)}, or leave --part out.");
        return part;
    }

    private static string Kept(RecordingHeader header) =>
        $"{ScaledText.Time(header.SlowNs)} and more{(header.SlowPart is { } part ? $" in {Threshold.NameOf(part)}" : "")}";

    private static void Say(RecordingSource source, CommandContext context)
    {
        foreach (string note in source.Notes()) context.Say(note);
    }

    // Files first: a word that is a view ends them, so a file of such a name is ./count.
    private static (string[] Paths, string View, string? Argument) Positional(IReadOnlyList<string> words)
    {
        if (words.Count == 0)
            throw UsageError.Of("report needs a recording", "Give its file: kvmscope report FILE. 'kvmscope record' makes one.");
        int view = 1;
        for (; view < words.Count && !s_views.Contains(words[view]); view++)
            if (!Path.Exists(words[view]) && words[view].AsSpan().IndexOfAny('/', '.') < 0)
                throw UsageError.NotOneOf("the view", words[view], s_views);
        string[] paths = [.. words.Take(view)], rest = [.. words.Skip(view)];
        return rest switch
        {
            [] => (paths, "time", null),
            [var only] => (paths, only, null),
            ["hist" or "slower", var argument] => (paths, rest[0], argument),
            _ => throw UsageError.Of($"'{words[^1]}' is one argument too many for 'report'", "See 'kvmscope report --help'."),
        };
    }

    // How many intervals one answer covers.
    private int Step(ParseResult result, RecordingSet recording, IntervalRange range) =>
        result.Text(_interval) is { } text ? RecordedSteps.Parse(text, recording) : range.Count;
}
