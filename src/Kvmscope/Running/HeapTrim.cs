namespace Kvmscope.Running;

/// <summary>
/// Gives memory back that answers took. The collector knows of no limit, and leaves what is dead in its oldest generation for minutes,
/// which was tens of MB of a server. Not for several threads at once.
/// </summary>
/// <param name="clock">Says when.</param>
internal sealed class HeapTrim(TimeProvider clock)
{
    // A full collection stops all threads.
    private static readonly TimeSpan s_least = TimeSpan.FromSeconds(10);

    private const long MostGarbage = 8 << 20;

    private long _live, _looked = clock.GetTimestamp();

    /// <summary>Collects where there may be much to collect and the last time was long enough ago.</summary>
    internal void Look()
    {
        if (clock.GetElapsedTime(_looked) < s_least || GC.GetTotalMemory(false) - _live < MostGarbage) return;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        (_looked, _live) = (clock.GetTimestamp(), GC.GetTotalMemory(false));
    }
}
