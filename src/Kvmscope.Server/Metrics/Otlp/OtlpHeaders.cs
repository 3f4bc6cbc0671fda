using System.Buffers;
using Kvmscope.Core;
using Kvmscope.Server.Listening;

namespace Kvmscope.Server.Metrics.Otlp;

/// <summary>The headers of requests, from a file that others cannot read: they are secrets.</summary>
public static class OtlpHeaders
{
    private const string Option = "--otlp-headers", Hint = "Write one per line: Name: value";
    private static readonly SearchValues<char> s_name =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    // What says how a request is sent is not the user's.
    private static readonly string[] s_own =
        ["Host", "Connection", "Content-Length", "Content-Type", "Content-Encoding", "Expect", "Transfer-Encoding", "Upgrade"];

    /// <summary>Reads a file: <c>Name: value</c>, one per line; lines that begin with <c>#</c> are comments.</summary>
    /// <exception cref="KvmscopeException">It cannot be read, others can read it, or a line is not a header (status 2).</exception>
    public static IReadOnlyList<(string Name, string Value)> Read(string path)
    {
        List<(string, string)> headers = [];
        foreach ((int number, string line) in PrivateFile.Lines(PrivateFile.Read(Option, path)))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            // What is wrong is not repeated: it may be a secret.
            if (colon < 1 || line.AsSpan(0, colon).ContainsAnyExcept(s_name))
                throw PrivateFile.Error(Option, path, $"line {number} is not a header", Hint);
            string name = line[..colon], value = line[(colon + 1)..].Trim(' ', '\t');
            if (value.Length == 0 || value.Any(c => c is < ' ' or > '~'))
                throw PrivateFile.Error(Option, path, $"the header in line {number} has no value of printable ASCII", Hint);
            if (s_own.Contains(name, StringComparer.OrdinalIgnoreCase))
                throw PrivateFile.Error(Option, path, $"the header in line {number} is set by kvmscope itself", "Leave that line out.");
            headers.Add((name, value));
        }
        return headers.Count > 0 ? headers : throw PrivateFile.Error(Option, path, "it has no header", Hint);
    }
}
