using System.Buffers.Binary;
using System.Text;

namespace Kvmscope.Interchange.Tests;

/// <summary>Writes binary numbers in either byte order.</summary>
internal sealed class ByteWriter(bool isBigEndian)
{
    private readonly MemoryStream _bytes = new();

    internal bool IsBigEndian => isBigEndian;

    internal long Length => _bytes.Length;

    internal byte[] ToArray() => _bytes.ToArray();

    internal ByteWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    internal ByteWriter U8(byte value) => Bytes([value]);

    internal ByteWriter U16(int value) => Number(2, (ulong)value);

    internal ByteWriter U32(long value) => Number(4, (ulong)value);

    internal ByteWriter U64(ulong value) => Number(8, value);

    internal ByteWriter Text(string text) => Bytes(Encoding.ASCII.GetBytes(text)).U8(0);

    /// <summary>A block with its size in 8 bytes before it.</summary>
    internal ByteWriter Block(string text) => U64((ulong)text.Length).Bytes(Encoding.ASCII.GetBytes(text));

    private ByteWriter Number(int size, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        if (isBigEndian) BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        else BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Bytes(isBigEndian ? bytes[^size..] : bytes[..size]);
    }
}
