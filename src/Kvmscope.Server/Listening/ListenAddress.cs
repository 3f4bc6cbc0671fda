using System.ComponentModel;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kvmscope.Core;
using Kvmscope.Core.Sources;

namespace Kvmscope.Server.Listening;

/// <summary>Where a server listens.</summary>
/// <param name="Address">The address.</param>
/// <param name="Port">The port; 0 for any that is free.</param>
public sealed record ListenAddress(IPAddress Address, int Port)
{
    private const string Hint = "Give ADDRESS:PORT, an IPv6 address in brackets: 127.0.0.1:7780, [::1]:7780, 0.0.0.0:7780";
    private const int Backlog = 512;

    // Of errno.h.
    private const int NotPermitted = 13, InUse = 98, NotHere = 99;

    /// <summary>Where it listens unless said otherwise.</summary>
    public static ListenAddress Default { get; } = new(IPAddress.Loopback, 7780);

    /// <summary>Whether only this host can connect.</summary>
    public bool IsLocal => IPAddress.IsLoopback(Address);

    /// <summary>Reads what was typed.</summary>
    /// <exception cref="KvmscopeException">It is not an address and a port (status 2).</exception>
    public static ListenAddress Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon > 0 && ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
            && Host(text[..colon]) is { } address)
            return new ListenAddress(address, port);
        throw new KvmscopeException(ExitStatus.Usage, $"--listen '{text}' is not an address and a port", Hint);
    }

    /// <summary>Listens. No thread is started, so this can be done before privileges are dropped.</summary>
    /// <exception cref="KvmscopeException">The port is in use, or may not be used (status 1).</exception>
    public ListeningSocket Open(IOperatingSystem system)
    {
        try
        {
            return new ListeningSocket(system.Listen(new IPEndPoint(Address, Port), Backlog));
        }
        catch (Win32Exception error)
        {
            (string why, string hint) = error.NativeErrorCode switch
            {
                InUse => ("the port is in use", "Give another one with --listen ADDRESS:PORT, or end what listens there."),
                NotPermitted =>
                    ("permission denied", "Ports below 1024 are root's: give another one with --listen ADDRESS:PORT."),
                NotHere => ("this host does not have that address", Hint),
                _ => (error.Message, Hint),
            };
            throw new KvmscopeException(ExitStatus.Failed, $"cannot listen on {this}: {why}", hint, error);
        }
    }

    /// <summary>As in a URL.</summary>
    public override string ToString() => new IPEndPoint(Address, Port).ToString();

    private static IPAddress? Host(string text)
    {
        if (text == "localhost") return IPAddress.Loopback;
        if (text is ['[', .. var six, ']'])
            return IPAddress.TryParse(six, out IPAddress? v6) && v6.AddressFamily == AddressFamily.InterNetworkV6 ? v6 : null;
        // '1' would be an address too, and nobody means it.
        return text.Count(c => c == '.') == 3 && IPAddress.TryParse(text, out IPAddress? v4) ? v4 : null;
    }
}
