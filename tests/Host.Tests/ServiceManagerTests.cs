using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Kvmscope.Host.Tests;

/// <summary>Real sockets.</summary>
public sealed class ServiceManagerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-notify-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_said_arrives(bool isAbstract)
    {
        string name = isAbstract ? $"@kvmscope-test-{Guid.NewGuid()}" : Path.Combine(_folder, "notify");
        using Socket socket = Listen(name);
        using ServiceManager manager = Connected(name, "2500000", null);
        Assert.Equal(TimeSpan.FromSeconds(2.5), manager.Watchdog);
        manager.Ready();
        manager.Alive();
        manager.Stopping();
        Assert.Equal(["READY=1", "WATCHDOG=1", "STOPPING=1"], Enumerable.Range(0, 3).Select(_ => Receive(socket)));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("99999999999999999999", null)]
    [InlineData("9223372036854775807", null)]
    [InlineData("1000000", "1")]
    public void A_watchdog_that_is_not_meant_is_not_fed(string? microseconds, string? pid)
    {
        string name = Path.Combine(_folder, "notify");
        using Socket socket = Listen(name);
        using ServiceManager manager = Connected(name, microseconds, pid);
        Assert.Null(manager.Watchdog);
        manager.Alive();
        manager.Ready();
        Assert.Equal("READY=1", Receive(socket));
    }

    [Fact]
    public void The_watchdog_of_this_process_is_meant()
    {
        string name = Path.Combine(_folder, "notify");
        using Socket socket = Listen(name);
        using ServiceManager manager = Connected(name, "1", Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(TimeSpan.FromMicroseconds(1), manager.Watchdog);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("@")]
    [InlineData("relative")]
    [InlineData("/no/such/socket")]
    public void Where_there_is_none_nothing_is_said(string? address) => Assert.Null(ServiceManager.Connect(address, "1000000", null));

    [Fact]
    public void A_path_that_is_too_long_is_none() =>
        Assert.Null(ServiceManager.Connect("/" + new string('x', 107), null, null));

    [Fact]
    public void A_manager_that_does_not_read_holds_nothing_up()
    {
        string name = Path.Combine(_folder, "notify");
        using Socket socket = Listen(name);
        using ServiceManager manager = Connected(name, "1000000", null);
        // More than any queue takes (net.unix.max_dgram_qlen, SO_SNDBUF).
        for (int i = 0; i < 20_000; i++) manager.Alive();
        Assert.Equal("WATCHDOG=1", Receive(socket));
    }

    private static ServiceManager Connected(string name, string? microseconds, string? pid) =>
        ServiceManager.Connect(name, microseconds, pid) ?? throw new InvalidOperationException("not connected");

    private static Socket Listen(string name)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
        socket.Bind(new UnixDomainSocketEndPoint(name[0] == '@' ? "\0" + name[1..] : name));
        return socket;
    }

    private static string Receive(Socket socket)
    {
        byte[] buffer = new byte[256];
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
    }
}
