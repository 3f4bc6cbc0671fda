using Kvmscope.Core.Captures;

namespace Kvmscope.Interchange.TraceCmd;

/// <summary>trace.dat of versions 6 and 7: the buffers of all CPUs, merged by time.</summary>
internal sealed class TraceDatReader : ICaptureReader, IDisposable
{
    private readonly BinaryInput _input;
    private readonly TraceDatHeader _header;
    private readonly List<CpuCursor> _cursors = [];
    private readonly PriorityQueue<CpuCursor, ulong> _order = new();
    private CpuCursor? _current;
    private ulong _bytes;

    internal TraceDatReader(Stream stream)
    {
        if (!stream.CanSeek)
            throw Damage.Unsupported($"a trace.dat cannot come through a pipe",
                "Its data is not in the order of time: give the file's name.");
        _input = new BinaryInput(stream);
        Facts = new CaptureFacts();
        _header = TraceDatHeader.Read(_input, Facts);
        Facts.Cpus = _header.Cpus.Count;
        foreach (CpuData data in _header.Cpus)
        {
            if (data.Bytes == 0) continue;
            if (data.Offset > stream.Length - Math.Min(data.Bytes, stream.Length))
                Facts.CutAt ??= FormattableString.Invariant($"the events of CPU {data.Cpu}, from byte {data.Offset} on, are not all there");
            var cursor = new CpuCursor(_input, _header, data);
            _cursors.Add(cursor);
            Advance(cursor);
        }
    }

    /// <inheritdoc/>
    public CaptureFacts Facts { get; }

    /// <inheritdoc/>
    public long Position => (long)_bytes;

    /// <inheritdoc/>
    public string? NameOf(int pid, int tid) => _header.Names.GetValueOrDefault(tid);

    /// <inheritdoc/>
    public void Dispose() => _header.DataPacking?.Dispose();

    /// <inheritdoc/>
    public bool Read(ref CapturedEvent e)
    {
        while (true)
        {
            if (_current is { } last)
            {
                _current = null;
                Advance(last);
            }
            if (!_order.TryPeek(out CpuCursor? cursor, out _)) return false;
            e.Clear();
            if (cursor.TakeMissed() is > 0 and var missed)
            {
                (e.Kind, e.Cpu, e.Ns, e.Value) = (CapturedKind.Lost, cursor.Cpu, Ns(cursor.Time), missed);
                return true;
            }
            _current = _order.Dequeue();
            _bytes += (ulong)cursor.Record.Length + 4;
            if (_header.Decoder.KindOf(cursor.Record) == CapturedKind.None) continue;
            e.Ns = Ns(cursor.Time);
            e.Cpu = cursor.Cpu;
            e.Tid = _header.Decoder.TidOf(cursor.Record);
            if (e.Ns >= 0 && _header.Decoder.TryRead(cursor.Record, ref e)) return true;
            Facts.Skip($"byte {cursor.PageAt}: an event in this page is too short, or has no time");
        }
    }

    private void Advance(CpuCursor cursor)
    {
        if (cursor.Read()) _order.Enqueue(cursor, cursor.Time);
    }

    private long Ns(ulong time) => _header.Tsc is { } tsc
        ? (long)(ulong)((UInt128)time * tsc.Multiplier >> tsc.Shift) + (long)tsc.Offset
        : (long)time;
}
