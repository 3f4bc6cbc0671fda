namespace Kvmscope.Core.Sources;

/// <summary>
/// Has memory collected when answers are done: they are garbage then, so that it costs next to nothing. Left alone, the runtime collects
/// when as much was allocated as the CPU's cache holds: on servers that is most of the memory in use, and it comes in the midst of a large
/// answer, all of which is copied. A smaller limit (System.GC.Gen0MaxBudget) makes large answers half as expensive again.
/// </summary>
public sealed class Garbage
{
    private const long Enough = 1 << 20;
    private const int WithOld = 8;

    private readonly Func<long> _allocated;
    private readonly Action<int> _collect;
    private long _before;
    private int _collections;

    /// <summary>The garbage of the thread that asks.</summary>
    public Garbage() : this(
        GC.GetAllocatedBytesForCurrentThread, generation => GC.Collect(generation, GCCollectionMode.Forced, blocking: true))
    {
    }

    internal Garbage(Func<long> allocated, Action<int> collect)
    {
        (_allocated, _collect) = (allocated, collect);
        _before = allocated();
    }

    /// <summary>Collects, if this thread has allocated 1 MiB since the last time. Called when little is in use.</summary>
    public void Collect()
    {
        long now = _allocated();
        if (now - _before < Enough) return;
        _before = now;
        // What has lived for long is seldom garbage, and on a large host it is much to look at: once per eight times.
        _collect(++_collections % WithOld == 0 ? 2 : 1);
    }
}
