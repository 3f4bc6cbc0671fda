using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Server.Listening;

/// <summary>A socket that listens, and is .NET's only once it is used: .NET starts a thread with its first socket.</summary>
/// <param name="handle">The kernel's; belongs to this from then on.</param>
public sealed class ListeningSocket(SafeFileHandle handle) : IDisposable
{
    private Socket? _socket;

    /// <summary>Where it listens.</summary>
    internal IPEndPoint EndPoint => (IPEndPoint)Socket.LocalEndPoint!;

    /// <summary>As .NET's.</summary>
    internal Socket Socket => _socket ??= Take();

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket?.Dispose();
        handle.Dispose();
    }

    private Socket Take()
    {
        var socket = new Socket(new SafeSocketHandle(handle.DangerousGetHandle(), ownsHandle: true));
        handle.SetHandleAsInvalid();
        return socket;
    }
}
