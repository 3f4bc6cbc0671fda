using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Kvmscope.Server.Http;

/// <summary>Who may ask what, before anything is answered.</summary>
internal static class Guard
{
    private const string LocalHost = "localhost", Bearer = "Bearer ", Basic = "Basic ";

    // What a browser keeps to, whatever a page has in it: nothing from elsewhere, no inline script, no frame.
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        + "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>The headers of every answer.</summary>
    public static void AddHeaders(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
    }

    /// <summary>Refuses what may not be asked.</summary>
    /// <exception cref="Problem">Why.</exception>
    public static void Check(Exchange exchange, bool needsToken)
    {
        HttpRequest request = exchange.Context.Request;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
            throw new Problem(ProblemType.Method, $"{request.Method} is not answered: kvmscope serve changes nothing");
        CheckHost(exchange);
        CheckOrigin(exchange);
        if (needsToken && exchange.Server.Settings.Tokens is { } tokens && !tokens.Has(TokenOf(exchange.Header("Authorization"))))
        {
            throw new Problem(ProblemType.NoToken, "Authorization has no token of this server",
                "Send 'Authorization: Bearer TOKEN'; in a browser the token is the password.");
        }
    }

    // A name that resolves to this address now may be another site's: only names that are known are this server.
    private static void CheckHost(Exchange exchange)
    {
        string host = exchange.Header("Host");
        if (host.Length == 0) throw new Problem(ProblemType.BadRequest, "Host is missing");
        string name = NameOf(host);
        if (IPAddress.TryParse(name, out _) || exchange.Server.Settings.Names.Contains(name) || name == LocalHost) return;
        throw new Problem(ProblemType.WrongHost, $"this server is not called '{host}'",
            "Use its address, or start it with --host-name NAME.");
    }

    // Browsers send it where a page of another site asks.
    private static void CheckOrigin(Exchange exchange)
    {
        string origin = exchange.Header("Origin");
        HttpRequest request = exchange.Context.Request;
        if (origin.Length > 0 && !origin.Equals($"{request.Scheme}://{exchange.Header("Host")}", StringComparison.OrdinalIgnoreCase))
            throw new Problem(ProblemType.WrongOrigin, $"a page of '{origin}' asks");
        // A link from elsewhere to the page is fine.
        if (exchange.Header("Sec-Fetch-Site") is "cross-site" or "same-site" && exchange.Header("Sec-Fetch-Mode") != "navigate")
            throw new Problem(ProblemType.WrongOrigin, "a page of another site asks");
    }

    /// <summary>The name in a Host header: without the port, and an IPv6 address without its brackets; in lower case.</summary>
    internal static string NameOf(string host)
    {
        if (host.StartsWith('['))
        {
            int end = host.IndexOf(']', StringComparison.Ordinal);
            return end > 0 && IsPort(host[(end + 1)..]) ? host[1..end] : "";
        }
        int colon = host.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? host : IsPort(host[colon..]) ? host[..colon] : "";
        return name.TrimEnd('.').ToLowerInvariant();
    }

    private static bool IsPort(string text) => text.Length == 0 || (text is [':', .. { Length: <= 5 } port] && port.All(char.IsAsciiDigit));

    // Of Basic, which is what browsers can send, the password.
    private static string TokenOf(string authorization)
    {
        if (authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)) return authorization[Bearer.Length..].Trim();
        if (!authorization.StartsWith(Basic, StringComparison.OrdinalIgnoreCase)) return "";
        byte[] bytes = new byte[authorization.Length];
        if (!Convert.TryFromBase64String(authorization[Basic.Length..].Trim(), bytes, out int length)) return "";
        string pair = Encoding.UTF8.GetString(bytes, 0, length);
        return pair[(pair.IndexOf(':', StringComparison.Ordinal) + 1)..];
    }
}
