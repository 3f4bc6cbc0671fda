namespace Kvmscope.Core.Sources;

/// <summary>
/// Has memory collected when answers are done: they are garbage then, so that it costs next to nothing. Left alone, the runtime collects
/// when as much was allocated as the CPU's cache holds: on servers that is most of the memory in use, and it comes in the midst of a large
/// answer, all of which is copied. A smaller limit (System.GC.Gen0MaxBudget) makes large answers half as expensive again.
/// </summary>
public sealed class Garbage
{
    private const long Enough = 2 << 20;
    private const int WithOld = 8;

    private long _before = GC.GetAllocatedBytesForCurrentThread();
    private int _collections;

    /// <summary>Collects, if this thread has allocated 2 MiB since the last time. Called when little is in use.</summary>
    public void Collect()
    {
        long now = GC.GetAllocatedBytesForCurrentThread();
        if (now - _before < Enough) return;
        _before = now;
        // What has lived for long is seldom garbage, and on a large host it is much to look at: once per eight times.
        GC.Collect(++_collections % WithOld == 0 ? 2 : 1, GCCollectionMode.Forced, blocking: true);
    }
}
