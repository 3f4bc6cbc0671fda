using System.CommandLine;

namespace Kvmscope.CommandLine;

/// <summary>The options that say how long to trace and how often to print an answer.</summary>
internal sealed class RunOptions
{
    /// <summary>What stands for the argument that says how long.</summary>
    internal const string TimeName = "TIME";

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
    /// <param name="time">The argument that says how long, or null.</param>
    /// <exception cref="Core.KvmscopeException">A value or a combination makes no sense (status 2).</exception>
    public RunPlan Read(ParseResult result, IReadOnlyList<string>? command, string? time = null)
    {
        TimeSpan? duration = Time(_duration.Name, result.Text(_duration));
        TimeSpan? interval = _interval is null ? null : Time(_interval.Name, result.Text(_interval));
        if (time is not null && duration is not null)
            throw UsageError.Of($"{TimeName} and {_duration.Name} say the same thing", "Give one of them.");
        duration ??= Time(TimeName, time);
        string said = time is null ? _duration.Name : TimeName;
        if (command is { Count: 0 }) throw UsageError.Of("no command after --", "Give one, as in: -- sleep 10");
        if (command is not null && duration is not null)
            throw UsageError.Of($"{said} and -- COMMAND both say when to stop",
                "Give one of them; 'timeout 10s COMMAND' limits a command.");
        if (duration < interval)
            throw UsageError.Of($"--interval is longer than {said}, so no interval would be complete",
                $"Make {said} longer, or leave --interval out.");
        return new RunPlan(duration, interval, command) { RequiresDrop = result.Has(_requireDrop) };
    }

    private static TimeSpan? Time(string name, string? text)
    {
        if (text is null) return null;
        double ms = Durations.Parse(name, text) / 1e6;
        if (ms < s_shortest.TotalMilliseconds || ms > s_longest.TotalMilliseconds)
            throw UsageError.Of($"{name} '{text}' is out of range", "Give a time from 10ms to 8760h.");
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
