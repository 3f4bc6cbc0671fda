using System.Runtime.CompilerServices;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Tests;

/// <summary>Memory that is collected when an answer is done.</summary>
public sealed class GarbageTests
{
    [Fact]
    public void What_was_in_use_for_long_is_collected_too()
    {
        var garbage = new Garbage();
        WeakReference old = Old();
        for (int i = 0; i < 8; i++)
        {
            for (int made = 0; made < 100; made++) GC.KeepAlive(new byte[30_000]);
            garbage.Collect();
        }
        Assert.False(old.IsAlive);
    }

    [Fact]
    public void Collects_each_MiB_and_each_eighth_time_all_of_it()
    {
        const long Mib = 1 << 20;
        long allocated = 5 * Mib;
        List<int> collected = [];
        var garbage = new Garbage(() => allocated, collected.Add);

        // What was allocated before is not counted, nor is less than 1 MiB.
        garbage.Collect();
        allocated += Mib - 1;
        garbage.Collect();
        Assert.Empty(collected);

        // From one collection to the next, not since the start.
        allocated++;
        for (int i = 0; i < 3; i++) garbage.Collect();
        Assert.Equal([1], collected);
        for (int i = 0; i < 16; i++)
        {
            allocated += 2 * Mib;
            garbage.Collect();
        }
        Assert.Equal([1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1], collected);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Old()
    {
        object used = new();
        while (GC.GetGeneration(used) < GC.MaxGeneration) GC.Collect();
        return new WeakReference(used);
    }
}
