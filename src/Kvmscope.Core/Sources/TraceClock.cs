namespace Kvmscope.Core.Sources;

/// <summary>When a trace started, and how long it has run.</summary>
public sealed class TraceClock
{
    private readonly TimeProvider _clock;
    private readonly long _start;

    /// <summary>Starts now, or started a while ago.</summary>
    /// <param name="clock">The clock.</param>
    /// <param name="sinceNs">CLOCK_MONOTONIC of the start in ns; now where null.</param>
    public TraceClock(TimeProvider clock, long? sinceNs = null)
    {
        _clock = clock;
        _start = sinceNs is { } ns ? (long)(ns * (clock.TimestampFrequency / 1e9)) : clock.GetTimestamp();
        Started = clock.GetLocalNow() - clock.GetElapsedTime(_start);
    }

    /// <summary>Wall-clock time of the start.</summary>
    public DateTimeOffset Started { get; }

    /// <summary>CLOCK_MONOTONIC of the start, ns: on Linux that is what TimeProvider's timestamps are.</summary>
    public long StartMonotonicNs => (long)(_start * (1e9 / _clock.TimestampFrequency));

    /// <summary>Time since the start.</summary>
    public TimeSpan Elapsed => _clock.GetElapsedTime(_start);
}
