using System.Runtime.CompilerServices;
using Kvmscope.Running;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>What is dead for long is collected, and not more often than that pays.</summary>
public sealed class HeapTrimTests
{
    [Fact]
    public void What_is_dead_and_large_is_collected_after_ten_seconds()
    {
        var clock = new FakeClock();
        var trim = new HeapTrim(clock);
        WeakReference old = Dead();
        clock.Advance(TimeSpan.FromSeconds(9.9));
        trim.Look();
        Assert.True(old.IsAlive);
        clock.Advance(TimeSpan.FromSeconds(0.2));
        trim.Look();
        Assert.False(old.IsAlive);
    }

    // In the oldest generation, where nothing but a full collection finds it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Dead()
    {
        byte[] dead = new byte[32 << 20];
        Assert.Equal(GC.MaxGeneration, GC.GetGeneration(dead));
        return new WeakReference(dead);
    }
}
