using System.Text;
using Kvmscope.Core.Captures;

namespace Kvmscope.Interchange.Perf;

/// <summary>perf.data of both byte orders, as a file and as it goes through a pipe, compressed or not.</summary>
internal sealed class PerfCaptureReader : ICaptureReader, IDisposable
{
    // PERF_RECORD_* of include/uapi/linux/perf_event.h and tools/lib/perf/include/perf/event.h.
    private const uint RecordLost = 2, RecordComm = 3, RecordExit = 4, RecordSample = 9, RecordLostSamples = 13, RecordAttribute = 64,
        RecordTracingData = 66, RecordFinishedRound = 68, RecordAuxtrace = 71, RecordFeature = 80;

    private const ushort LostSamplesOfBpf = 1 << 15;
    private const int MostNames = 1 << 16;

    private readonly BinaryInput _input;
    private readonly PerfRecords _records;
    private readonly PerfHeader _header;
    private readonly EventOrder _order = new();
    private readonly Dictionary<int, string> _names = [];
    private ulong _lost, _lostSamples;
    private long _lastNs;
    private bool _isEnded;

    /// <summary>Reads the header.</summary>
    /// <param name="stream">The file, at its beginning.</param>
    internal PerfCaptureReader(Stream stream)
    {
        _input = new BinaryInput(stream);
        PerfHeader.IsMagic(_input.Peek(PerfHeader.MagicBytes), out bool isBigEndian);
        _input.IsBigEndian = isBigEndian;
        Facts = new CaptureFacts { Kind = "perf.data" };
        _header = PerfHeader.Read(_input, stream.CanSeek, Facts);
        _records = new PerfRecords(_input, _header.End);
        if (_header is { IsPipe: false, HasFormats: false })
            throw Damage.Unsupported($"this perf.data has no formats of tracepoints",
                "It was made without tracepoints, or perf was killed: record with 'perf kvm stat record' or 'perf record -e kvm:*'.");
    }

    /// <inheritdoc/>
    public CaptureFacts Facts { get; }

    /// <inheritdoc/>
    public long Position => _input.Position;

    /// <inheritdoc/>
    public string? NameOf(int pid, int tid) => _names.GetValueOrDefault(pid);

    /// <inheritdoc/>
    public void Dispose() => _records.Dispose();

    /// <inheritdoc/>
    public bool Read(ref CapturedEvent e)
    {
        while (!_order.TryTake(ref e))
        {
            Facts.Late = _order.Late;
            if (_isEnded) return false;
            if (_records.Read(out ReadOnlySpan<byte> record)) Take(record);
            else End();
        }
        return true;
    }

    private void End()
    {
        _isEnded = true;
        if (_records.IsCut) Facts.CutAt ??= FormattableString.Invariant($"it ends at byte {Position}, within a record");
        // perf counts the same losses twice: as they happen, and all of them at the end.
        if (_lostSamples > _lost) AddLoss(_lastNs, _lostSamples - _lost);
        _order.End();
    }

    private void Take(ReadOnlySpan<byte> record)
    {
        switch (Numbers.U32(record, _input.IsBigEndian))
        {
            case RecordSample: TakeSample(record); break;
            case RecordFinishedRound: _order.EndRound(); break;
            case RecordLost when record.Length >= 24:
                ulong lost = Numbers.U64(record[16..], _input.IsBigEndian);
                _lost += lost;
                AddLoss(TimeOf(record) ?? _lastNs, lost);
                break;
            case RecordLostSamples when record.Length >= 16 && (Numbers.U16(record[4..], _input.IsBigEndian) & LostSamplesOfBpf) == 0:
                _lostSamples += Numbers.U64(record[8..], _input.IsBigEndian);
                break;
            case RecordComm when record.Length >= 17: TakeName(record); break;
            case RecordExit when record.Length >= 32: TakeEnd(record); break;
            case RecordAttribute when _header.IsPipe: TakeAttribute(record); break;
            case RecordFeature when _header.IsPipe && record.Length >= 16:
                _header.ReadFeature(Numbers.U64(record[8..], _input.IsBigEndian), record[16..], _input.IsBigEndian);
                break;
            case RecordTracingData when _header.IsPipe && record.Length >= 12:
                TakeFormats(Numbers.U32(record[8..], _input.IsBigEndian));
                break;
            case RecordAuxtrace when record.Length >= 16: _input.Skip(Numbers.U64(record[8..], _input.IsBigEndian)); break;
        }
    }

