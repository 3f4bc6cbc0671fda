namespace Kvmscope.Host.Tracing;

/// <summary>The clocks that the BPF programs use.</summary>
internal static unsafe class MonotonicClock
{
    /// <summary>CLOCK_MONOTONIC in ns: the time base of bpf_ktime_get_ns().</summary>
    internal static long NowNs() => Read(Interop.Libc.CLOCK_MONOTONIC);

    /// <summary>
    /// The wall-clock time of a CLOCK_MONOTONIC time, to 100 ns. A clock step after that time shifts the result, because the kernel does
    /// not keep the wall-clock time of an event.
    /// </summary>
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
