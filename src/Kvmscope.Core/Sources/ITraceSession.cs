using Kvmscope.Core.Model;

namespace Kvmscope.Core.Sources;

/// <summary>A running trace: attached when it is made, detached when it is disposed. <see cref="Sampler"/> alone reads it.</summary>
public interface ITraceSession : IDisposable
{
    /// <summary>Since when exits are counted: CLOCK_MONOTONIC in ns; null where that is not known better than as the time at which it was made.</summary>
    long? SinceNs => null;

    /// <summary>
    /// Reads the counters: what happened since the reading before, or since attach. Costs no system call on the traced side. The begin of
    /// the interval is left to the caller.
    /// </summary>
    /// <param name="grouping">How fine vCPUs are kept apart; no finer than <see cref="TraceOptions.Finest"/>.</param>
    Interval Read(Grouping grouping);

    /// <summary>Waits for slow exits and hands over those that came, in order.</summary>
    /// <param name="timeout">How long to wait for the first; zero takes only what is there.</param>
    /// <param name="sink">Called for each.</param>
    /// <returns>How many were handed over.</returns>
    int ReadSlow(TimeSpan timeout, Action<SlowExit> sink);

    /// <summary>Housekeeping that must run about once a second: notices VMs that ended, learns names of new ones, gives their slots back.</summary>
    void Sweep();
}
