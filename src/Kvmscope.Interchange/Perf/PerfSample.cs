using Kvmscope.Core.Captures;

namespace Kvmscope.Interchange.Perf;

/// <summary>Finds the parts of samples, and of the ids at the end of other records.</summary>
internal static class PerfSample
{
    // PERF_SAMPLE_*, in the order in which they are in a sample; IDENTIFIER is first.
    internal const ulong Ip = 1, Tid = 2, Time = 4, Address = 8, Read = 0x10, Callchain = 0x20, Id = 0x40, Cpu = 0x80, Period = 0x100,
        StreamId = 0x200, Raw = 0x400, Identifier = 0x10000;

    // PERF_FORMAT_*
    private const ulong TimeEnabled = 1, TimeRunning = 2, FormatId = 4, Group = 8, Lost = 16;

    private const int HeaderBytes = 8;

    /// <summary>The id of the event of a sample; null where samples have none.</summary>
    internal static ulong? IdOf(ReadOnlySpan<byte> record, PerfAttribute attribute, bool isBigEndian)
    {
        ulong type = attribute.SampleType;
        int at = HeaderBytes;
        if ((type & Identifier) == 0)
        {
            if ((type & Id) == 0) return null;
            foreach (ulong part in (ReadOnlySpan<ulong>)[Ip, Tid, Time, Address])
                if ((type & part) != 0) at += 8;
        }
        return at + 8 <= record.Length ? Numbers.U64(record[at..], isBigEndian) : null;
    }

    /// <summary>Reads time, thread and CPU of a sample, and finds its raw record.</summary>
    /// <returns>False where it is shorter than it has to be.</returns>
    internal static bool TryRead(
        ReadOnlySpan<byte> record, PerfAttribute attribute, bool isBigEndian, ref CapturedEvent e, out ReadOnlySpan<byte> raw)
    {
        raw = default;
        ulong type = attribute.SampleType;
        ReadOnlySpan<byte> rest = record[HeaderBytes..];
        if (!Skip(ref rest, type, Identifier) || !Skip(ref rest, type, Ip)) return false;
        if ((type & Tid) != 0)
        {
            if (rest.Length < 8) return false;
            (e.Pid, e.Tid) = ((int)Numbers.U32(rest, isBigEndian), (int)Numbers.U32(rest[4..], isBigEndian));
            rest = rest[8..];
        }
        if ((type & Time) != 0)
        {
            if (rest.Length < 8) return false;
            e.Ns = (long)Numbers.U64(rest, isBigEndian);
            rest = rest[8..];
        }
        if (!Skip(ref rest, type, Address) || !Skip(ref rest, type, Id) || !Skip(ref rest, type, StreamId)) return false;
        if ((type & Cpu) != 0)
        {
            if (rest.Length < 8) return false;
            e.Cpu = (int)Math.Min(Numbers.U32(rest, isBigEndian), int.MaxValue);
            rest = rest[8..];
        }
        if (!Skip(ref rest, type, Period)) return false;
        if ((type & Read) != 0 && !SkipRead(ref rest, attribute.ReadFormat, isBigEndian)) return false;
        if ((type & Callchain) != 0 && !SkipCallchain(ref rest, isBigEndian)) return false;
        if ((type & Raw) == 0 || rest.Length < 4) return false;
        uint size = Numbers.U32(rest, isBigEndian);
        if (size > rest.Length - 4) return false;
        raw = rest.Slice(4, (int)size);
        return e.Ns >= 0;
    }

    /// <summary>The time at the end of a record that is no sample; null where it has none.</summary>
    internal static long? TimeOf(ReadOnlySpan<byte> record, PerfAttribute attribute, bool isBigEndian)
    {
        ulong type = attribute.SampleType;
        if (!attribute.HasSampleIds || (type & Time) == 0) return null;
        int after = 8;
        foreach (ulong part in (ReadOnlySpan<ulong>)[Id, StreamId, Cpu, Identifier])
            if ((type & part) != 0) after += 8;
        if (record.Length < HeaderBytes + after) return null;
        long ns = (long)Numbers.U64(record[^after..], isBigEndian);
        return ns > 0 ? ns : null;
    }

    private static bool Skip(ref ReadOnlySpan<byte> rest, ulong type, ulong part)
    {
        if ((type & part) == 0) return true;
        if (rest.Length < 8) return false;
        rest = rest[8..];
        return true;
    }

    private static bool SkipRead(ref ReadOnlySpan<byte> rest, ulong format, bool isBigEndian)
    {
        ulong values = 1;
        ulong perValue = 1 + ((format & FormatId) != 0 ? 1UL : 0) + ((format & Lost) != 0 ? 1UL : 0);
        ulong times = ((format & TimeEnabled) != 0 ? 1UL : 0) + ((format & TimeRunning) != 0 ? 1UL : 0);
        if ((format & Group) != 0)
        {
            if (rest.Length < 8) return false;
            values = Numbers.U64(rest, isBigEndian);
            rest = rest[8..];
            if (values > 1 << 16) return false;
        }
        ulong bytes = 8 * (times + values * perValue);
        if (bytes > (ulong)rest.Length) return false;
        rest = rest[(int)bytes..];
        return true;
    }

    private static bool SkipCallchain(ref ReadOnlySpan<byte> rest, bool isBigEndian)
    {
        if (rest.Length < 8) return false;
        ulong frames = Numbers.U64(rest, isBigEndian);
        rest = rest[8..];
        if (frames > (ulong)rest.Length / 8) return false;
        rest = rest[(8 * (int)frames)..];
        return true;
    }
}
