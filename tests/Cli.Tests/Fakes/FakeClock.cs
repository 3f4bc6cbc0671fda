namespace Kvmscope.Tests.Fakes;

/// <summary>A clock that moves only when something waits on it; it starts at a fixed time of day.</summary>
internal sealed class FakeClock : TimeProvider
{
    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Time since the start.</summary>
    public TimeSpan Now { get; private set; }

    public override long TimestampFrequency => 1_000_000_000;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public long MonotonicNs => Now.Ticks * 100;

    public override long GetTimestamp() => MonotonicNs;

    public override DateTimeOffset GetUtcNow() => s_start + Now;

    public void Advance(TimeSpan by)
    {
        if (by > TimeSpan.Zero) Now += by;
    }
}
