using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;

namespace Kvmscope.Core.Recordings;

/// <summary>
/// One member of a recording: a gzip member of one line of JSON. Members follow each other, which is a gzip file again (RFC 1952, 2.2):
/// <c>zcat</c> prints all lines.
/// </summary>
internal static class Member
{
    // The limit of deflate per byte.
    private const int MaxExpansion = 1032;

    /// <summary>Makes the bytes of a member.</summary>
    /// <param name="output">Where they are added.</param>
    /// <param name="head">What it holds; its length is filled in.</param>
    /// <param name="line">The JSON, with its line end.</param>
    /// <returns>The head as it was written.</returns>
    internal static MemberHead Write(ArrayBufferWriter<byte> output, MemberHead head, ReadOnlySpan<byte> line)
    {
        using var body = new MemoryStream(line.Length / 4 + 64);
        using (var deflate = new DeflateStream(body, CompressionLevel.Fastest, leaveOpen: true)) deflate.Write(line);
        int packed = (int)body.Length, length = MemberHead.Size + packed + MemberHead.TrailerSize;
        Span<byte> to = output.GetSpan(length)[..length];
        head = head with { Length = length };
        head.Write(to);
        body.GetBuffer().AsSpan(0, packed).CopyTo(to[MemberHead.Size..]);
        BinaryPrimitives.WriteUInt32LittleEndian(to[(length - 8)..], Crc32.Of(line));
        BinaryPrimitives.WriteInt32LittleEndian(to[(length - 4)..], line.Length);
        output.Advance(length);
        return head;
    }

    /// <summary>Reads a line.</summary>
    internal delegate T? LineReader<out T>(ReadOnlySpan<byte> line)
        where T : class;

    /// <summary>Reads a member of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="place">Where it should be, and which one.</param>
    /// <param name="read">Reads its line, which is complete.</param>
    /// <param name="most">The longest line; a longer one is taken for damaged.</param>
    /// <returns>What the line says; null where the member is damaged or a different one.</returns>
    /// <exception cref="JsonException">The line is complete, but not valid.</exception>
    internal static T? ReadAt<T>(Stream file, MemberPlace place, LineReader<T> read, long most = RecordingLimits.LineBytes)
        where T : class
    {
        int length = place.Head.Length;
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            file.Position = place.Offset;
            int got = file.ReadAtLeast(bytes.AsSpan(0, length), length, throwOnEndOfStream: false);
            if (got < length || !IsSame(place.Head, bytes) || !TryRead(bytes, length, most, out byte[] line, out int lineLength))
                return null;
            try
            {
                return read(line.AsSpan(0, lineLength));
            }
            catch (Exception error) when (error is InvalidOperationException or ArgumentOutOfRangeException)
            {
                // The JSON reader throws these for text that is not Unicode, and for a time before the calendar begins.
                throw new JsonException(error.Message, error);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(line);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    // The index says where a member is; the member itself says which one it is.
    private static bool IsSame(MemberHead wanted, ReadOnlySpan<byte> bytes) => MemberHead.TryRead(bytes, out MemberHead head)
        && (head.Kind, head.Depth, head.First, head.Length) == (wanted.Kind, wanted.Depth, wanted.First, wanted.Length);

    /// <summary>Inflates a member and checks it.</summary>
    /// <param name="member">Its bytes, head included.</param>
    /// <param name="size">How many.</param>
    /// <param name="most">The longest line.</param>
    /// <param name="line">Rented from the shared pool; the caller returns it if the result is true.</param>
    /// <param name="length">How many bytes of it are the line.</param>
    /// <returns>False where it is damaged.</returns>
    private static bool TryRead(byte[] member, int size, long most, out byte[] line, out int length)
    {
        ReadOnlySpan<byte> trailer = member.AsSpan(size - MemberHead.TrailerSize, MemberHead.TrailerSize);
        length = BinaryPrimitives.ReadInt32LittleEndian(trailer[4..]);
        line = [];
        if (length <= 0 || length > most || length / MaxExpansion > size) return false;
        line = ArrayPool<byte>.Shared.Rent(length + 1);
        using var body = new MemoryStream(member, MemberHead.Size, size - MemberHead.Size - MemberHead.TrailerSize, writable: false);
        if (TryInflate(body, line.AsSpan(0, length + 1)) == length
            && Crc32.Of(line.AsSpan(0, length)) == BinaryPrimitives.ReadUInt32LittleEndian(trailer)) return true;
        ArrayPool<byte>.Shared.Return(line);
        return false;
    }

    // Asks for one byte more than expected: a longer body is damaged too.
    private static int TryInflate(Stream body, Span<byte> to)
    {
        try
        {
            using var deflate = new DeflateStream(body, CompressionMode.Decompress, leaveOpen: true);
            return deflate.ReadAtLeast(to, to.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException)
        {
            return -1;
        }
    }
}
