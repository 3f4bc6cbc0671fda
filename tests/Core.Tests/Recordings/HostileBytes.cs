using System.Buffers;
using System.Globalization;
using System.Text;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Tests.Recordings;

/// <summary>Makes recordings that are small and claim to hold much: deflate packs a thousand equal bytes into one.</summary>
internal static class HostileBytes
{
    internal static byte[] Header()
    {
        (byte[] bytes, List<int> ends) = Tape.Record([], end: false);
        return bytes[..ends[0]];
    }

    internal static MemberHead Interval(long number) =>
        new(MemberKind.Interval, 0, 0, number, 1, 0, RandomTrace.StartNs + number, RandomTrace.StartNs + number + 1, 0);

    internal static byte[] Member(MemberHead head, ReadOnlySpan<byte> line)
    {
        var writer = new ArrayBufferWriter<byte>();
        Core.Recordings.Member.Write(writer, head, line);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>A line with so many elements in one of its lists; <c>#</c> is their number.</summary>
    internal static byte[] Listing(string before, string element, int count, string after)
    {
        var line = new MemoryStream();
        line.Write(Encoding.UTF8.GetBytes(before));
        string[] parts = element.Split('#');
        byte[] whole = Encoding.UTF8.GetBytes(element);
        for (int i = 0; i < count; i++)
        {
            if (i > 0) line.WriteByte((byte)',');
            if (parts.Length == 1) line.Write(whole);
            else line.Write(Encoding.UTF8.GetBytes(string.Join(i.ToString(CultureInfo.InvariantCulture), parts)));
        }
        line.Write(Encoding.UTF8.GetBytes(after));
        return line.ToArray();
    }

    /// <summary>A recording of one interval with such a list.</summary>
    internal static byte[] WithList(string name, string element, int count)
    {
        const string times = "\"from\":\"2026-03-01T12:00:00Z\",\"to\":\"2026-03-01T12:00:01Z\",\"from_ns\":1,\"to_ns\":2";
        return
        [
            .. Header(),
            .. Member(Interval(0), Listing($"{{\"kind\":\"interval\",\"interval\":0,{times},\"{name}\":[", element, count, "]}\n")),
        ];
    }

    /// <summary>The bytes that this thread allocates meanwhile.</summary>
    internal static long Allocated(Action act)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        act();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}

/// <summary>A file that is mostly a hole, and counts what is read of it.</summary>
internal sealed class SparseStream(byte[] begin, long length) : Stream
{
    public long BytesRead { get; private set; }

    public int Reads { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get; set; }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int count = (int)Math.Min(buffer.Length, Math.Max(0, length - Position));
        buffer = buffer[..count];
        int own = (int)Math.Clamp(begin.Length - Position, 0, count);
        begin.AsSpan((int)Math.Min(begin.Length, Position), own).CopyTo(buffer);
        buffer[own..].Clear();
        Position += count;
        BytesRead += count;
        Reads++;
        return count;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
