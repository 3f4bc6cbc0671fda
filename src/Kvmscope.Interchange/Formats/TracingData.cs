using System.Globalization;
using System.Text;

namespace Kvmscope.Interchange.Formats;

/// <summary>
/// The formats of events as trace.dat of version 6 begins, which perf.data has in its tracing data too: trace-cmd.dat.v6(5),
/// tools/perf/util/trace-event-info.c.
/// </summary>
internal static class TracingData
{
    private const int MostSystems = 1 << 16, MostEvents = 1 << 16, MostFormatBytes = 1 << 17;

    /// <summary>The first bytes.</summary>
    internal static ReadOnlySpan<byte> Magic => "\u0017\u0008\u0044tracing"u8;

    /// <summary>Reads the header after the magic: version, byte order, sizes.</summary>
    internal static TracingHeader ReadHeader(BinaryInput input)
    {
        string version = input.Text(16);
        byte order = input.U8();
        if (order > 1) throw Damage.At($"the byte order at byte {input.Position - 1} is {order}, and not 0 or 1");
        input.IsBigEndian = order == 1;
        int longBytes = input.U8();
        return new TracingHeader(version, order == 1, longBytes, input.U32());
    }

    /// <summary>Reads header_page and header_event.</summary>
    internal static PageHeader ReadPageHeader(BinaryInput input)
    {
        Expect(input, "header_page");
        PageHeader page = PageHeader.Parse(Block(input, input.U64()));
        Expect(input, "header_event");
        input.Skip(input.U64());
        return page;
    }

    /// <summary>Passes over the formats of ftrace's own events.</summary>
    internal static void SkipFtraceFormats(BinaryInput input)
    {
        uint count = Count(input, MostEvents);
        for (uint i = 0; i < count; i++) input.Skip(input.U64());
    }

    /// <summary>Reads the formats of all systems.</summary>
    internal static void ReadFormats(BinaryInput input, RecordDecoder decoder)
    {
        uint systems = Count(input, MostSystems);
        for (uint i = 0; i < systems; i++)
        {
            bool isUsed = input.Text() is "kvm" or "sched";
            uint events = Count(input, MostEvents);
            for (uint j = 0; j < events; j++)
            {
                ulong size = input.U64();
                if (!isUsed || size > MostFormatBytes) input.Skip(size);
                else if (EventFormat.Parse(Encoding.UTF8.GetString(input.Read((int)size))) is { } format) decoder.Add(format);
            }
        }
    }

    private static uint Count(BinaryInput input, uint most)
    {
        uint count = input.U32();
        return count <= most ? count : throw Damage.At($"the count at byte {input.Position - 4} is {count}, which is impossible");
    }

    private static void Expect(BinaryInput input, string name)
    {
        long at = input.Position;
        if (input.Text(16) != name) throw Damage.At($"'{name}' is missing at byte {at}");
    }

    private static string Block(BinaryInput input, ulong size) => size <= MostFormatBytes
        ? Encoding.UTF8.GetString(input.Read((int)size))
        : throw Damage.At($"the size at byte {input.Position - 8} is {size}, which is impossible");
}

/// <summary>How a trace was written.</summary>
/// <param name="Version">The version of the file's format.</param>
/// <param name="IsBigEndian">The byte order.</param>
/// <param name="LongBytes">The size of a long.</param>
/// <param name="PageBytes">The size of a page.</param>
internal readonly record struct TracingHeader(string Version, bool IsBigEndian, int LongBytes, uint PageBytes);

/// <summary>Where in a page of the ring buffer its length and its data are.</summary>
/// <param name="CommitOffset">Where the length is.</param>
/// <param name="CommitBytes">The size of the length.</param>
/// <param name="DataOffset">Where the data begins.</param>
internal readonly record struct PageHeader(int CommitOffset, int CommitBytes, int DataOffset)
{
    /// <summary>Reads events/header_page.</summary>
    internal static PageHeader Parse(string text)
    {
        var page = new PageHeader(8, 8, 16);
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            if (line.Contains(" commit;", StringComparison.Ordinal))
                page = page with { CommitOffset = Number(line, "offset:") ?? 8, CommitBytes = Number(line, "size:") ?? 8 };
            else if (line.Contains(" data;", StringComparison.Ordinal) || line.Contains("\tdata;", StringComparison.Ordinal))
                page = page with { DataOffset = Number(line, "offset:") ?? 16 };
        }
        return page;
    }

    private static int? Number(ReadOnlySpan<char> line, string before)
    {
        int at = line.IndexOf(before);
        if (at < 0) return null;
        line = line[(at + before.Length)..];
        int end = line.IndexOf(';');
        return end > 0 && int.TryParse(line[..end], NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < 256
            ? number
            : null;
    }
}
