using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host.Machines;

/// <summary>Walks a directory without allocating: names are slices of the buffer it is given, each followed by a NUL there.</summary>
internal ref struct DirectoryReader
{
    // struct linux_dirent64 (linux/dirent.h): u64 d_ino, s64 d_off, u16 d_reclen, u8 d_type, char d_name[].
    private const int RecordLengthAt = 16;
    private const int NameAt = 19;

    private readonly SafeFileHandle _directory;
    private readonly Span<byte> _buffer;
    private int _filled;
    private int _next;

    /// <param name="directory">An open directory; stays the caller's.</param>
    /// <param name="buffer">At least 1 KiB; larger means fewer system calls.</param>
    internal DirectoryReader(SafeFileHandle directory, Span<byte> buffer)
    {
        _directory = directory;
        _buffer = buffer;
    }

    /// <summary>The name, valid until the next <see cref="MoveNext"/>; the byte after it is NUL.</summary>
    internal ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>The errno that ended the walk early, or 0.</summary>
    internal int Error { get; private set; }

    /// <summary>Opens a directory; the handle is invalid where it cannot be opened.</summary>
    /// <param name="path">The path, NUL-terminated.</param>
    /// <param name="error">The errno, or 0.</param>
    internal static unsafe SafeFileHandle Open(ReadOnlySpan<byte> path, out int error)
    {
        fixed (byte* p = path)
        {
            SafeFileHandle handle = Interop.Libc.open_path(p, Interop.Libc.O_RDONLY | Interop.Libc.O_DIRECTORY | Interop.Libc.O_CLOEXEC);
            error = handle.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
            return handle;
        }
    }

    /// <summary>Steps to the next name; false at the end, or when the directory went away.</summary>
    internal bool MoveNext()
    {
        if (_next >= _filled && !Fill()) return false;
        Span<byte> record = _buffer[_next.._filled];
        int length = BinaryPrimitives.ReadUInt16LittleEndian(record[RecordLengthAt..]);
        ReadOnlySpan<byte> name = record[NameAt..length];
        Current = name[..name.IndexOf((byte)0)];
        _next += length;
        return true;
    }

    private unsafe bool Fill()
    {
        fixed (byte* buffer = _buffer)
        {
            nint got = Interop.Libc.getdents64(_directory, buffer, (nuint)_buffer.Length);
            if (got < 0) Error = Marshal.GetLastPInvokeError();
            _filled = (int)Math.Max(got, 0);
            _next = 0;
            return _filled > 0;
        }
    }
}
