using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host.Interop;

// sys/socket.h, sys/un.h, netinet/in.h. System.Net.Sockets starts a thread with its first socket, which privileges would stay on.
internal static unsafe partial class Libc
{
    internal const int AF_UNIX = 1;
    internal const int AF_INET = 2;
    internal const int AF_INET6 = 10;
    internal const int SOCK_STREAM = 1;
    internal const int SOCK_DGRAM = 2;
    internal const int SOCK_CLOEXEC = 0x80000;
    internal const int SOL_SOCKET = 1;
    internal const int SO_REUSEADDR = 2;
    internal const int SO_ACCEPTCONN = 30;
    internal const int IPPROTO_IPV6 = 41;
    internal const int IPV6_V6ONLY = 26;
    internal const int MSG_NOSIGNAL = 0x4000;
    internal const int MSG_DONTWAIT = 0x40;

    /// <summary>struct sockaddr_un.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct unix_address
    {
        internal const int PathLength = 108;

        internal ushort sun_family;
        internal fixed byte sun_path[PathLength];
    }

    [LibraryImport("libc", SetLastError = true)]
    internal static partial SafeFileHandle socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int connect(SafeFileHandle socket, unix_address* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setsockopt(SafeFileHandle socket, int level, int name, int* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockopt(SafeFileHandle socket, int level, int name, int* value, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockname(SafeFileHandle socket, byte* address, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int bind(SafeFileHandle socket, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int listen(SafeFileHandle socket, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint send(SafeFileHandle socket, byte* buffer, nuint length, int flags);
}
