using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kvmscope.Host.Interop;

namespace Kvmscope.Host.Bpf;

/// <summary>
/// A BPF_F_MMAPABLE array, mapped into this process. Reading it takes no system call; the BPF programs write it at the same time.
/// </summary>
/// <typeparam name="T">The layout of an element. Its size is a multiple of 8, like the kernel's stride.</typeparam>
internal sealed unsafe class MappedTable<T> : SafeHandle where T : unmanaged
{
    /// <summary>No array: a simulated one.</summary>
    internal const int Memory = -1;

    private readonly nuint _bytes;

    /// <summary>Maps an array.</summary>
    /// <param name="fd">The array; <see cref="Memory"/> for memory of this process alone, which nobody else writes.</param>
    /// <param name="count">The number of elements.</param>
    internal MappedTable(int fd, int count) : base(Interop.Libc.MAP_FAILED, ownsHandle: true)
    {
        Count = count;
        nuint page = (nuint)Environment.SystemPageSize;
        _bytes = ((nuint)count * (nuint)sizeof(T) + page - 1) / page * page;
        nint at = Interop.Libc.mmap(0, _bytes, Interop.Libc.PROT_READ | Interop.Libc.PROT_WRITE,
            Interop.Libc.MAP_SHARED | (fd == Memory ? Interop.Libc.MAP_ANONYMOUS : 0), fd, 0);
        if (at == Interop.Libc.MAP_FAILED)
            throw Errno.Error($"cannot map {_bytes >> 10} KiB of counters", Marshal.GetLastPInvokeError());
        SetHandle(at);
    }

    /// <summary>The number of elements.</summary>
    internal int Count { get; }

    /// <summary>Bytes mapped.</summary>
    internal long Bytes => (long)_bytes;

    /// <summary>An element, in place.</summary>
    internal ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return ref ((T*)handle)[index];
        }
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == Interop.Libc.MAP_FAILED;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Interop.Libc.munmap(handle, _bytes) == 0;
}
