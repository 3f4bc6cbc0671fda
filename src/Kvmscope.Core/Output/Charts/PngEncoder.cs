using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Kvmscope.Core.Output.Charts;

/// <summary>Writes PNG with a palette, one byte per dot.</summary>
internal static class PngEncoder
{
    private const byte BitDepth = 8, PaletteColor = 3;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1a, (byte)'\n'];

    /// <summary>Writes a picture.</summary>
    /// <param name="output">The output; stays open.</param>
    /// <param name="width">Dots per line.</param>
    /// <param name="height">Lines.</param>
    /// <param name="dots">The number of each dot's colour, line by line.</param>
    /// <param name="colors">Red, green and blue of each colour.</param>
    internal static void Write(Stream output, int width, int height, ReadOnlySpan<byte> dots, ReadOnlySpan<int> colors)
    {
        output.Write(Signature);
        WriteChunk(output, "IHDR", Header(width, height));
        WriteChunk(output, "PLTE", PaletteOf(colors));
        WriteChunk(output, "IDAT", Compress(width, dots));
        WriteChunk(output, "IEND", []);
    }

    private static byte[] Header(int width, int height)
    {
        // Compression, filter and interlace are 0, the only or the plain ones.
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = BitDepth;
        header[9] = PaletteColor;
        return header;
    }

    private static byte[] PaletteOf(ReadOnlySpan<int> colors)
    {
        var palette = new byte[3 * colors.Length];
        for (int i = 0; i < colors.Length; i++)
        {
            palette[3 * i] = (byte)(colors[i] >> 16);
            palette[(3 * i) + 1] = (byte)(colors[i] >> 8);
            palette[(3 * i) + 2] = (byte)colors[i];
        }
        return palette;
    }

    // Filters do not help with palette colours.
    private static byte[] Compress(int width, ReadOnlySpan<byte> dots)
    {
        using var memory = new MemoryStream();
        using (var zlib = new ZLibStream(memory, CompressionLevel.SmallestSize, leaveOpen: true))
            for (int at = 0; at < dots.Length; at += width)
            {
                zlib.WriteByte(0);
                zlib.Write(dots.Slice(at, width));
            }
        return memory.ToArray();
    }

    private static void WriteChunk(Stream output, string type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4], name = stackalloc byte[4];
        Encoding.ASCII.GetBytes(type, name);
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        output.Write(number);
        output.Write(name);
        output.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Append(Crc32.Of(name), data));
        output.Write(number);
    }
}
