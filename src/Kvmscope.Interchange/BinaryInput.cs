using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace Kvmscope.Interchange;

/// <summary>Reads binary numbers and blocks of a stream in order, through one buffer. Its errors name the byte.</summary>
/// <param name="stream">The file.</param>
/// <param name="position">Where in the file the stream is.</param>
internal sealed class BinaryInput(Stream stream, long position = 0)
{
    /// <summary>The most bytes that can be looked at at once.</summary>
    internal const int Most = 1 << 17;

    private readonly byte[] _buffer = new byte[2 * Most];
    private int _begin, _end;

    /// <summary>The byte order of numbers.</summary>
    internal bool IsBigEndian { get; set; }

    /// <summary>The byte that is next.</summary>
    internal long Position { get; private set; } = position;

    /// <summary>Looks at the next bytes: as many as asked for, or all that are left if these are fewer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ReadOnlySpan<byte> Peek(int count)
    {
        if (_end - _begin < count) Fill(count);
        return _buffer.AsSpan(_begin, Math.Min(count, _end - _begin));
    }

    /// <summary>Takes bytes that were looked at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Take(int count)
    {
        _begin += count;
        Position += count;
    }

    /// <summary>Reads bytes; they are valid until the next call.</summary>
    /// <exception cref="Core.KvmscopeException">The file ends before.</exception>
    internal ReadOnlySpan<byte> Read(int count)
    {
        ReadOnlySpan<byte> bytes = Peek(count);
        if (bytes.Length < count)
            throw Damage.At($"the file ends at byte {Position + bytes.Length}, within what begins at byte {Position}");
        Take(count);
        return bytes;
    }

    /// <summary>Passes over bytes.</summary>
    /// <exception cref="Core.KvmscopeException">The file ends before.</exception>
    internal void Skip(ulong count)
    {
        while (count > 0)
        {
            int part = (int)Math.Min(count, Most);
            Read(part);
            count -= (ulong)part;
        }
    }

    internal byte U8() => Read(1)[0];

    internal ushort U16() => Numbers.U16(Read(2), IsBigEndian);

    internal uint U32() => Numbers.U32(Read(4), IsBigEndian);

    internal ulong U64() => Numbers.U64(Read(8), IsBigEndian);

    /// <summary>Reads a text that ends with a zero byte.</summary>
    internal string Text(int most = 4096)
    {
        ReadOnlySpan<byte> bytes = Peek(most);
        int length = bytes.IndexOf((byte)0);
        if (length < 0) throw Damage.At($"the text at byte {Position} has no end");
        string text = Encoding.UTF8.GetString(bytes[..length]);
        Take(length + 1);
        return text;
    }

    /// <summary>Goes to a byte of a file that can be read in any order.</summary>
    /// <exception cref="Core.KvmscopeException">The file ends before.</exception>
    internal void Seek(long to)
    {
        if (to > stream.Length) throw Damage.At($"what should be at byte {to} is not there: the file has {stream.Length} bytes");
        stream.Position = to;
        (_begin, _end, Position) = (0, 0, to);
    }

    /// <summary>Reads a block anywhere in the file, past the buffer.</summary>
    /// <returns>How many bytes there were.</returns>
    internal int ReadAt(long at, Span<byte> to)
    {
        if (at > stream.Length) return 0;
        stream.Position = at;
        int read = stream.ReadAtLeast(to, to.Length, throwOnEndOfStream: false);
        (_begin, _end, Position) = (0, 0, at + read);
        return read;
    }

    private void Fill(int count)
    {
        if (count > Most) throw new ArgumentOutOfRangeException(nameof(count));
        _buffer.AsSpan(_begin, _end - _begin).CopyTo(_buffer);
        (_begin, _end) = (0, _end - _begin);
        while (_end < count)
        {
            int read = stream.Read(_buffer, _end, _buffer.Length - _end);
            if (read == 0) return;
            _end += read;
        }
    }
}

/// <summary>Numbers of both byte orders.</summary>
internal static class Numbers
{
    internal static ushort U16(ReadOnlySpan<byte> bytes, bool isBigEndian) =>
        isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    internal static uint U32(ReadOnlySpan<byte> bytes, bool isBigEndian) =>
        isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    internal static ulong U64(ReadOnlySpan<byte> bytes, bool isBigEndian) =>
        isBigEndian ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
}
