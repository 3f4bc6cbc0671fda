namespace Kvmscope.SoakBench;

/// <summary>Time that passes only when somebody waits.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    internal TimeSpan Now { get; set; }

    internal long Ns => Now.Ticks * 100;

    public override long TimestampFrequency => 1_000_000_000;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => Ns;

    public override DateTimeOffset GetUtcNow() => s_start + Now;
}
