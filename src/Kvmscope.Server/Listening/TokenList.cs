using System.Security.Cryptography;
using System.Text;
using Kvmscope.Core;

namespace Kvmscope.Server.Listening;

/// <summary>The tokens of which any one opens the server.</summary>
public sealed class TokenList
{
    /// <summary>How many characters a token has.</summary>
    public const int Shortest = 16, Longest = 256;

    private const string Option = "--token-file", Make = "Make one with: head -c 24 /dev/urandom | base64";

    private readonly byte[][] _tokens;

    private TokenList(byte[][] tokens) => _tokens = tokens;

    /// <summary>Reads a file: one token per line; lines that begin with <c>#</c> are comments.</summary>
    /// <exception cref="KvmscopeException">It cannot be read, others can read it, or it has no token or a bad one (status 2).</exception>
    public static TokenList Read(string path)
    {
        return Parse(path, PrivateFile.Read(Option, path));
    }

    /// <summary>Whether a text is one of the tokens; takes the same time whichever it is, and however much of it is right.</summary>
    public bool Has(string text)
    {
        if (text.Length > Longest) return false;
        Span<byte> given = stackalloc byte[Longest], padded = stackalloc byte[Longest];
        given.Clear();
        // What is not ASCII is in no token.
        for (int i = 0; i < text.Length; i++) given[i] = text[i] <= '~' ? (byte)text[i] : (byte)0;
        bool has = false;
        foreach (byte[] token in _tokens)
        {
            padded.Clear();
            token.CopyTo(padded);
            has |= CryptographicOperations.FixedTimeEquals(given, padded);
        }
        return has;
    }

    private static TokenList Parse(string path, string text)
    {
        var tokens = new List<byte[]>();
        foreach ((int number, string token) in PrivateFile.Lines(text))
        {
            if (token.Length is < Shortest or > Longest)
                throw Error(path, $"the token in line {number} does not have {Shortest} to {Longest} characters", Make);
            if (token.Any(c => c is <= ' ' or > '~'))
                throw Error(path, $"the token in line {number} has a character that is not printable ASCII, or a blank", Make);
            tokens.Add(Encoding.ASCII.GetBytes(token));
        }
        return tokens.Count > 0 ? new TokenList([.. tokens]) : throw Error(path, "it has no token", Make);
    }

    private static KvmscopeException Error(string path, string why, string hint) => PrivateFile.Error(Option, path, why, hint);
}
