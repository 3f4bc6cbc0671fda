using System.Buffers.Text;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host.Machines;

/// <summary>
/// A mounted procfs (or a captured one), and the few ways in which it is read. A process that went away is never an exception.
/// </summary>
/// <param name="path">Where it is mounted.</param>
internal sealed class ProcRoot(string path)
{
    private readonly byte[] _root = Encoding.UTF8.GetBytes(path + "/");

    /// <summary>Room for a path below the root: a pid and the longest name asked for.</summary>
    private int PathLength => _root.Length + 48;

    /// <summary>Opens the root itself.</summary>
    internal SafeFileHandle Open(out int error)
    {
        Span<byte> name = stackalloc byte[PathLength];
        name.Clear();
        _root.CopyTo(name);
        return DirectoryReader.Open(name, out error);
    }

    /// <summary>Opens /proc/PID/fd.</summary>
    internal SafeFileHandle OpenFds(int pid, out int error)
    {
        Span<byte> name = stackalloc byte[PathLength];
        Compose(name, pid, "fd"u8);
        return DirectoryReader.Open(name, out error);
    }

    /// <summary>Reads the start of /proc/PID/NAME.</summary>
    /// <returns>How many bytes were read; -1 where the process or the file is gone or may not be read.</returns>
    internal unsafe int Read(int pid, ReadOnlySpan<byte> file, Span<byte> buffer)
    {
        Span<byte> name = stackalloc byte[PathLength];
        Compose(name, pid, file);
        fixed (byte* p = name)
        {
            using SafeFileHandle handle = Interop.Libc.open_path(p, Interop.Libc.O_RDONLY | Interop.Libc.O_CLOEXEC);
            return handle.IsInvalid ? -1 : ReadAll(handle, buffer);
        }
    }

    /// <summary>Reads the link /proc/PID/NAME; empty where it cannot be read.</summary>
    internal unsafe ReadOnlySpan<byte> ReadLink(int pid, ReadOnlySpan<byte> link, Span<byte> buffer)
    {
        Span<byte> name = stackalloc byte[PathLength];
        Compose(name, pid, ""u8);
        using SafeFileHandle directory = DirectoryReader.Open(name, out int error);
        return error != 0 ? [] : ReadLink(directory, link, buffer);
    }

    /// <summary>Reads a link of an open directory; empty where it cannot be read.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The link's name; the byte after it must be NUL.</param>
    /// <param name="buffer">Where the text goes; cut there.</param>
    internal static unsafe ReadOnlySpan<byte> ReadLink(SafeFileHandle directory, ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        fixed (byte* n = name)
        fixed (byte* b = buffer)
        {
            nint length = Interop.Libc.readlinkat(directory, n, b, (nuint)buffer.Length);
            return length <= 0 ? [] : buffer[..(int)length];
        }
    }

    /// <summary>Reads the start of a file below an open directory.</summary>
    /// <returns>How many bytes were read; -1 where it is gone or may not be read.</returns>
    internal static unsafe int Read(SafeFileHandle directory, string path, Span<byte> buffer)
    {
        byte[] native = [.. Encoding.UTF8.GetBytes(path), 0];
        fixed (byte* p = native)
        {
            using SafeFileHandle handle = Interop.Libc.openat(directory, p, Interop.Libc.O_RDONLY | Interop.Libc.O_CLOEXEC);
            return handle.IsInvalid ? -1 : ReadAll(handle, buffer);
        }
    }

    private static int ReadAll(SafeFileHandle handle, Span<byte> buffer)
    {
        int total = 0;
        try
        {
            while (total < buffer.Length)
            {
                int got = RandomAccess.Read(handle, buffer[total..], total);
                if (got == 0) break;
                total += got;
            }
            return total;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // ESRCH: the process ended between open and read.
            return -1;
        }
    }

    private void Compose(Span<byte> buffer, int pid, ReadOnlySpan<byte> name)
    {
        _root.CopyTo(buffer);
        int at = _root.Length;
        Utf8Formatter.TryFormat(pid, buffer[at..], out int digits);
        at += digits;
        buffer[at++] = (byte)'/';
        name.CopyTo(buffer[at..]);
        buffer[at + name.Length] = 0;
    }
}
