using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Kvmscope.Server.Listening;

/// <summary>Limits how many connections one address has: one client cannot take them all.</summary>
/// <param name="most">How many.</param>
internal sealed class ClientLimit(int most)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _open = [];

    /// <summary>Ends connections that are too many, before anything of them is read.</summary>
    public ConnectionDelegate Limit(ConnectionDelegate next) => async connection =>
    {
        IPAddress client = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        lock (_lock)
        {
            int open = _open.GetValueOrDefault(client);
            if (open >= most)
            {
                connection.Abort(new ConnectionAbortedException("this address has as many connections as it may have"));
                return;
            }
            _open[client] = open + 1;
        }
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
                if (--_open[client] == 0) _open.Remove(client);
        }
    };
}
