using System.Globalization;
using System.Text;
using Kvmscope.Server.Http;

namespace Kvmscope.Server.Requests;

/// <summary>The parameters of a request, each known to whoever reads them: what is left over is an error.</summary>
internal sealed class Query
{
    private const int MostParameters = 64;

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<(string Name, string Value)> _all;
    private readonly HashSet<string> _read = [];

    private Query(List<(string Name, string Value)> all) => _all = all;

    /// <summary>All of them, as they were sent.</summary>
    internal IReadOnlyList<(string Name, string Value)> All => _all;

    /// <summary>Reads the part of a URL after its path, as browsers write it: <c>?a=b&amp;c</c>.</summary>
    /// <exception cref="Problem">It has something that is not escaped as it should be, or too much.</exception>
    public static Query Parse(string text)
    {
        var all = new List<(string, string)>();
        if (text.StartsWith('?')) text = text[1..];
        foreach (string part in text.Split('&'))
        {
            if (part.Length == 0) continue;
            if (all.Count == MostParameters) throw Problem.Bad("", $"there are more than {MostParameters} parameters");
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            all.Add(equals < 0 ? (Decode(part), "") : (Decode(part[..equals]), Decode(part[(equals + 1)..])));
        }
        return new Query(all);
    }

    /// <summary>The value of a parameter; null where it is not there.</summary>
    /// <exception cref="Problem">It is there twice.</exception>
    public string? Text(string name)
    {
        _read.Add(name);
        string? found = null;
        foreach ((string key, string value) in _all)
        {
            if (key != name) continue;
            if (found is not null) throw Problem.Bad(name, $"{name} is there twice");
            found = value;
        }
        return found;
    }

    /// <summary>All values of a parameter that may be there more than once.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        _read.Add(name);
        return [.. _all.Where(p => p.Name == name).Select(p => p.Value)];
    }

    /// <summary>The items of a list with commas; empty where it is not there.</summary>
    /// <exception cref="Problem">It has no item.</exception>
    public IReadOnlyList<string> Items(string name)
    {
        if (Text(name) is not { } text) return [];
        string[] items = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return items.Length > 0 ? items : throw Problem.Bad(name, $"{name} is empty");
    }

    /// <summary>A whole number.</summary>
    /// <exception cref="Problem">It is none, or out of range.</exception>
    public long Number(string name, long least, long most, long otherwise)
    {
        if (Text(name) is not { } text) return otherwise;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= least && number <= most
            ? number
            : throw Problem.Bad(name, string.Create(CultureInfo.InvariantCulture, $"{name} is not a number from {least} to {most}"));
    }

    /// <summary>Yes or no.</summary>
    /// <exception cref="Problem">It is neither.</exception>
    public bool Flag(string name) => Text(name) switch
    {
        null or "false" or "0" => false,
        "true" or "1" or "" => true,
        _ => throw Problem.Bad(name, $"{name} is neither true nor false"),
    };

    /// <summary>Throws if there is a parameter that nobody read.</summary>
    /// <exception cref="Problem">There is one.</exception>
    public void Finish()
    {
        foreach ((string name, _) in _all)
            if (!_read.Contains(name)) throw Problem.Bad(name, $"there is no parameter '{name}' here",
                $"There are: {string.Join(", ", _read.Order(StringComparer.Ordinal))}");
    }

    /// <summary>What is behind escapes.</summary>
    internal static string Decode(string text)
    {
        if (!text.AsSpan().ContainsAny('%', '+')) return text;
        byte[] bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '+') bytes[length++] = (byte)' ';
            else if (text[i] != '%') length += Encoding.UTF8.GetBytes(text.AsSpan(i, 1), bytes.AsSpan(length));
            else if (i + 2 < text.Length
                && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            {
                bytes[length++] = value;
                i += 2;
            }
            else throw Problem.Bad("", "a % is not followed by two hexadecimal digits");
        }
        try
        {
            return s_utf8.GetString(bytes, 0, length);
        }
        catch (ArgumentException)
        {
            throw Problem.Bad("", "what is escaped with % is not UTF-8");
        }
    }
}
