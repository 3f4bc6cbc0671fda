namespace Kvmscope.Tests.Fakes;

/// <summary>A clock that moves only when something waits on it; it starts at a fixed time of day.</summary>
internal sealed class FakeClock : TimeProvider
{
    /// <summary>The time of day when it starts.</summary>
    public DateTimeOffset Start { get; init; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>When somebody sets the time of day, and by how much.</summary>
    public List<(double Second, TimeSpan By)> Steps { get; } = [];

    /// <summary>The host's zone.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Time since the start.</summary>
    public TimeSpan Now { get; private set; }

    public override long TimestampFrequency => 1_000_000_000;

    public override TimeZoneInfo LocalTimeZone => Zone;

    public long MonotonicNs => Now.Ticks * 100;

    public override long GetTimestamp() => MonotonicNs;

    public override DateTimeOffset GetUtcNow() =>
        Steps.Where(s => s.Second <= Now.TotalSeconds).Aggregate(Start + Now, (at, s) => at + s.By);

    public void Advance(TimeSpan by)
    {
        if (by > TimeSpan.Zero) Now += by;
    }
}
