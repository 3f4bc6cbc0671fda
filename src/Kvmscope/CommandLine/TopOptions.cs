using System.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Sources;

namespace Kvmscope.CommandLine;

/// <summary>The options that say what a live screen measures and how it begins.</summary>
/// <param name="offersReturns">Whether returns to the VMM can be asked for: metrics and recordings have them, the screen does not.</param>
internal sealed class TopOptions(bool offersReturns = false)
{
    private const ulong DefaultSlowNs = 10_000_000;

    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(100), s_longest = TimeSpan.FromHours(1);

    private static readonly string[] s_extras = ["page", "rip"], s_extrasWithReturns = [.. s_extras, "vmm"];

    private readonly string[] _extras = offersReturns ? s_extrasWithReturns : s_extras;
    private readonly Option<string> _interval = OptionFactory.Value("--interval", "TIME",
        "How often it reads and draws (default: 1s); of a recording the time that is shown at once.");
    private readonly Option<string> _duration = OptionFactory.Value("--duration", "TIME", "Leave after this time: 10s, 5m, 1h.");
    private readonly Option<bool> _light = OptionFactory.Switch("--light",
        "Counts and handling times only: for the guests that costs what 'time' costs, and the split, qualifiers and nested rounds are "
        + "missing.");
    private readonly Option<string[]> _with = OptionFactory.Values("--with", "WHAT[,WHAT]",
        "Also keep apart, which costs more: page (of the guest's memory), rip (the guest's instruction)"
        + (offersReturns ? ", vmm (returns to the VMM)." : ".")).Of(offersReturns ? s_extrasWithReturns : s_extras);
    private readonly Option<string> _pageSize =
        OptionFactory.Value("--page-size", PageSizes.Names, "With --with page: the size of a page (default: 4K).");
    private readonly Option<string> _slower = OptionFactory.Value("--slower", "TIME",
        "Exits of at least this handling time, without halts, are listed one by one (default: 10ms; none with --light).");
    private readonly Option<bool> _who = OptionFactory.Switch("--who",
        "Which task had the CPU while a slow exit's thread waited for it. Traces every task switch of the host.");
    private readonly Option<bool> _requireDrop =
        OptionFactory.Switch("--require-drop", "End with status 4 if privileges cannot be dropped once it is attached.");

    /// <summary>The options as --help shows them.</summary>
    public OptionGroup Group => GroupOf("Live (until q)");

    /// <summary>The same under another title.</summary>
    public OptionGroup GroupOf(string title) =>
        new(title, [_interval, _duration, _light, _with, _pageSize, _slower, _who, _requireDrop]);

    /// <summary>Which of them cannot be given with a recording, as typed; null where none is.</summary>
    public string? OfLive(ParseResult result) =>
        Array.Find(new Option[] { _duration, _light, _with, _pageSize, _slower, _who, _requireDrop },
            option => result.GetResult(option) is { Implicit: false })?.Name;

    /// <summary>How long an interval is, ns; null where it is not said.</summary>
    public string? Interval(ParseResult result) => result.Text(_interval);

    /// <summary>How long it runs, and how often it reads.</summary>
    /// <exception cref="KvmscopeException">A value makes no sense (status 2).</exception>
    public RunPlan Plan(ParseResult result)
    {
        TimeSpan interval = Time(result, _interval, s_shortest, s_longest) ?? TimeSpan.FromSeconds(1);
        TimeSpan? duration = Time(result, _duration, s_shortest, TimeSpan.FromDays(365));
        return new RunPlan(duration, interval) { RequiresDrop = result.Has(_requireDrop) };
    }

    /// <summary>What is measured.</summary>
    /// <param name="result">What was typed.</param>
    /// <param name="hasAllExits">Whether no reason or level is left out; otherwise rounds of nested guests cannot be followed.</param>
    /// <exception cref="KvmscopeException">A value or a combination makes no sense (status 2).</exception>
    public TraceOptions Detail(ParseResult result, bool hasAllExits)
    {
        bool isLight = result.Has(_light);
        IReadOnlyList<string> with = result.Items(_with);
        if (with.FirstOrDefault(w => !_extras.Contains(w)) is { } unknown) throw UsageError.NotOneOf("--with", unknown, _extras);
        if (with.Count == 0 && result.Texts(_with).Count > 0) throw UsageError.NotOneOf("--with", "", _extras);
        if (result.Text(_pageSize) is not null && !with.Contains("page"))
            throw UsageError.Of("--page-size needs --with page", "Add --with page, or leave --page-size out.");
        if (isLight && (with.Count > 0 ? _with.Name : result.Has(_who) ? _who.Name : null) is { } more)
            throw UsageError.Of($"--light leaves out what {more} asks for", "Give one of them.");
        return new TraceOptions
        {
            WantSplit = !isLight,
            WantQualifiers = !isLight,
            WantNested = !isLight && hasAllExits,
            PageShift = !with.Contains("page") ? null : result.Text(_pageSize) is { } size ? PageSizes.Parse(size) : PageSizes.DefaultShift,
            WantRips = with.Contains("rip"),
            WantReturns = with.Contains("vmm"),
            SlowNs = result.Text(_slower) is { } slower ? Threshold.Parse(slower) : isLight ? 0 : DefaultSlowNs,
            SlowIsAwake = !isLight,
            WantWho = result.Has(_who),
        };
    }

    /// <summary>What was measured when a recording was made.</summary>
    public static TraceOptions DetailOf(RecordingHeader header) => new()
    {
        WantTime = header.HasTime,
        WantSplit = header.HasSplit,
        WantQualifiers = header.HasQualifiers,
        WantNested = header.HasNested,
        PageShift = header.PageShift,
        WantRips = header.HasRips,
        SlowNs = header.SlowNs,
        SlowPart = header.SlowPart,
        WantWho = header.HasWho,
        WantReturns = header.HasReturns,
        Finest = header.Grouping,
    };

    private static TimeSpan? Time(ParseResult result, Option<string> option, TimeSpan shortest, TimeSpan longest)
    {
        if (result.Text(option) is not { } text) return null;
        double ms = Durations.Parse(option.Name, text) / 1e6;
        return ms >= shortest.TotalMilliseconds && ms <= longest.TotalMilliseconds
            ? TimeSpan.FromMilliseconds(ms)
            : throw UsageError.Of($"{option.Name} '{text}' is out of range", option.Name == "--interval"
                ? "Give a time from 100ms to 1h." : "Give a time from 100ms to 8760h.");
    }
}
