using System.CommandLine;
using System.Globalization;
using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Output;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Sources;
using Kvmscope.Live;
using Kvmscope.Live.Keys;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;
using Kvmscope.Recordings;
using Kvmscope.Running;
using Kvmscope.Terminal;
using Selection = Kvmscope.Core.Selections.Selection;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope top</c>: one live screen for all VMs and reasons, of this host or of recordings.</summary>
internal sealed class TopCommand : ICommand
{
    private readonly FilterOptions _filters = new();
    private readonly TopOptions _top = new();
    private readonly WindowOptions _window = new();
    private readonly Option<string> _view =
        OptionFactory.Value("--view", "VIEW", $"Begin with this view: {string.Join(", ", LiveViews.All.Select(view => view.Name))}.")
            .Of([.. LiveViews.All.Select(view => view.Name)]);
    private readonly Option<string> _sort = OptionFactory.Value("--sort", "COLUMN", "Begin in the order of this column, by its heading.");
    private readonly Option<string> _filter = OptionFactory.Value("--filter", "TEXT", "Begin with rows whose names have TEXT in them.");
    private readonly Option<bool> _once = OptionFactory.Switch("--once", "Print one screen as text, and leave: for scripts.");

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("top", "[FILE...] [options]",
        "One live screen for all VMs and reasons; the same on recordings",
        "Which VM is slow, since when, and why: VMs, vCPUs, reasons, qualifiers, nested guests, latencies and slow exits, from one to the "
        + "next with Enter and back with Esc. Space pauses, and the arrows go back in time. ? shows all keys. "
        + "With FILE, which are recordings or folders of them, it shows those, on any machine and without root.",
        [
            new("kvmscope top", "All VMs of this host, the one that loses most time first."),
            new("kvmscope top --vm 'web*' --view reasons", "What the VMs with such names exit for."),
            new("kvmscope top --light", "At the lowest cost for the guests."),
            new("kvmscope top /var/lib/kvmscope --from 14:00", "A recording that rotates, from this time on."),
            new("kvmscope top --once --sort p99", "One table as text, after a second."),
        ]);

