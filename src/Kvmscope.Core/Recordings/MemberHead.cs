using System.Buffers.Binary;

namespace Kvmscope.Core.Recordings;

/// <summary>
/// The uncompressed head of each member of a recording: a gzip header (RFC 1952) whose extra field says how long the member is and what it
/// holds, so that a reader finds members without inflating. It has its own checksum.
/// </summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Depth">Of a span: 1 is a sum of intervals, 2 a sum of spans of depth 1; else 0.</param>
/// <param name="Length">The whole member in bytes, this head included.</param>
/// <param name="First">The number of the first interval in it; intervals are numbered from 0.</param>
/// <param name="Intervals">How many intervals are in it.</param>
/// <param name="Rows">How many rows are in it.</param>
/// <param name="FromNs">CLOCK_MONOTONIC at its start, ns.</param>
/// <param name="ToNs">CLOCK_MONOTONIC at its end, ns.</param>
/// <param name="WallNs">The wall clock at its end as the host had it, ns since 1970.</param>
public readonly record struct MemberHead(
    MemberKind Kind, byte Depth, int Length, long First, int Intervals, int Rows, long FromNs, long ToNs, long WallNs)
{
    /// <summary>How long the host was suspended in it, ms; 0 also where that is not known (<see cref="RecordingHeader.BootNs"/>).</summary>
    public uint SuspendedMs { get; init; }

    /// <summary>Bytes of a head.</summary>
    public const int Size = 72;

    /// <summary>Bytes after the compressed body: its CRC-32 and its length (RFC 1952).</summary>
    public const int TrailerSize = 8;

    /// <summary>The layout of this head; a reader knows all layouts up to its own.</summary>
    public const byte Layout = 1;

    /// <summary>The first bytes of every head: gzip, deflate, an extra field.</summary>
    public static ReadOnlySpan<byte> Magic => [0x1f, 0x8b, 8, 4];

    private const int ExtraAt = 10, FieldAt = 12, PayloadAt = 16, ChecksumAt = Size - 4;
    private const byte OperatingSystem = 3; // Unix
    private const long NsPerSecond = 1_000_000_000;

    /// <summary>Writes it.</summary>
    /// <param name="to"><see cref="Size"/> bytes.</param>
    public void Write(Span<byte> to)
    {
        to[..Size].Clear();
        Magic.CopyTo(to);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], (uint)(WallNs / NsPerSecond));
        to[9] = OperatingSystem;
        BinaryPrimitives.WriteUInt16LittleEndian(to[ExtraAt..], Size - FieldAt);
        "KS"u8.CopyTo(to[FieldAt..]);
        BinaryPrimitives.WriteUInt16LittleEndian(to[(FieldAt + 2)..], Size - PayloadAt);
        Span<byte> at = to[PayloadAt..];
        at[0] = Layout;
        at[1] = (byte)Kind;
        at[2] = Depth;
        BinaryPrimitives.WriteInt32LittleEndian(at[4..], Length);
        BinaryPrimitives.WriteInt64LittleEndian(at[8..], First);
        BinaryPrimitives.WriteInt32LittleEndian(at[16..], Intervals);
        BinaryPrimitives.WriteInt32LittleEndian(at[20..], Rows);
        BinaryPrimitives.WriteInt64LittleEndian(at[24..], FromNs);
        BinaryPrimitives.WriteInt64LittleEndian(at[32..], ToNs);
        BinaryPrimitives.WriteInt64LittleEndian(at[40..], WallNs);
        BinaryPrimitives.WriteUInt32LittleEndian(at[48..], SuspendedMs);
        BinaryPrimitives.WriteUInt32LittleEndian(to[ChecksumAt..], Crc32.Of(to[..ChecksumAt]));
    }

    /// <summary>Reads one.</summary>
    /// <param name="from">At least <see cref="Size"/> bytes.</param>
    /// <param name="head">The head.</param>
    /// <returns>False where there is none: other bytes, or a damaged one.</returns>
    public static bool TryRead(ReadOnlySpan<byte> from, out MemberHead head)
    {
        head = default;
        if (from.Length < Size || !from.StartsWith(Magic) || !from[FieldAt..].StartsWith("KS"u8)) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(from[ChecksumAt..]) != Crc32.Of(from[..ChecksumAt])) return false;
        ReadOnlySpan<byte> at = from[PayloadAt..];
        head = new MemberHead(
            (MemberKind)at[1], at[2], BinaryPrimitives.ReadInt32LittleEndian(at[4..]), BinaryPrimitives.ReadInt64LittleEndian(at[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(at[16..]), BinaryPrimitives.ReadInt32LittleEndian(at[20..]),
            BinaryPrimitives.ReadInt64LittleEndian(at[24..]), BinaryPrimitives.ReadInt64LittleEndian(at[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(at[40..]))
        {
            SuspendedMs = BinaryPrimitives.ReadUInt32LittleEndian(at[48..]),
        };
        // A newer layout starts the same way, and the recording's version tells it.
        return head.Length > Size + TrailerSize && head.First >= 0 && head.Kind switch
        {
            MemberKind.Interval => head.Intervals == 1,
            MemberKind.Span => head.Depth > 0 && head.Intervals > 0
                && (head.Depth > RecordingWriter.MaxDepth || head.Intervals == RecordingWriter.Length(head.Depth)),
            _ => head.Intervals >= 0,
        };
    }
}

/// <summary>What a member of a recording holds.</summary>
public enum MemberKind : byte
{
    /// <summary>The first: where, when and how it was recorded.</summary>
    Header = 1,

    /// <summary>One interval.</summary>
    Interval = 2,

    /// <summary>The sum of many intervals before it, so that a long recording can be read without reading all of it.</summary>
    Span = 3,

    /// <summary>The last one, of a complete recording.</summary>
    End = 4,
}

/// <summary>Where a member is in a recording.</summary>
/// <param name="Offset">Its first byte.</param>
/// <param name="Head">What it holds.</param>
internal readonly record struct MemberPlace(long Offset, MemberHead Head);
