namespace Kvmscope.Host.Tracing;

/// <summary>The clocks that the kernel side uses, read the same way.</summary>
internal static unsafe class MonotonicClock
{
    /// <summary>CLOCK_MONOTONIC in ns: the time base of bpf_ktime_get_ns().</summary>
    internal static long NowNs() => Read(Interop.Libc.CLOCK_MONOTONIC);

    /// <summary>Wall-clock time of a CLOCK_MONOTONIC instant; to 100 ns. Clock steps after the instant shift it, as the kernel keeps no wall-clock time of an event.</summary>
    internal static DateTimeOffset ToWallClock(long monotonicNs)
    {
        long unixNs = Read(Interop.Libc.CLOCK_REALTIME) - NowNs() + monotonicNs;
        return DateTimeOffset.UnixEpoch.AddTicks(unixNs / 100);
    }

    private static long Read(int clock)
    {
        Interop.Libc.timespec time;
        Interop.Libc.clock_gettime(clock, &time);
        return time.tv_sec * 1_000_000_000L + time.tv_nsec;
    }
}
