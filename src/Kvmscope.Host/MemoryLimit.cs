using Kvmscope.Core;
using Kvmscope.Host.Interop;

namespace Kvmscope.Host;

/// <summary>
/// The shell's limits on memory. The collector of .NET 10 reserves half of the address space that it may have; where it comes near the end
/// of that, the process ends with SIGSEGV. Below a limit of its own, it is an <see cref="OutOfMemoryException"/> (docs/limits.md).
/// </summary>
public static class MemoryLimit
{
    /// <summary>
    /// With less address space the collector may end the process whatever its own limit is: seen with 50 to 400 MB, not from 500 MB on.
    /// With 195 and 293 MiB the runtime was seen to end (status 255) even before <see cref="Heed"/>: it reserves half of the limit while
    /// the malloc of a thread maps 128 MiB.
    /// </summary>
    internal const ulong LeastAddressSpace = 512UL << 20;

    // How the runtime reads it: in bytes.
    private const string Setting = "GCHeapHardLimit";

    /// <summary>Heeds the limits. Called first.</summary>
    /// <exception cref="KvmscopeException">The limit on the address space is too small to run (status 1).</exception>
    public static void Heed()
    {
        if (HeapBytes(Of(Libc.RLIMIT_AS), Of(Libc.RLIMIT_DATA)) is not { } most) return;
        AppContext.SetData(Setting, most);
        GC.RefreshMemoryLimit();
    }

    /// <summary>What the heap may take; null where nothing is limited.</summary>
    /// <param name="addressSpace">The limit on the address space in bytes; the largest number is none.</param>
    /// <param name="data">The limit on data, which does not count what is only reserved.</param>
    internal static ulong? HeapBytes(ulong addressSpace, ulong data)
    {
        if (addressSpace < LeastAddressSpace)
            throw new KvmscopeException(ExitStatus.Failed, $"ulimit -v is {addressSpace >> 10}: that is too little address space to run",
                $"Raise it to {LeastAddressSpace >> 10} or more, or limit memory with ulimit -d or MemoryMax= instead.");
        // Measured: 3/16 is never near the end of what is reserved. Of data, all counts that is not shared or read from files.
        ulong most = Math.Min(addressSpace == ulong.MaxValue ? ulong.MaxValue : addressSpace / 16 * 3,
            data == ulong.MaxValue ? ulong.MaxValue : data / 8 * 3);
        return most == ulong.MaxValue ? null : most;
    }

    private static unsafe ulong Of(int resource)
    {
        Libc.rlimit limit;
        return Libc.getrlimit(resource, &limit) == 0 ? limit.rlim_cur : ulong.MaxValue;
    }
}
