using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host.Tests;

public sealed class ListeningTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Clients_can_connect(string address)
    {
        using SafeFileHandle handle = new LinuxSystem().Listen(new IPEndPoint(IPAddress.Parse(address), 0), 4);
        using var socket = new Socket(new SafeSocketHandle(handle.DangerousGetHandle(), ownsHandle: false));
        using var client = new TcpClient(IPAddress.Parse(address).AddressFamily);
        client.Connect((IPEndPoint)socket.LocalEndPoint!);
        using Socket accepted = socket.Accept();
        Assert.Equal(client.Client.LocalEndPoint, accepted.RemoteEndPoint);
    }

    [Fact]
    public void The_port_of_another_is_not_taken()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var error = Assert.Throws<Win32Exception>(() => new LinuxSystem().Listen((IPEndPoint)other.LocalEndpoint, 4));
        Assert.Equal(98, error.NativeErrorCode);
    }
}
