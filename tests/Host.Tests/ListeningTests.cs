using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Kvmscope.Core;
using Kvmscope.Core.Sources;
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

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void The_socket_of_a_service_manager_is_taken(string address)
    {
        SafeFileHandle made = new LinuxSystem().Listen(new IPEndPoint(IPAddress.Parse(address), 0), 4);
        string pid = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        int descriptor = (int)made.DangerousGetHandle();
        Assert.Null(Listening.Given("1", "1", descriptor));
        Assert.Null(Listening.Given(null, pid, descriptor));
        Assert.Null(Listening.Given("0", pid, descriptor));
        var several = Assert.Throws<KvmscopeException>(() => Listening.Given("2", pid, descriptor));
        Assert.Contains("2 sockets", several.Message, StringComparison.Ordinal);
        Assert.False(made.IsClosed);

        GivenSocket given = Listening.Given("1", pid, descriptor)!;
        made.SetHandleAsInvalid();
        using var client = new TcpClient(given.At.AddressFamily);
        client.Connect(given.At);
        Assert.Equal(IPAddress.Parse(address), given.At.Address);
        given.Handle.Dispose();
    }

    [Fact]
    public void What_does_not_listen_is_refused()
    {
        SafeFileHandle file = File.OpenHandle("/dev/null");
        string pid = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var refused = Assert.Throws<KvmscopeException>(() => Listening.Given("1", pid, (int)file.DangerousGetHandle()));
        Assert.Contains("not a TCP socket that listens", refused.Message, StringComparison.Ordinal);
        // It was closed as what was given.
        file.SetHandleAsInvalid();
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
