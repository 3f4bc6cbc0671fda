using System.ComponentModel;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Kvmscope.Core;
using Kvmscope.Core.Sources;
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

    /// <summary>The socket that a service manager gave.</summary>
    /// <param name="count">$LISTEN_FDS: how many descriptors, from <paramref name="first"/> on.</param>
    /// <param name="pid">$LISTEN_PID: the only process that is meant.</param>
    /// <param name="first">The first of them: SD_LISTEN_FDS_START.</param>
    /// <returns>Null where none is meant for this process.</returns>
    /// <exception cref="KvmscopeException">There are several, or it is not a TCP socket that listens (status 1).</exception>
    internal static GivenSocket? Given(string? count, string? pid, int first = 3)
    {
        if (pid != Environment.ProcessId.ToString(CultureInfo.InvariantCulture) || count is null or "0") return null;
        if (count != "1")
        {
            throw new KvmscopeException(ExitStatus.Failed, $"the service manager gave {count} sockets, and kvmscope serves at one address",
                "Leave one ListenStream= in the socket unit.");
        }
        var handle = new SafeFileHandle(first, ownsHandle: true);
        if (AddressOf(handle) is { } at && Interop.Libc.fcntl_set(handle, Interop.Libc.F_SETFD, Interop.Libc.FD_CLOEXEC) == 0)
            return new GivenSocket(handle, at);
        handle.Dispose();
        throw new KvmscopeException(ExitStatus.Failed, "what the service manager gave is not a TCP socket that listens",
            "Give the socket unit ListenStream=ADDRESS:PORT, and Accept=no.");
    }

    private static IPEndPoint? AddressOf(SafeFileHandle socket)
    {
        const int Most = 128;
        byte* bytes = stackalloc byte[Most];
        uint length = Most;
        int listens = 0;
        uint size = sizeof(int);
        if (Interop.Libc.getsockopt(socket, Interop.Libc.SOL_SOCKET, Interop.Libc.SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0
            || Interop.Libc.getsockname(socket, bytes, &length) != 0)
            return null;
        AddressFamily? family = *(ushort*)bytes switch
        {
            Interop.Libc.AF_INET => AddressFamily.InterNetwork,
            Interop.Libc.AF_INET6 => AddressFamily.InterNetworkV6,
            _ => null,
        };
        if (family is not { } known) return null;
        var address = new SocketAddress(known, (int)length);
        new ReadOnlySpan<byte>(bytes, (int)length).CopyTo(address.Buffer.Span);
        return (IPEndPoint)new IPEndPoint(known == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0).Create(address);
    }

    private static void Set(SafeFileHandle socket, int level, int name, int value) =>
        Check(Interop.Libc.setsockopt(socket, level, name, &value, sizeof(int)));

    private static void Check(int status)
    {
        if (status != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }
}
