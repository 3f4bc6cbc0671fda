using Kvmscope.Core.Model;

namespace Kvmscope.Core.Sources;

/// <summary>A running trace: attached when it is made, detached when it is disposed. <see cref="Sampler"/> alone reads it.</summary>
public interface ITraceSession : IDisposable
{
    /// <summary>
    /// When counting began: CLOCK_MONOTONIC in ns; null where nothing more exact is known than when this object was made.
    /// </summary>
    long? SinceNs => null;

    /// <summary>What the user has to know before it runs, in words: less room than the host asks for; null: nothing.</summary>
    string? Remark => null;

    /// <summary>
    /// Reads the counters: what happened since the reading before, or since attach. Costs no system call on the traced side. The caller
    /// sets the start of the interval.
    /// </summary>
    /// <param name="grouping">How fine vCPUs are kept apart; no finer than <see cref="TraceOptions.Finest"/>.</param>
    Interval Read(Grouping grouping);

    /// <summary>Waits for slow exits and gives those that came to a sink, in order.</summary>
    /// <param name="timeout">How long to wait for the first; zero takes only what is there.</param>
    /// <param name="sink">Called for each.</param>
    /// <returns>How many there were.</returns>
    int ReadSlow(TimeSpan timeout, Action<SlowExit> sink);

    /// <summary>The last exits of vCPUs that ended since the call before (<see cref="TraceOptions.LastExits"/>).</summary>
    /// <param name="all">Also of all others, for the last time: tracing ends, so that nothing is written meanwhile.</param>
    IReadOnlyList<VcpuHistory> TakeHistories(bool all) => [];

    /// <summary>
    /// Gives cells of keys (qualifiers, pages, instructions) that are rare now to keys that are frequent now and have none. After each
    /// reading, and about once a second.
    /// </summary>
    void ExchangeCells();

    /// <summary>
    /// Housekeeping that must run about once a second: notices VMs that ended, learns the names of new ones, frees slots.
    /// </summary>
    void Sweep();
}
