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
        long unixNs = Ahead(Interop.Libc.CLOCK_REALTIME) + monotonicNs;
        return DateTimeOffset.UnixEpoch.AddTicks(unixNs / 100);
    }

    /// <summary>How long the host was suspended since it started, ns: CLOCK_BOOTTIME less CLOCK_MONOTONIC (clock_gettime(2)).</summary>
    internal static long SuspendedNs() => Ahead(Interop.Libc.CLOCK_BOOTTIME);

    // By how much a clock is ahead of CLOCK_MONOTONIC. This thread may be preempted between two readings, which must not look like a
    // clock that was set: the shortest of a few tries counts.
    private static long Ahead(int clock)
    {
        const int tries = 5;
        const long fastNs = 2_000;
        (long best, long ahead) = (long.MaxValue, 0);
        for (int i = 0; i < tries && best > fastNs; i++)
        {
            long before = NowNs(), read = Read(clock), took = NowNs() - before;
            if (took < best) (best, ahead) = (took, read - before - (took / 2));
        }
        return ahead;
    }

    private static long Read(int clock)
    {
        Interop.Libc.timespec time;
        Interop.Libc.clock_gettime(clock, &time);
        return time.tv_sec * 1_000_000_000L + time.tv_nsec;
    }
}
