using System.IO.Compression;
using ZstdSharp;

namespace Kvmscope.Interchange.TraceCmd;

/// <summary>How parts of trace.dat are compressed: each on its own, and its header says how large it becomes.</summary>
internal sealed class Packing : IDisposable
{
    private readonly Decompressor? _zstd;

    private Packing(bool isZstd) => _zstd = isZstd ? new Decompressor() : null;

    /// <summary>The compression of a name; null for none.</summary>
    /// <exception cref="Core.KvmscopeException">It is not known (status 1).</exception>
    internal static Packing? Of(string name) => name switch
    {
        "none" or "" => null,
        "zstd" => new Packing(isZstd: true),
        "zlib" => new Packing(isZstd: false),
        _ => throw Damage.Unsupported($"it is compressed with '{name}'; zstd and zlib can be read",
            "Convert it with 'trace-cmd convert --compression none'."),
    };

    /// <summary>Unpacks exactly as much as <paramref name="to"/> has.</summary>
    /// <returns>False where it is damaged, or has another size.</returns>
    internal bool TryUnpack(byte[] from, Span<byte> to)
    {
        if (_zstd is not null)
        {
            try
            {
                return _zstd.TryUnwrap(from, to, out int made) && made == to.Length;
            }
            catch (ZstdException)
            {
                return false;
            }
        }
        try
        {
            using var stream = new ZLibStream(new MemoryStream(from), CompressionMode.Decompress);
            stream.ReadExactly(to);
            return stream.ReadByte() < 0;
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _zstd?.Dispose();
}
