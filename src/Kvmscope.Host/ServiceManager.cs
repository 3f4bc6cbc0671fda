using System.Globalization;
using System.Text;
using Kvmscope.Core.Sources;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host;

/// <summary>
/// systemd, or what speaks its protocol (sd_notify(3), sd_watchdog_enabled(3)). It is connected to at once, because the socket may be out
/// of reach once privileges are dropped; what cannot be sent is no error, and the manager acts on the silence.
/// </summary>
internal sealed class ServiceManager : IServiceManager
{
    private readonly SafeFileHandle _socket;

    private ServiceManager(SafeFileHandle socket, TimeSpan? watchdog) => (_socket, Watchdog) = (socket, watchdog);

    /// <inheritdoc/>
    public TimeSpan? Watchdog { get; }

    /// <summary>The manager of this process, from its environment.</summary>
    /// <returns>Null where there is none.</returns>
    internal static ServiceManager? OfEnvironment() => Connect(
        Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), Environment.GetEnvironmentVariable("WATCHDOG_USEC"),
        Environment.GetEnvironmentVariable("WATCHDOG_PID"));

    /// <summary>Connects to a manager.</summary>
    /// <param name="address">$NOTIFY_SOCKET: a path, or @ and a name in the abstract namespace.</param>
    /// <param name="watchdogMicroseconds">$WATCHDOG_USEC.</param>
    /// <param name="watchdogPid">$WATCHDOG_PID: the only process that is meant by it.</param>
    internal static unsafe ServiceManager? Connect(string? address, string? watchdogMicroseconds, string? watchdogPid)
    {
        if (address is null || address.Length < 2 || address[0] is not ('/' or '@')) return null;
        byte[] path = Encoding.UTF8.GetBytes(address);
        // A path ends with a NUL, an abstract name does not.
        if (path.Length >= Interop.Libc.unix_address.PathLength) return null;
        var to = new Interop.Libc.unix_address { sun_family = Interop.Libc.AF_UNIX };
        path.CopyTo(new Span<byte>(to.sun_path, path.Length));
        if (address[0] == '@') to.sun_path[0] = 0;
        SafeFileHandle socket = Interop.Libc.socket(Interop.Libc.AF_UNIX, Interop.Libc.SOCK_DGRAM | Interop.Libc.SOCK_CLOEXEC, 0);
        if (!socket.IsInvalid && Interop.Libc.connect(socket, &to, (uint)(sizeof(ushort) + path.Length)) == 0)
            return new ServiceManager(socket, WatchdogOf(watchdogMicroseconds, watchdogPid));
        socket.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public void Ready() => Send("READY=1"u8);

    /// <inheritdoc/>
    public void Alive()
    {
        if (Watchdog is not null) Send("WATCHDOG=1"u8);
    }

    /// <inheritdoc/>
    public void Stopping() => Send("STOPPING=1"u8);

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static TimeSpan? WatchdogOf(string? microseconds, string? pid)
    {
        if (pid is not null && pid != Environment.ProcessId.ToString(CultureInfo.InvariantCulture)) return null;
        return long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            && value is > 0 and < long.MaxValue / TimeSpan.TicksPerMicrosecond
            ? TimeSpan.FromMicroseconds(value)
            : null;
    }

    // A manager that does not read must not hold the program up.
    private unsafe void Send(ReadOnlySpan<byte> state)
    {
        fixed (byte* s = state)
            _ = Interop.Libc.send(_socket, s, (nuint)state.Length, Interop.Libc.MSG_NOSIGNAL | Interop.Libc.MSG_DONTWAIT);
    }
}
