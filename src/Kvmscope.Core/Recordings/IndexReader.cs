using System.Text.Json;

namespace Kvmscope.Core.Recordings;

/// <summary>Reads the index with which a recording ends. It is used only if it accounts for every byte.</summary>
internal static class IndexReader
{
    private const int WindowBytes = 1 << 16;

    // An entry of the index is shorter than the shortest member.
    private const int LeastMember = MemberHead.Size + MemberHead.TrailerSize + 1;

    /// <summary>The members; null where there is no index, or not of this file.</summary>
    internal static RecordingIndex? TryRead(Stream file)
    {
        Span<byte> bytes = stackalloc byte[MemberHead.Size];
        if (!RecordingIndex.TryReadHead(file, 0, bytes, out MemberHead header) || header.Kind != MemberKind.Header) return null;
        if (FindEnd(file) is not { } end || ReadIndex(file, end) is not { } index) return null;
        List<MemberPlace>? places = Places(header, index, end);
        return places is null ? null : RecordingIndex.Of(places);
    }

    private static List<MemberPlace>? Places(MemberHead header, IndexJson index, MemberPlace end)
    {
        var places = new List<MemberPlace>(index.Lengths.Count + 2) { new(0, header) };
        long offset = header.Length;
        int next = 0;
        for (int i = 0; i < index.ToNs.Count; i++)
        {
            long from = i == 0 ? header.ToNs : index.ToNs[i - 1];
            for (int depth = 0; depth <= RecordingWriter.MaxDepth && (i + 1) % RecordingWriter.Length(depth) == 0; depth++)
            {
                int count = RecordingWriter.Length(depth);
                if (next == index.Lengths.Count) return null;
                int length = index.Lengths[next++], first = i + 1 - count;
                if (length <= MemberHead.Size + MemberHead.TrailerSize) return null;
                MemberKind kind = depth == 0 ? MemberKind.Interval : MemberKind.Span;
                places.Add(new(offset, new MemberHead(kind, (byte)depth, length, first, count, 0, from, index.ToNs[i], index.WallNs[i])
                {
                    SuspendedMs = depth == 0 ? index.SuspendedMs(i) : 0,
                }));
                offset += length;
            }
        }
        if (next != index.Lengths.Count || offset != end.Offset || end.Head.First != index.ToNs.Count) return null;
        places.Add(end);
        return places;
    }

    private static IndexJson? ReadIndex(Stream file, MemberPlace end)
    {
        try
        {
            int most = (int)Math.Min(IndexJson.MaxMembers, file.Length / LeastMember);
            long longest = Math.Min(RecordingLimits.LineBytes, file.Length + WindowBytes);
            return Member.ReadAt(file, end, line => IndexJson.Read(line, most), longest);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // The member that ends with the file, searched from the end.
    private static MemberPlace? FindEnd(Stream file)
    {
        byte[] bytes = new byte[WindowBytes + MemberHead.Size];
        long length = file.Length;
        long first = Math.Max(0, length - RecordingLimits.LineBytes);
        for (long from = Math.Max(0, length - WindowBytes); from >= first; from = Math.Max(0, from - WindowBytes))
        {
            file.Position = from;
            // A head may start in the last bytes of this window.
            int read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            ReadOnlySpan<byte> window = bytes.AsSpan(0, read);
            for (int at = window.LastIndexOf(MemberHead.Magic); at >= 0; at = window[..at].LastIndexOf(MemberHead.Magic))
            {
                if (!MemberHead.TryRead(window[at..], out MemberHead head)) continue;
                return head.Kind == MemberKind.End && from + at + head.Length == length ? new MemberPlace(from + at, head) : null;
            }
            if (from == 0) break;
        }
        return null;
    }
}
