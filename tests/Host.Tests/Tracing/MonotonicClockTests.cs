using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

public sealed class MonotonicClockTests
{
    // This machine is not suspended while the test runs.
    private const long NearNs = 50_000_000;

    [Fact]
    public void The_time_that_this_host_was_suspended_stands_still_while_it_is_awake()
    {
        long before = MonotonicClock.SuspendedNs();
        Assert.True(before >= -NearNs);
        Assert.InRange(Math.Abs(MonotonicClock.SuspendedNs() - before), 0, NearNs);
        Assert.InRange(Math.Abs(new LinuxSystem().SuspendedNs()!.Value - before), 0, NearNs);
    }

    [Fact]
    public void A_monotonic_time_has_its_wall_clock()
    {
        TimeSpan ago = DateTimeOffset.UtcNow - MonotonicClock.ToWallClock(MonotonicClock.NowNs() - 60_000_000_000);
        Assert.InRange(ago.TotalSeconds, 59.9, 75);
    }
}
