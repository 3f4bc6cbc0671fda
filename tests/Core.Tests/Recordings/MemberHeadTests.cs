using System.Buffers.Binary;
using CsCheck;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Tests.Recordings;

/// <summary>The heads of a recording's members, byte by byte, and what is none.</summary>
public sealed class MemberHeadTests
{
    private static readonly MemberHead s_span = new(MemberKind.Span, 2, 0x01020304, 3600, 3600, 0x05060708, 0x1112131415161718,
        0x2122232425262728, 1_700_000_000_987_654_321)
    { SuspendedMs = 0x31323334 };

    // docs/recording.md: a gzip header with an extra field "KS".
    [Fact]
    public void A_head_is_these_bytes()
    {
        byte[] bytes = [.. Enumerable.Repeat((byte)0xff, MemberHead.Size + 1)];
        s_span.Write(bytes);
        Assert.Equal(
            // gzip: the wall clock in seconds, Unix, 60 bytes; KS, 56 bytes
            "1f8b0804" + "00f15365" + "00" + "03" + "3c00" + "4b53" + "3800"
            // layout, kind, depth; length, first, intervals, rows; from, to, wall clock, suspended
            + "01030200" + "04030201" + "100e000000000000" + "100e0000" + "08070605"
            + "1817161514131211" + "2827262524232221" + "b1680871fe9c9717" + "34333231",
            Convert.ToHexStringLower(bytes[..(MemberHead.Size - 4)]));
        Assert.Equal(System.IO.Hashing.Crc32.HashToUInt32(bytes.AsSpan(0, MemberHead.Size - 4)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(MemberHead.Size - 4)));
        // Nothing is written after it.
        Assert.Equal(0xff, bytes[^1]);
    }

    [Fact]
    public void What_was_written_is_read() =>
        Gen.Select(Gen.Int[MemberHead.Size + MemberHead.TrailerSize + 1, int.MaxValue], Gen.Long[0, long.MaxValue], Gen.Int, Gen.Long,
            Gen.UInt).Sample((length, first, rows, ns, suspended) =>
        {
            var head = new MemberHead(MemberKind.Interval, 0, length, first, 1, rows, ns, ~ns, ns >> 1) { SuspendedMs = suspended };
            return TryRead(head, out MemberHead read) && read == head;
        });

    [Theory]
    [InlineData(MemberKind.Header, 0, 81, 0, 0, true)]
    [InlineData(MemberKind.Header, 0, 80, 0, 0, false)] // no longer than a head and a trailer
    [InlineData(MemberKind.Interval, 0, 81, -1, 1, false)] // the first is 0
    [InlineData(MemberKind.Interval, 0, 81, 0, 0, false)]
    [InlineData(MemberKind.Interval, 0, 81, 0, 2, false)]
    [InlineData(MemberKind.Span, 0, 81, 0, 1, false)] // a sum of nothing
    [InlineData(MemberKind.Span, 1, 81, 0, 60, true)]
    [InlineData(MemberKind.Span, 1, 81, 0, 59, false)]
    [InlineData(MemberKind.Span, 2, 81, 0, 3600, true)]
    [InlineData(MemberKind.Span, RecordingWriter.MaxDepth, 81, 0, 1, false)]
    [InlineData(MemberKind.Span, RecordingWriter.MaxDepth + 1, 81, 0, 1, true)] // a depth of later versions
    [InlineData(MemberKind.Span, RecordingWriter.MaxDepth + 1, 81, 0, 0, false)]
    [InlineData(MemberKind.End, 0, 81, 7, 0, true)]
    [InlineData(MemberKind.End, 0, 81, 7, -1, false)]
    [InlineData((MemberKind)9, 0, 81, 7, 5, true)] // a kind of later versions
    public void A_head_that_no_recorder_writes_is_none(MemberKind kind, byte depth, int length, long first, int intervals, bool isOne) =>
        Assert.Equal(isOne, TryRead(new MemberHead(kind, depth, length, first, intervals, 0, 0, 0, 0), out _));

    [Fact]
    public void Other_bytes_are_none()
    {
        byte[] bytes = new byte[MemberHead.Size];
        s_span.Write(bytes);
        Assert.True(MemberHead.TryRead(bytes, out _));
        Assert.False(MemberHead.TryRead(bytes.AsSpan(0, MemberHead.Size - 1), out _));
        Assert.False(MemberHead.TryRead([], out _));
        for (int at = 0; at < bytes.Length; at++)
        {
            byte[] changed = [.. bytes];
            changed[at] ^= 1;
            Assert.False(MemberHead.TryRead(changed, out _));
            // With a right checksum it is still none where it is not gzip's head, or another's extra field.
            uint checksum = System.IO.Hashing.Crc32.HashToUInt32(changed.AsSpan(0, MemberHead.Size - 4));
            BinaryPrimitives.WriteUInt32LittleEndian(changed.AsSpan(MemberHead.Size - 4), checksum);
            if (at is < 4 or 12 or 13) Assert.False(MemberHead.TryRead(changed, out _));
        }
    }

    private static bool TryRead(MemberHead head, out MemberHead read)
    {
        byte[] bytes = new byte[MemberHead.Size];
        head.Write(bytes);
        return MemberHead.TryRead(bytes, out read);
    }
}
