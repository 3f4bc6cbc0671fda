using System.IO.Compression;
using System.IO.Hashing;
using Kvmscope.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Kvmscope.Server.Endpoints;

/// <summary>A file of the page, which is in the program, compressed.</summary>
internal sealed class FileEndpoint : IEndpoint
{
    private const string Prefix = "page/", Index = "/index.html";

    private static readonly Dictionary<string, string> s_types = new(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".mjs"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".png"] = "image/png",
        [".ico"] = "image/x-icon",
        [".woff2"] = "font/woff2",
        [".json"] = "application/json",
        [".webmanifest"] = "application/manifest+json",
        [".txt"] = "text/plain; charset=utf-8",
    };

    private readonly byte[] _packed;
    private readonly string _type, _tag;

    private FileEndpoint(string path, byte[] packed, string type)
    {
        (Path, _packed, _type) = (path, packed, type);
        _tag = $"\"{Convert.ToHexStringLower(XxHash128.Hash(packed))}\"";
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <summary>All files that are in the program.</summary>
    public static IEnumerable<FileEndpoint> All()
    {
        foreach (string name in typeof(FileEndpoint).Assembly.GetManifestResourceNames())
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            string path = "/" + name[Prefix.Length..];
            using Stream resource = typeof(FileEndpoint).Assembly.GetManifestResourceStream(name)!;
            byte[] packed = new byte[resource.Length];
            resource.ReadExactly(packed);
            string type = s_types.GetValueOrDefault(System.IO.Path.GetExtension(path), "application/octet-stream");
            yield return new FileEndpoint(path == Index ? "/" : path, packed, type);
        }
    }

    /// <inheritdoc/>
    public async Task AnswerAsync(Exchange exchange)
    {
        // What is in the address of the page is the page's own.
        HttpResponse response = exchange.Context.Response;
        response.Headers.ETag = _tag;
        response.Headers.CacheControl = "no-cache";
        response.Headers.Vary = "Accept-Encoding";
        if (exchange.Header("If-None-Match").Split(',').Any(tag => tag.Trim() is "*" || tag.Trim().TrimStart('W', '/') == _tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        if (exchange.Header("Accept-Encoding").Split(',').Any(TakesPacked))
        {
            response.Headers.ContentEncoding = "gzip";
            await exchange.SendAsync(_type, _packed).ConfigureAwait(false);
            return;
        }
        var plain = new MemoryStream();
        await using (var gzip = new GZipStream(new MemoryStream(_packed), CompressionMode.Decompress))
            await gzip.CopyToAsync(plain, exchange.Stop).ConfigureAwait(false);
        await exchange.SendAsync(_type, plain.ToArray()).ConfigureAwait(false);
    }

    private static bool TakesPacked(string item) => item.Split(';') is [var name, .. var rest]
        && name.Trim() is "gzip" or "*" && !Array.Exists(rest, r => r.Trim() is "q=0" or "q=0.0");
}
