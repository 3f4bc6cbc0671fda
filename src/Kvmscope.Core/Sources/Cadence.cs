namespace Kvmscope.Core.Sources;

/// <summary>The times of something that repeats at fixed distances from a start, so that lateness does not add up. A time that was missed is not made up for.</summary>
/// <param name="period">The distance; null for never.</param>
public sealed class Cadence(TimeSpan? period)
{
    /// <summary>The next time, since the start; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan Next { get; private set; } = period ?? TimeSpan.MaxValue;

    /// <summary>Whether it is time; if so the next time is the first multiple that lies ahead.</summary>
    /// <param name="elapsed">The time since the start.</param>
    public bool IsDue(TimeSpan elapsed)
    {
        if (elapsed < Next || period is not { } step) return false;
        Next = new TimeSpan((elapsed.Ticks / step.Ticks + 1) * step.Ticks);
        return true;
    }
}
