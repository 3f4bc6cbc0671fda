using Kvmscope.Core;
using Kvmscope.Interchange.Formats;
using Kvmscope.Interchange.Perf;
using Kvmscope.Interchange.Text;
using Kvmscope.Interchange.TraceCmd;

namespace Kvmscope.Interchange;

/// <summary>Finds out what an input is, by its first bytes.</summary>
internal static class CaptureFile
{
    private const int HeadBytes = 4096;

    /// <summary>Opens a reader.</summary>
    /// <param name="stream">The input, at its beginning.</param>
    /// <exception cref="KvmscopeException">It is no trace (status 2), or damaged (1).</exception>
    internal static ICaptureReader Open(Stream stream)
    {
        var head = new byte[HeadBytes];
        int length = stream.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false);
        ReadOnlySpan<byte> bytes = head.AsSpan(0, length);
        Stream whole = stream;
        if (stream.CanSeek) stream.Position = 0;
        else whole = new PrefixedStream(bytes.ToArray(), stream);
        if (bytes.IsEmpty) throw new KvmscopeException(ExitStatus.Usage, "it is empty", "Is it the right file?");
        if (PerfHeader.IsMagic(bytes, out _)) return new PerfCaptureReader(whole);
        if (bytes.StartsWith(TracingData.Magic)) return new TraceDatReader(whole);
        if (bytes.StartsWith("PERFFILE"u8) || bytes.StartsWith("ELIFFREP"u8))
            throw Damage.Unsupported($"this perf.data is of a version before 2012", "Import the text of 'perf script'.");
        if (IsPacked(bytes))
            throw new KvmscopeException(ExitStatus.Usage, "it is compressed as a whole",
                "Unpack it before: 'zcat FILE | kvmscope import - -o OUT'.");
        if (bytes.Contains((byte)0))
            throw new KvmscopeException(ExitStatus.Usage, "it is no perf.data, no trace.dat and no text",
                "Import what perf or trace-cmd recorded, or the text of 'perf script' or 'trace-cmd report'.");
        return new TextCaptureReader(whole);
    }

    // gzip, zstd, xz
    private static bool IsPacked(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> gzip = [0x1f, 0x8b], zstd = [0x28, 0xb5, 0x2f, 0xfd], xz = [0xfd, (byte)'7', (byte)'z'];
        return bytes.StartsWith(gzip) || bytes.StartsWith(zstd) || bytes.StartsWith(xz);
    }

    /// <summary>A pipe whose beginning was read already.</summary>
    private sealed class PrefixedStream(byte[] prefix, Stream rest) : Stream
    {
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (_at == prefix.Length) return rest.Read(buffer);
            int count = Math.Min(buffer.Length, prefix.Length - _at);
            prefix.AsSpan(_at, count).CopyTo(buffer);
            _at += count;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
