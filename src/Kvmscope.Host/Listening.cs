using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host;

/// <summary>Sockets that listen, made without those of .NET, whose first one starts a thread.</summary>
internal static unsafe class Listening
{
    /// <summary>Listens; of IPv6's any address, for IPv4 too.</summary>
    /// <exception cref="Win32Exception">The kernel's error.</exception>
    internal static SafeFileHandle On(IPEndPoint at, int backlog)
    {
        bool isSix = at.AddressFamily == AddressFamily.InterNetworkV6;
        SafeFileHandle socket = Interop.Libc.socket(
            isSix ? Interop.Libc.AF_INET6 : Interop.Libc.AF_INET, Interop.Libc.SOCK_STREAM | Interop.Libc.SOCK_CLOEXEC, 0);
        try
        {
            Check(socket.IsInvalid ? -1 : 0);
            // Connections of a server that was ended just now may still be closing.
            Set(socket, Interop.Libc.SOL_SOCKET, Interop.Libc.SO_REUSEADDR, 1);
            if (isSix) Set(socket, Interop.Libc.IPPROTO_IPV6, Interop.Libc.IPV6_V6ONLY, at.Address.Equals(IPAddress.IPv6Any) ? 0 : 1);
            SocketAddress address = at.Serialize();
            fixed (byte* bytes = address.Buffer.Span) Check(Interop.Libc.bind(socket, bytes, (uint)address.Size));
            Check(Interop.Libc.listen(socket, backlog));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Set(SafeFileHandle socket, int level, int name, int value) =>
        Check(Interop.Libc.setsockopt(socket, level, name, &value, sizeof(int)));

    private static void Check(int status)
    {
        if (status != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }
}