    private void TakeSample(ReadOnlySpan<byte> record)
    {
        if (_header.Attributes.Count == 0) throw Damage.At($"there is a sample at byte {_records.At}, and no event is known before it");
        PerfAttribute attribute = _header.Attributes[0];
        bool isBigEndian = _input.IsBigEndian;
        if (attribute.Sample.IdOf(record, isBigEndian) is { } id && _header.Find(id) is { } stream)
        {
            if (stream.IsSecond)
            {
                Facts.LeftOut++;
                return;
            }
            attribute = stream.Attribute;
        }
        CapturedKind kind = attribute.Type == PerfAttribute.Tracepoint ? _header.Decoder.KindOf(attribute.Config) : CapturedKind.None;
        if (kind == CapturedKind.None) return;
        ref CapturedEvent e = ref _order.Free();
        e.Clear();
        if (!attribute.Sample.TryRead(record, isBigEndian, ref e, out ReadOnlySpan<byte> raw) || !_header.Decoder.TryRead(raw, ref e))
        {
            if (kind != CapturedKind.Switch) Facts.Skip($"byte {_records.At}: the sample is too short, or has no time or no raw record");
            return;
        }
        if ((attribute.SampleType & PerfSample.Time) == 0)
            throw Damage.Unsupported($"the events of this perf.data have no time", "Record with -T, or with 'perf kvm stat record'.");
        _lastNs = Math.Max(_lastNs, e.Ns);
        _order.Add();
    }

    private long? TimeOf(ReadOnlySpan<byte> record) =>
        _header.Attributes is [{ HasSampleIds: true } attribute, ..] ? attribute.Sample.TimeOf(record, _input.IsBigEndian) : null;

    private void AddLoss(long ns, ulong lost)
    {
        ref CapturedEvent e = ref _order.Free();
        e.Clear();
        (e.Kind, e.Ns, e.Value) = (CapturedKind.Lost, ns, lost);
        _order.Add();
    }

    private void TakeName(ReadOnlySpan<byte> record)
    {
        int pid = (int)Numbers.U32(record[8..], _input.IsBigEndian), tid = (int)Numbers.U32(record[12..], _input.IsBigEndian);
        if (pid != tid || (_names.Count >= MostNames && !_names.ContainsKey(pid))) return;
        ReadOnlySpan<byte> name = record[16..];
        int end = name.IndexOf((byte)0);
        _names[pid] = Encoding.UTF8.GetString(name[..(end < 0 ? Math.Min(16, name.Length) : Math.Min(16, end))]);
    }

    // pid, ppid, tid, ptid, time
    private void TakeEnd(ReadOnlySpan<byte> record)
    {
        ref CapturedEvent e = ref _order.Free();
        e.Clear();
        (e.Kind, e.Tid) = (CapturedKind.ThreadEnd, (int)Numbers.U32(record[16..], _input.IsBigEndian));
        e.Ns = (long)Numbers.U64(record[24..], _input.IsBigEndian);
        if (e.Ns > 0) _order.Add();
    }

    private void TakeAttribute(ReadOnlySpan<byte> record)
    {
        ReadOnlySpan<byte> data = record[PerfRecords.HeaderBytes..];
        if (data.Length < PerfAttribute.LeastBytes) throw Damage.At($"the event at byte {_records.At} is too short");
        int size = (int)Math.Min(Numbers.U32(data[4..], _input.IsBigEndian), (uint)data.Length);
        _header.Add(PerfAttribute.Parse(data, _input.IsBigEndian), data[Math.Max(size, PerfAttribute.LeastBytes)..], _input.IsBigEndian);
    }

    // Padded to 8 bytes.
    private void TakeFormats(uint size)
    {
        long end = _input.Position + size;
        _header.ReadFormats(_input);
        if (_input.Position > end) throw Damage.At($"the tracing data that ends at byte {end} is larger than it says");
        _input.Skip((ulong)(end - _input.Position));
    }
}