    /// <inheritdoc/>
    public Argument<string[]> Words { get; } = new("FILE") { Arity = ArgumentArity.ZeroOrMore };

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups =>
    [
        _filters.Group, new("Screen", [_view, _sort, _filter, _once]), _top.Group, new("Of a recording", _window.Options),
        new("Keys", [], [.. LiveActions.Listed.Select(action => (action.Keys, action.What))]),
    ];

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        ParseResult result = invocation.Result;
        LiveState start = LiveStart.Read(result.Text(_view), result.Text(_sort), result.Text(_filter));
        Selection selection = _filters.Read(result);
        if (invocation.Words.Count > 0) return ShowRecording(invocation, context, selection, start);
        if (_window.IsGiven(result))
            throw UsageError.Of("--from and --to are for recordings", "Give a FILE, or leave them out: the arrow keys go back in time.");
        return ShowHost(invocation, context, selection, start);
    }

    private int ShowHost(Invocation invocation, CommandContext context, Selection selection, LiveState start)
    {
        bool once = invocation.Result.Has(_once);
        RunPlan plan = _top.Plan(invocation.Result);
        TraceOptions detail = _top.Detail(invocation.Result, selection.HasAllExits);
        // Before the kernel is changed, and while the user's own files can be read.
        Func<ILiveTerminal>? take = once ? null : context.LiveTerminal();
        long stepNs = plan.Interval!.Value.Ticks * 100;
        string host = context.Host().Identity().Name;
        var job = new TraceJob
        {
            Selection = selection,
            MaxVcpus = _filters.MaxVcpus(invocation.Result),
            Plan = once ? plan with { Duration = plan.Interval } : plan,
            Output = new OutputPlan(OutputFormat.Table, null, ColorWhen.Never),
            Detail = detail,
            IsWokenBySlow = false,
            MakesFiles = !once,
        };
        var history = new LiveHistory(detail.Finest, detail.Parts, stepNs);
        var source = new LiveSource(host, history, IsLive: true) { Detail = detail, HasAllExits = selection.HasAllExits };
        var app = new LiveApp(source, start with { StepNs = stepNs }, context.Screen.Unicode);
        return job.Run(context, static _ => { }, trace =>
        {
            using ILiveTerminal? terminal = take?.Invoke();
            LiveProgram? program = terminal is null ? null : new LiveProgram(app, terminal, trace.End, () => Write(app, context));
            trace.Sampler.Add(new Sink(detail.Finest, interval =>
            {
                history.Add(interval);
                if (!trace.Sampler.HasEnded) program?.Draw();
                return true;
            })
            { Step = plan.Interval, MostSlow = MostSlow, LetGo = history.LetGo });
            program?.Draw();
            trace.Sampler.Run(program is null ? trace.End.Wait : time => program.Wait(time, context.Clock), job.Plan.Duration);
            if (once) Print(app, context);
        });
    }

    // Of an interval; more could not be looked at one by one.
    private const int MostSlow = 1000;

    private int ShowRecording(Invocation invocation, CommandContext context, Selection selection, LiveState start)
    {
        ParseResult result = invocation.Result;
        if (_top.OfLive(result) is { } option)
            throw UsageError.Of($"{option} is for this host, and not for recordings", $"Leave {option} out, or the files.");
        using RecordingSource recordings = RecordingSource.Open(invocation.Words, context, _window.Read(result));
        RecordingHeader header = recordings.Recording.Header;
        var exits = new RecordedExits(recordings.Recording, selection);
        IntervalRange range = recordings.Window.Range;
        exits.Resolve(range);
        int steps = _top.Interval(result) is null ? 1 : RecordedSteps.Parse(_top.Interval(result)!, recordings.Recording);
        var history = new RecordedHistory(recordings.Recording, range, exits.Wanted);
        var source = new LiveSource($"{header.Host}, {recordings.Title}", history, IsLive: false)
        {
            Detail = TopOptions.DetailOf(header),
            Grouping = header.Grouping,
            HasAllExits = exits.HasAll,
            Notes = [.. recordings.Notes()],
        };
        start = LiveTime.LastWithExits(history, start with { StepNs = steps * header.IntervalNs });
        var app = new LiveApp(source, start, context.Screen.Unicode);
        if (result.Has(_once)) Print(app, context);
        else Show(app, context);
        foreach (string note in recordings.Notes()) context.Say(note);
        return (int)ExitStatus.Fine;
    }

    private static void Show(LiveApp app, CommandContext context)
    {
        Func<ILiveTerminal> take = context.LiveTerminal();
        using ITraceEnd end = context.TraceEnd();
        end.Listen();
        using ILiveTerminal terminal = take();
        var program = new LiveProgram(app, terminal, end, () => Write(app, context));
        program.Draw();
        while (!program.Wait(TimeSpan.FromHours(1), context.Clock))
        {
        }
    }

    private static void Print(LiveApp app, CommandContext context)
    {
        context.Out.Write(app.Print(context.Screen.Width));
        context.Out.Flush();
    }

    // Two files beside each other: what is seen, and its figures.
    private static string Write(LiveApp app, CommandContext context)
    {
        string name = "kvmscope-top-" + context.Clock.GetLocalNow().ToString("yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture);
        try
        {
            using (OutputFile text = OutputFile.Open(name + ".txt", context.System, isPrivate: true)) WriteTo(text, app.Text());
            using (OutputFile json = OutputFile.Open(name + ".json", context.System, isPrivate: true)) WriteTo(json, app.Json());
            return $"written: {name}.txt, {name}.json";
        }
        catch (KvmscopeException error)
        {
            return error.Message;
        }
    }

    private static void WriteTo(OutputFile file, string text)
    {
        file.Empty();
        file.Writer.Write(text);
        file.Writer.Flush();
    }
}
