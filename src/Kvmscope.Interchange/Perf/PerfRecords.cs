using System.Buffers;
using System.Runtime.CompilerServices;
using ZstdSharp.Unsafe;
using ZstdSharp;

namespace Kvmscope.Interchange.Perf;

/// <summary>
/// The records of perf.data one after the other, also those within compressed ones: these are one stream of zstd, which may end anywhere
/// within a record (tools/perf/util/session.c).
/// </summary>
/// <param name="input">The file.</param>
/// <param name="end">Where its records end; null for the end of the file.</param>
internal sealed class PerfRecords(BinaryInput input, long? end) : IDisposable
{
    internal const int HeaderBytes = 8;

    private const uint Compressed = 81, Compressed2 = 83;

    // The window of the highest usual level, so that no file makes this take more memory than 16 MB.
    private const int MostWindowLog = 24;

    private readonly byte[] _plain = new byte[1 << 18], _packed = new byte[1 << 16];
    private int _plainBegin, _plainEnd, _packedBegin, _packedEnd;
    private Decompressor? _zstd;
    private bool _isFull;

    /// <summary>The records end before the end that the header says.</summary>
    internal bool IsCut { get; private set; }

    /// <summary>Where the record that was read last begins in the file; of a compressed one, what it was in.</summary>
    internal long At { get; private set; }

    /// <summary>Reads a record, valid until the next call.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="Core.KvmscopeException">It is damaged.</exception>
    internal bool Read(out ReadOnlySpan<byte> record)
    {
        while (true)
        {
            if (TryPlain(out record)) return true;
            if (Unpack()) continue;
            if (!TryFile(out record)) return false;
            uint type = Numbers.U32(record, input.IsBigEndian);
            if (type is not (Compressed or Compressed2)) return true;
            Pack(record, type);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _zstd?.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryPlain(out ReadOnlySpan<byte> record)
    {
        record = default;
        ReadOnlySpan<byte> plain = _plain.AsSpan(_plainBegin, _plainEnd - _plainBegin);
        if (plain.Length < HeaderBytes) return false;
        int size = Size(plain);
        if (plain.Length < size) return false;
        record = plain[..size];
        _plainBegin += size;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryFile(out ReadOnlySpan<byte> record)
    {
        record = default;
        At = input.Position;
        long left = end is { } at ? at - At : long.MaxValue;
        if (left <= 0) return false;
        ReadOnlySpan<byte> head = input.Peek(HeaderBytes);
        if (head.IsEmpty && end is null) return false;
        if (head.Length < HeaderBytes || left < HeaderBytes) return Cut();
        int size = Size(head);
        record = input.Peek(size);
        if (record.Length < size || left < size) return Cut();
        input.Take(size);
        return true;
    }

    private bool Cut()
    {
        IsCut = true;
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Size(ReadOnlySpan<byte> head)
    {
        int size = Numbers.U16(head[6..], input.IsBigEndian);
        return size >= HeaderBytes ? size
            : throw Damage.At($"the record at byte {At} says that it has {size} bytes, and each has at least {HeaderBytes}");
    }

    private void Pack(ReadOnlySpan<byte> record, uint type)
    {
        ReadOnlySpan<byte> data = record[HeaderBytes..];
        if (type == Compressed2)
        {
            ulong size = data.Length >= 8 ? Numbers.U64(data, input.IsBigEndian) : 0;
            data = data[Math.Min(8, data.Length)..];
            if (size < (ulong)data.Length) data = data[..(int)size];
        }
        data.CopyTo(_packed);
        (_packedBegin, _packedEnd) = (0, data.Length);
    }

    private bool Unpack()
    {
        // Where there was no room for all, more comes without new input.
        if (_packedBegin == _packedEnd && !_isFull) return false;
        _plain.AsSpan(_plainBegin, _plainEnd - _plainBegin).CopyTo(_plain);
        (_plainBegin, _plainEnd) = (0, _plainEnd - _plainBegin);
        if (_zstd is null)
        {
            _zstd = new Decompressor();
            _zstd.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, MostWindowLog);
        }
        try
        {
            OperationStatus status = _zstd.UnwrapStream(
                _packed.AsSpan(_packedBegin, _packedEnd - _packedBegin), _plain.AsSpan(_plainEnd), out int taken, out int made);
            if (taken == 0 && made == 0 && _packedBegin == _packedEnd) return _isFull = false;
            if (status == OperationStatus.InvalidData || (taken == 0 && made == 0))
                throw Damage.At($"the compressed record at byte {At} cannot be unpacked");
            _packedBegin += taken;
            _plainEnd += made;
            _isFull = _plainEnd == _plain.Length;
        }
        catch (ZstdException error)
        {
            throw Damage.At($"the compressed record at byte {At} cannot be unpacked: {error.Message}");
        }
        return true;
    }
}
