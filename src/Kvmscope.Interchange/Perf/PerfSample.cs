using System.Runtime.CompilerServices;
using Kvmscope.Core.Captures;

namespace Kvmscope.Interchange.Perf;

/// <summary>Where the parts of an event's samples are, and the ids at the end of its other records.</summary>
internal sealed class PerfSample
{
    // PERF_SAMPLE_*, in the order in which they are in a sample; IDENTIFIER is first.
    internal const ulong Ip = 1, Tid = 2, Time = 4, Address = 8, Read = 0x10, Callchain = 0x20, Id = 0x40, Cpu = 0x80, Period = 0x100,
        StreamId = 0x200, Raw = 0x400, Identifier = 0x10000;

    // PERF_FORMAT_*
    private const ulong TimeEnabled = 1, TimeRunning = 2, FormatId = 4, Group = 8, Lost = 16;

    private const int HeaderBytes = 8, None = -1;

    private readonly ulong _type, _readFormat;
    private readonly int _id, _tid, _time, _cpu, _rest;

    internal PerfSample(ulong type, ulong readFormat)
    {
        (_type, _readFormat) = (type, readFormat);
        int at = HeaderBytes;
        int identifier = Place(Identifier);
        _ = Place(Ip);
        _tid = Place(Tid);
        _time = Place(Time);
        _ = Place(Address);
        int id = Place(Id);
        _ = Place(StreamId);
        _cpu = Place(Cpu);
        _ = Place(Period);
        (_id, _rest) = (identifier != None ? identifier : id, at);

        int Place(ulong part)
        {
            if ((type & part) == 0) return None;
            at += 8;
            return at - 8;
        }
    }

    /// <summary>The id of the event of a sample; null where samples have none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong? IdOf(ReadOnlySpan<byte> record, bool isBigEndian) =>
        _id != None && _id + 8 <= record.Length ? Numbers.U64(record[_id..], isBigEndian) : null;

    /// <summary>Reads time, thread and CPU of a sample, and finds its raw record.</summary>
    /// <returns>False where it is shorter than it has to be.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryRead(ReadOnlySpan<byte> record, bool isBigEndian, ref CapturedEvent e, out ReadOnlySpan<byte> raw)
    {
        raw = default;
        if (record.Length < _rest) return false;
        if (_tid != None)
            (e.Pid, e.Tid) = ((int)Numbers.U32(record[_tid..], isBigEndian), (int)Numbers.U32(record[(_tid + 4)..], isBigEndian));
        if (_time != None) e.Ns = (long)Numbers.U64(record[_time..], isBigEndian);
        if (_cpu != None) e.Cpu = (int)Math.Min(Numbers.U32(record[_cpu..], isBigEndian), int.MaxValue);
        ReadOnlySpan<byte> rest = record[_rest..];
        if ((_type & Read) != 0 && !SkipRead(ref rest, _readFormat, isBigEndian)) return false;
        if ((_type & Callchain) != 0 && !SkipCallchain(ref rest, isBigEndian)) return false;
        if ((_type & Raw) == 0 || rest.Length < 4) return false;
        uint size = Numbers.U32(rest, isBigEndian);
        if (size > rest.Length - 4) return false;
        raw = rest.Slice(4, (int)size);
        return e.Ns >= 0;
    }

    /// <summary>The time at the end of a record that is no sample, which has these ids; null where it has none.</summary>
    internal long? TimeOf(ReadOnlySpan<byte> record, bool isBigEndian)
    {
        if ((_type & Time) == 0) return null;
        int after = 8;
        foreach (ulong part in (ReadOnlySpan<ulong>)[Id, StreamId, Cpu, Identifier])
            if ((_type & part) != 0) after += 8;
        if (record.Length < HeaderBytes + after) return null;
        long ns = (long)Numbers.U64(record[^after..], isBigEndian);
        return ns > 0 ? ns : null;
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
