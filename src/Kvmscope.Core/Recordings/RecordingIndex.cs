using System.Buffers;

namespace Kvmscope.Core.Recordings;

/// <summary>Where the members of a recording are, found by their heads.</summary>
internal sealed class RecordingIndex
{
    private const int SearchBytes = 1 << 16;

    private readonly List<MemberPlace> _intervals = [];
    private readonly Dictionary<(int Depth, long First), MemberPlace> _spans = [];

    /// <summary>The intervals in order; where some are damaged, numbers are missing.</summary>
    internal IReadOnlyList<MemberPlace> Intervals => _intervals;

    /// <summary>The header's place; null where the file does not begin with one.</summary>
    internal MemberPlace? Header { get; private set; }

    /// <summary>How many intervals a complete recording has; null where it was cut off.</summary>
    internal long? End { get; private set; }

    /// <summary>CLOCK_MONOTONIC at the end of the last interval, from the end member.</summary>
    internal long EndNs { get; private set; }

    /// <summary>The wall clock then, ns since 1970.</summary>
    internal long EndWallNs { get; private set; }

    /// <summary>
    /// Where another recording seems to start: a second header, or an interval whose number does not grow; null where none does.
    /// </summary>
    internal long? AnotherAt { get; private set; }

    /// <summary>Bytes after the last complete member: what was being written when the recording was cut off.</summary>
    internal long TailBytes { get; private set; }

    /// <summary>Bytes between members that belong to none: damaged ones.</summary>
    internal long DamagedBytes { get; private set; }

    /// <summary>The span of this depth that begins with this interval, or null.</summary>
    internal MemberPlace? Span(int depth, long first) => _spans.TryGetValue((depth, first), out MemberPlace place) ? place : null;

    /// <summary>Finds the members: by the index at the end where there is one, else one by one.</summary>
    /// <param name="file">The recording; it can seek.</param>
    internal static RecordingIndex Read(Stream file) => IndexReader.TryRead(file) ?? Scan(file);

    /// <summary>Makes it from an index.</summary>
    internal static RecordingIndex Of(IEnumerable<MemberPlace> places)
    {
        var index = new RecordingIndex();
        foreach (MemberPlace place in places) index.Add(place);
        return index;
    }

    /// <summary>Reads all heads.</summary>
    /// <param name="file">The recording; it can seek.</param>
    internal static RecordingIndex Scan(Stream file)
    {
        var index = new RecordingIndex();
        Span<byte> bytes = stackalloc byte[MemberHead.Size];
        long length = file.Length, at = 0, room = RecordingLimits.SearchBytes;
        while (at < length)
        {
            if (TryReadHead(file, at, bytes, out MemberHead head) && at + head.Length <= length)
            {
                index.Add(new MemberPlace(at, head));
                at += head.Length;
                continue;
            }
            long next = FindHead(file, at + 1, length, ref room);
            if (next < 0)
            {
                // What was not searched may hold members.
                if (room > 0) index.TailBytes = length - at;
                else index.DamagedBytes += length - at;
                break;
            }
            index.DamagedBytes += next - at;
            at = next;
        }
        return index;
    }

    private void Add(MemberPlace place)
    {
        End = null;
        switch (place.Head.Kind)
        {
            case MemberKind.Header when place.Offset == 0:
                Header = place;
                break;
            case MemberKind.Header:
                AnotherAt ??= place.Offset;
                break;
            case MemberKind.Interval when _intervals.Count == 0 || place.Head.First > _intervals[^1].Head.First:
                _intervals.Add(place);
                break;
            case MemberKind.Interval:
                AnotherAt ??= place.Offset;
                break;
            case MemberKind.Span:
                _spans[(place.Head.Depth, place.Head.First)] = place;
                break;
            case MemberKind.End:
                (End, EndNs, EndWallNs) = (place.Head.First, place.Head.ToNs, place.Head.WallNs);
                break;
        }
    }

    internal static bool TryReadHead(Stream file, long at, Span<byte> bytes, out MemberHead head)
    {
        file.Position = at;
        int read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return MemberHead.TryRead(bytes[..read], out head);
    }

    // After damaged bytes: the next offset with a complete member; -1 where there is none, or no room for searching.
    private static long FindHead(Stream file, long from, long length, ref long room)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(SearchBytes);
        try
        {
            while (from < length && room > 0)
            {
                file.Position = from;
                int read = file.ReadAtLeast(bytes.AsSpan(0, SearchBytes), SearchBytes, throwOnEndOfStream: false);
                ReadOnlySpan<byte> window = bytes.AsSpan(0, read);
                for (int at = window.IndexOf(MemberHead.Magic); at >= 0; at = Next(window, at))
                    if (MemberHead.TryRead(window[at..], out MemberHead head) && from + at + head.Length <= length) return from + at;
                room -= read;
                if (read < SearchBytes) return -1;
                // A head may start in the last bytes of this window.
                from += read - MemberHead.Size + 1;
            }
            return -1;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static int Next(ReadOnlySpan<byte> window, int at)
    {
        int next = window[(at + 1)..].IndexOf(MemberHead.Magic);
        return next < 0 ? -1 : at + 1 + next;
    }
}
