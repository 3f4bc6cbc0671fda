namespace Kvmscope.Core.Histories.Packing;

/// <summary>Bytes in chunks, written once; no item lies in two chunks.</summary>
/// <param name="chunks">The chunks; all except the last have the pool's size.</param>
/// <param name="lengths">How many bytes of each are used.</param>
internal sealed class PackedBytes(byte[][] chunks, int[] lengths)
{
    // Object headers, the arrays of chunks and lengths.
    private const int Overhead = 128, ArrayOverhead = 24 + 8 + 4;

    /// <summary>What it takes in memory.</summary>
    internal long Bytes { get; } = Overhead + chunks.Sum(chunk => (long)chunk.Length + ArrayOverhead);

    internal int Chunks => chunks.Length;

    internal ReadOnlySpan<byte> Chunk(int number) => chunks[number].AsSpan(0, lengths[number]);

    /// <summary>Gives its chunks back; nobody reads it any more.</summary>
    internal void GiveBack(ChunkPool pool)
    {
        foreach (byte[] chunk in chunks) pool.Return(chunk);
    }
}

/// <summary>
/// Chunks to use again: intervals come and go every second, and memory of their size would be garbage of the oldest generation. They are
/// small enough for the heap that is compacted.
/// </summary>
internal sealed class ChunkPool
{
    /// <summary>The size of a chunk.</summary>
    internal const int ChunkBytes = 1 << 15;

    private const int MostFree = 32;

    private readonly Stack<byte[]> _free = [];

    /// <summary>What it holds.</summary>
    internal long Bytes => (long)_free.Count * ChunkBytes;

    internal byte[] Rent() => _free.TryPop(out byte[]? chunk) ? chunk : new byte[ChunkBytes];

    internal void Return(byte[] chunk)
    {
        if (chunk.Length == ChunkBytes && _free.Count < MostFree) _free.Push(chunk);
    }
}

/// <summary>Writes numbers, small ones in few bytes.</summary>
/// <param name="pool">Has chunks.</param>
internal sealed class PackWriter(ChunkPool pool)
{
    private const int BitsOfNibble = 3;

    private readonly List<byte[]> _full = [];
    private readonly List<int> _lengths = [];
    private byte[] _chunk = pool.Rent();
    private int _at;

    /// <summary>Begins an item of at most so many bytes; every item must begin so, as the reader does.</summary>
    internal void BeginItem(int most)
    {
        if (_chunk.Length - _at >= most) return;
        _full.Add(_chunk);
        _lengths.Add(_at);
        (_chunk, _at) = (pool.Rent(), 0);
    }

    internal void Byte(byte value) => _chunk[_at++] = value;

    internal void Number(ulong value)
    {
        while (value >= 0x80)
        {
            _chunk[_at++] = (byte)(value | 0x80);
            value >>= 7;
        }
        _chunk[_at++] = (byte)value;
    }

    /// <summary>A number that is small in either direction.</summary>
    internal void Signed(long value) => Number((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>Numbers of which most are below 8: three bits in each half of a byte, and one that says whether more follow.</summary>
    internal void Nibbles(ReadOnlySpan<ulong> values)
    {
        byte[] chunk = _chunk;
        int at = _at, shift = 0, bits = 0;
        foreach (ulong value in values)
        {
            ulong rest = value;
            while (true)
            {
                bool isLast = rest < 1 << BitsOfNibble;
                int nibble = (int)(rest & 7) | (isLast ? 0 : 8);
                bits |= nibble << shift;
                if ((shift ^= 4) == 0)
                {
                    chunk[at++] = (byte)bits;
                    bits = 0;
                }
                if (isLast) break;
                rest >>= BitsOfNibble;
            }
        }
        if (shift != 0) chunk[at++] = (byte)bits;
        _at = at;
    }

    /// <summary>What was written; begins anew.</summary>
    internal PackedBytes ToPacked()
    {
        // The last one is a copy of its own size: most forms have only that.
        var packed = new PackedBytes([.. _full, _chunk.AsSpan(0, _at).ToArray()], [.. _lengths, _at]);
        _full.Clear();
        _lengths.Clear();
        _at = 0;
        return packed;
    }
}

/// <summary>Reads what <see cref="PackWriter"/> wrote.</summary>
internal ref struct PackReader
{
    private readonly PackedBytes _bytes;
    private ReadOnlySpan<byte> _chunk;
    private int _number, _at;

    internal PackReader(PackedBytes bytes)
    {
        _bytes = bytes;
        _chunk = bytes.Chunk(0);
    }

    /// <summary>Begins an item.</summary>
    internal void BeginItem()
    {
        if (_at < _chunk.Length || _number + 1 == _bytes.Chunks) return;
        _chunk = _bytes.Chunk(++_number);
        _at = 0;
    }

    internal byte Byte() => _chunk[_at++];

    internal ulong Number()
    {
        ulong value = _chunk[_at++];
        if (value < 0x80) return value;
        value &= 0x7f;
        for (int shift = 7; ; shift += 7)
        {
            ulong next = _chunk[_at++];
            value |= (next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
    }

    internal long Signed()
    {
        ulong value = Number();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    internal void Nibbles(Span<ulong> values)
    {
        ReadOnlySpan<byte> chunk = _chunk;
        int at = _at * 2;
        for (int i = 0; i < values.Length; i++)
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 3)
            {
                int nibble = chunk[at >> 1] >> ((at & 1) << 2);
                at++;
                value |= (ulong)(nibble & 7) << shift;
                if ((nibble & 8) == 0) break;
            }
            values[i] = value;
        }
        _at = (at + 1) >> 1;
    }
}
