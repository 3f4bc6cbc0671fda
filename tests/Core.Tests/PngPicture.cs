using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Kvmscope.Core.Tests;

/// <summary>Reads the PNGs that this project writes, independently of its code: 8-bit palette, no interlace, no filter.</summary>
internal sealed class PngPicture
{
    private readonly byte[] _dots, _colors;

    internal PngPicture(byte[] file)
    {
        Assert.Equal([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], file[..8]);
        var chunks = new List<(string Type, byte[] Data)>();
        for (int at = 8; at < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            uint crc = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 8 + length));
            Assert.Equal(Crc(file.AsSpan(at + 4, 4 + length)), crc);
            chunks.Add((Encoding.ASCII.GetString(file, at + 4, 4), file[(at + 8)..(at + 8 + length)]));
            at += 12 + length;
        }
        Assert.Equal(["IHDR", "PLTE", "IDAT", "IEND"], chunks.Select(c => c.Type));
        byte[] header = chunks[0].Data;
        Width = BinaryPrimitives.ReadInt32BigEndian(header);
        Height = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4));
        Assert.Equal([8, 3, 0, 0, 0], header[8..]);
        Assert.Empty(chunks[3].Data);
        _colors = chunks[1].Data;
        _dots = Inflate(chunks[2].Data);
        Assert.Equal(Height * (Width + 1), _dots.Length);
        for (int y = 0; y < Height; y++) Assert.Equal(0, _dots[y * (Width + 1)]);
        Assert.True(_dots.Max() < _colors.Length / 3, "a dot has a colour that is not in the palette");
    }

    internal int Width { get; }

    internal int Height { get; }

    /// <summary>Red, green and blue of a dot.</summary>
    internal int this[int x, int y]
    {
        get
        {
            int color = 3 * _dots[(y * (Width + 1)) + 1 + x];
            return (_colors[color] << 16) | (_colors[color + 1] << 8) | _colors[color + 2];
        }
    }

    private static byte[] Inflate(byte[] data)
    {
        using var to = new MemoryStream();
        using (var zlib = new ZLibStream(new MemoryStream(data), CompressionMode.Decompress)) zlib.CopyTo(to);
        return to.ToArray();
    }

    // Bit by bit, as in the standard.
    private static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xedb88320 : crc >> 1;
        }
        return ~crc;
    }
}
