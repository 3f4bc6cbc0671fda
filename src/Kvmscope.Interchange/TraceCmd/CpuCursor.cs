using Kvmscope.Interchange.Formats;

namespace Kvmscope.Interchange.TraceCmd;

/// <summary>
/// The events of one CPU, page by page as the kernel's ring buffer has them (include/linux/ring_buffer.h, kernel/trace/ring_buffer.c).
/// </summary>
internal sealed class CpuCursor
{
    private const int Padding = 29, TimeExtend = 30, TimeStamp = 31, DeltaBits = 27, MostChunk = 1 << 20;
    private const uint LengthMask = (1 << DeltaBits) - 1, MissedEvents = 1U << 31, MissedStored = 1U << 30;

    private readonly BinaryInput _input;
    private readonly TraceDatHeader _header;
    private readonly byte[] _page;
    private readonly Packing? _packing;
    private byte[] _chunk = [];
    private int _chunkAt, _at, _end;
    private long _next, _left;
    private uint _chunks;
    private ulong _time, _missed;
    private int _recordAt, _recordLength;

    internal CpuCursor(BinaryInput input, TraceDatHeader header, CpuData data)
    {
        (_input, _header, Cpu, _next, _left, _packing) = (input, header, data.Cpu, data.Offset, data.Bytes, header.DataPacking);
        _page = new byte[header.PageBytes];
        if (_packing is null || _left < 4) return;
        _input.Seek(_next);
        _chunks = _input.U32();
        _next += 4;
    }

    /// <summary>The CPU.</summary>
    internal int Cpu { get; }

    /// <summary>The time of the event that was read.</summary>
    internal ulong Time => _time;


    /// <summary>The record of the event that was read.</summary>
    internal ReadOnlySpan<byte> Record => _page.AsSpan(_recordAt, _recordLength);

    /// <summary>Where the page of that event is in the file; of a packed one, its chunk.</summary>
    internal long PageAt { get; private set; }

    /// <summary>How many events are missing before the event that was read, once; 1 where the number is not known.</summary>
    internal ulong TakeMissed()
    {
        ulong missed = _missed;
        _missed = 0;
        return missed;
    }

    /// <summary>Reads the next event.</summary>
    internal bool Read()
    {
        while (true)
        {
            while (_at + 4 <= _end)
                if (ReadEntry()) return true;
            if (!ReadPage()) return false;
        }
    }

    private bool ReadEntry()
    {
        uint head = Numbers.U32(_page.AsSpan(_at), _input.IsBigEndian);
        int type = (int)(_input.IsBigEndian ? head >> DeltaBits : head & 31);
        uint delta = _input.IsBigEndian ? head & LengthMask : head >> 5;
        _at += 4;
        switch (type)
        {
            case Padding:
                // Without a time the rest of the page is empty.
                if (delta == 0) _at = _end;
                else Advance(4, Word(_at));
                return false;
            case TimeExtend:
                _time += ((ulong)Word(_at) << DeltaBits) + delta;
                Advance(4, 0);
                return false;
            case TimeStamp:
                // 59 bits; those above are of the time before.
                _time = (_time & ~((1UL << 59) - 1)) | ((ulong)Word(_at) << DeltaBits) + delta;
                Advance(4, 0);
                return false;
        }
        _time += delta;
        uint length = (uint)type * 4;
        if (type == 0)
        {
            length = Word(_at);
            if (length < 4) throw Bad();
            length = (length - 4 + 3) & ~3U;
            _at += 4;
        }
        (_recordAt, _recordLength) = (_at, (int)Math.Min(length, int.MaxValue));
        Advance(0, length);
        return true;
    }

    private uint Word(int at) => at + 4 <= _end ? Numbers.U32(_page.AsSpan(at), _input.IsBigEndian) : throw Bad();

    // A padding's length counts its own word.
    private void Advance(int own, uint length)
    {
        long at = _at + Math.Max(own, (long)length);
        _at = at <= _end ? (int)at : throw Bad();
    }

    private Core.KvmscopeException Bad() =>
        Damage.At($"an event of CPU {Cpu} ends behind its page, which is at byte {PageAt}");

    private bool ReadPage()
    {
        if (!Load()) return false;
        PageHeader page = _header.Page;
        int commitEnd = page.CommitOffset + page.CommitBytes;
        if (page.CommitBytes is not (4 or 8) || commitEnd > _page.Length || page.DataOffset > _page.Length || page.DataOffset < commitEnd)
            throw Damage.At($"the header of pages is impossible");
        _time = Numbers.U64(_page, _input.IsBigEndian);
        ReadOnlySpan<byte> commit = _page.AsSpan(page.CommitOffset, page.CommitBytes);
        uint flags = page.CommitBytes == 8 ? (uint)Numbers.U64(commit, _input.IsBigEndian) : Numbers.U32(commit, _input.IsBigEndian);
        long end = page.DataOffset + (flags & LengthMask);
        if (end > _page.Length) throw Damage.At($"the page of CPU {Cpu} at byte {PageAt} has more than a page");
        (_at, _end) = (page.DataOffset, (int)end);
        if ((flags & MissedEvents) == 0) return true;
        bool isStored = (flags & MissedStored) != 0 && _end + page.CommitBytes <= _page.Length;
        ReadOnlySpan<byte> stored = _page.AsSpan(Math.Min(_end, _page.Length - page.CommitBytes), page.CommitBytes);
        _missed += !isStored ? 1
            : Math.Max(1, page.CommitBytes == 8 ? Numbers.U64(stored, _input.IsBigEndian) : Numbers.U32(stored, _input.IsBigEndian));
        return true;
    }

    // The next page; a file that is cut ends here.
    private bool Load()
    {
        if (_packing is not null && !Unpack()) return false;
        if (_packing is not null)
        {
            _chunk.AsSpan(_chunkAt, _page.Length).CopyTo(_page);
            _chunkAt += _page.Length;
            return true;
        }
        if (_left < _page.Length || _input.ReadAt(_next, _page) < _page.Length) return false;
        PageAt = _next;
        _next += _page.Length;
        _left -= _page.Length;
        return true;
    }

    private bool Unpack()
    {
        Span<byte> sizes = stackalloc byte[8];
        while (_chunkAt + _page.Length > _chunk.Length)
        {
            if (_chunks == 0) return false;
            _chunks--;
            if (_input.ReadAt(PageAt = _next, sizes) < sizes.Length) return false;
            uint packed = Numbers.U32(sizes, _input.IsBigEndian), plain = Numbers.U32(sizes[4..], _input.IsBigEndian);
            if (packed > 2 * MostChunk || plain > MostChunk)
                throw Damage.At($"the chunk of CPU {Cpu} at byte {PageAt} has impossible sizes: {packed} and {plain}");
            var from = new byte[packed];
            if (_input.ReadAt(_next + sizes.Length, from) < from.Length) return false;
            if (_chunk.Length != plain) _chunk = new byte[plain];
            _chunkAt = 0;
            if (!_packing!.TryUnpack(from, _chunk)) throw Damage.At($"the chunk of CPU {Cpu} at byte {PageAt} cannot be unpacked");
            _next += 8 + packed;
        }
        return true;
    }
}
