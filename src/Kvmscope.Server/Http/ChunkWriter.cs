using System.Buffers;

namespace Kvmscope.Server.Http;

/// <summary>
/// Bytes in chunks that are used again. In one array, which is copied each time that it doubles, an answer of 5 MB leaves 16 MB of garbage.
/// </summary>
internal sealed class ChunkWriter : IBufferWriter<byte>, IDisposable
{
    private const int FirstSize = 1 << 12, Size = 1 << 16;

    private readonly List<(byte[] Chunk, int Used)> _full = [];
    private byte[] _chunk = ArrayPool<byte>.Shared.Rent(FirstSize);
    private int _used, _before;

    /// <summary>How many bytes were written.</summary>
    internal int Count => _before + _used;

    /// <summary>What was written, until it is disposed.</summary>
    internal IEnumerable<ReadOnlyMemory<byte>> Chunks =>
        _full.Append((Chunk: _chunk, Used: _used)).Select(part => (ReadOnlyMemory<byte>)part.Chunk.AsMemory(0, part.Used));

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_chunk.Length - _used), nameof(count));
        _used += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        int least = Math.Max(1, sizeHint);
        if (_chunk.Length - _used < least)
        {
            _full.Add((_chunk, _used));
            _before += _used;
            (_chunk, _used) = (ArrayPool<byte>.Shared.Rent(Math.Max(Size, least)), 0);
        }
        return _chunk.AsMemory(_used);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>A copy of all in one piece.</summary>
    internal byte[] ToArray()
    {
        byte[] all = new byte[Count];
        int at = 0;
        foreach (ReadOnlyMemory<byte> chunk in Chunks)
        {
            chunk.CopyTo(all.AsMemory(at));
            at += chunk.Length;
        }
        return all;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        foreach ((byte[] chunk, _) in _full) ArrayPool<byte>.Shared.Return(chunk);
        _full.Clear();
        if (_chunk.Length > 0) ArrayPool<byte>.Shared.Return(_chunk);
        (_chunk, _used, _before) = ([], 0, 0);
    }
}
