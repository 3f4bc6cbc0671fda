using System.CommandLine;

namespace Kvmscope.CommandLine;

/// <summary>The options that say how long to trace and how often to print an answer.</summary>
internal sealed class RunOptions
{
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(365);

    private readonly Option<string> _duration =
        OptionFactory.Value("--duration", "TIME", "Stop after this time: 500ms, 10s, 5m, 1h; a bare number is seconds.");
    private readonly Option<string>? _interval;
    private readonly Option<bool> _requireDrop =
        OptionFactory.Switch("--require-drop", "End with status 4 if privileges cannot be dropped once it is attached.");
    private readonly bool _passesStatusOn;

    /// <summary>Makes the options.</summary>
    /// <param name="withInterval">Whether the command has --interval.</param>
    /// <param name="passesStatusOn">Whether its exit status is that of the command that it started.</param>
    public RunOptions(bool withInterval, bool passesStatusOn = true)
    {
        _passesStatusOn = passesStatusOn;
        if (withInterval)
            _interval = OptionFactory.Value("--interval", "TIME",
                "Print an answer every TIME, about that time only, until Ctrl-C or --duration.");
    }

    /// <summary>The options as --help shows them.</summary>
    public OptionGroup Group => new("Run (until Ctrl-C by default)",
        _interval is null ? [_duration, _requireDrop] : [_duration, _interval, _requireDrop],
        ("-- COMMAND ...", "Start COMMAND once tracing runs, stop when it ends" + (_passesStatusOn ? ", exit with its status." : ".")));

    /// <summary>Reads and checks the options.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="command">What follows <c>--</c>, or null.</param>
    /// <exception cref="Core.KvmscopeException">A value or a combination makes no sense (status 2).</exception>
    public RunPlan Read(ParseResult result, IReadOnlyList<string>? command)
    {
        TimeSpan? duration = Time(result, _duration);
        TimeSpan? interval = _interval is null ? null : Time(result, _interval);
        if (command is { Count: 0 }) throw UsageError.Of("no command after --", "Give one, as in: -- sleep 10");
        if (command is not null && duration is not null)
            throw UsageError.Of("--duration and -- COMMAND both say when to stop",
                "Give one of them; 'timeout 10s COMMAND' limits a command.");
        if (duration < interval)
            throw UsageError.Of("--interval is longer than --duration, so no interval would be complete",
                "Make --duration longer, or leave --interval out.");
        return new RunPlan(duration, interval, command) { RequiresDrop = result.Has(_requireDrop) };
    }

    private static TimeSpan? Time(ParseResult result, Option<string> option)
    {
        if (result.Text(option) is not { } text) return null;
        double ms = Durations.Parse(option.Name, text) / 1e6;
        if (ms < s_shortest.TotalMilliseconds || ms > s_longest.TotalMilliseconds)
            throw UsageError.Of($"{option.Name} '{text}' is out of range", "Give a time from 10ms to 8760h.");
        return TimeSpan.FromMilliseconds(ms);
    }
}

/// <summary>How long to trace and how often to print an answer.</summary>
/// <param name="Duration">When to stop; null for no limit.</param>
/// <param name="Interval">How often to print an answer; null for once, at the end.</param>
/// <param name="Command">What to start once tracing runs; tracing stops when it ends.</param>
internal sealed record RunPlan(TimeSpan? Duration = null, TimeSpan? Interval = null, IReadOnlyList<string>? Command = null)
{
    /// <summary>Whether it is an error if privileges cannot be dropped.</summary>
    public bool RequiresDrop { get; init; }
}
