using System.Runtime.InteropServices;

namespace Kvmscope.Host.Interop;

// Descriptors by number, for the three that every process is given: fcntl.h, poll.h, unistd.h.
internal static unsafe partial class Libc
{
    internal const int F_GETFD = 1;
    internal const int F_SETFD = 2;
    internal const int FD_CLOEXEC = 1;
    internal const short POLLOUT = 4;

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct pollfd
    {
        internal int fd;
        internal short events, revents;
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int fcntl_set(Microsoft.Win32.SafeHandles.SafeFileHandle file, int command, int value);

    // fcntl(2) is variadic; F_GETFD has no argument.
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int fcntl_get(int descriptor, int command);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    internal static partial int open_descriptor(byte* path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint write(int descriptor, byte* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int poll(pollfd* descriptors, nuint count, int milliseconds);
}
