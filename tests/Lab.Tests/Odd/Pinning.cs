using System.Runtime.InteropServices;

namespace Kvmscope.Lab.Tests.Odd;

/// <summary>Keeps the calling thread on one CPU.</summary>
internal static partial class Pinning
{
    /// <param name="cpu">Below 64.</param>
    internal static void ToCpu(int cpu)
    {
        ulong mask = 1UL << cpu;
        _ = sched_setaffinity(0, sizeof(ulong), in mask);
    }

    [LibraryImport("libc")]
    private static partial int sched_setaffinity(int tid, nuint size, in ulong mask);
}
