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

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Old()
    {
        object used = new();
        while (GC.GetGeneration(used) < GC.MaxGeneration) GC.Collect();
        return new WeakReference(used);
    }
}
