using System.Net;
using System.Net.Sockets;
using Kvmscope.Server.Listening;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Server.Tests;

/// <summary>Sockets that listen on any free port of loopback.</summary>
internal static class Loopback
{
    internal static ListeningSocket Open()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen(512);
        nint handle = socket.Handle;
        // It is the other's from here on.
        socket.SafeHandle.SetHandleAsInvalid();
        return new ListeningSocket(new SafeFileHandle(handle, ownsHandle: true));
    }
}
