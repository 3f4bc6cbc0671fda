using System.Runtime.CompilerServices;
using System.Text;
using Kvmscope.Interchange.Formats;

namespace Kvmscope.Interchange.Perf;

/// <summary>
/// What perf.data says before its records: attributes of events, and features (tools/perf/Documentation/perf.data-file-format.txt). In a
/// file these are at the beginning and the end; in what went through a pipe they are records.
/// </summary>
internal sealed class PerfHeader
{
    internal const int MagicBytes = 8;

    private const int PipeBytes = 16, FileBytes = 104, MostAttributes = 1 << 14, MostIds = 1 << 22, MostText = 1 << 12;

    // HEADER_*, tools/perf/util/header.h.
    private const int FeatureTracingData = 1, FeatureHost = 3, FeatureKernel = 4, FeatureCpus = 7, FeatureCpu = 8, FeatureClock = 29,
        Features = 256;

    // Nearly all ids are small numbers.
    private const int SmallIds = 1 << 16;

    private readonly Dictionary<ulong, PerfStream> _byId = [];
    private readonly HashSet<ulong> _configs = [];
    private PerfStream?[] _bySmallId = [];

    private PerfHeader(RecordDecoder decoder, CaptureFacts facts) => (Decoder, Facts) = (decoder, facts);

    internal RecordDecoder Decoder { get; private set; }

    internal CaptureFacts Facts { get; }

    /// <summary>The attributes, in the order of the file.</summary>
    internal List<PerfAttribute> Attributes { get; } = [];

    /// <summary>Whether it went through a pipe.</summary>
    internal bool IsPipe { get; private init; }

    /// <summary>Whether it has the formats of its events.</summary>
    internal bool HasFormats { get; private set; }

    /// <summary>Where the records end in the file; null where nothing says it.</summary>
    internal long? End { get; private init; }

    /// <summary>Whether this is the beginning of perf.data, and in which byte order.</summary>
    internal static bool IsMagic(ReadOnlySpan<byte> bytes, out bool isBigEndian)
    {
        isBigEndian = bytes.StartsWith("2ELIFREP"u8);
        return isBigEndian || bytes.StartsWith("PERFILE2"u8);
    }

    /// <summary>Reads the header, and goes to the first record.</summary>
    internal static PerfHeader Read(BinaryInput input, bool canSeek, CaptureFacts facts)
    {
        ulong size = Numbers.U64(input.Read(PipeBytes)[MagicBytes..], input.IsBigEndian);
        var decoder = new RecordDecoder(input.IsBigEndian);
        if (size == PipeBytes) return new PerfHeader(decoder, facts) { IsPipe = true };
        if (size < FileBytes) throw Damage.At($"the header says at byte 8 that it has {size} bytes, and not {FileBytes}");
        ulong attributeBytes = input.U64();
        (ulong At, ulong Size) attributes = (input.U64(), input.U64()), data = (input.U64(), input.U64());
        input.Skip(16);
        byte[] features = input.Read(Features / 8).ToArray();
        if (data.Size == 0) throw Damage.At($"the header says at byte 48 that it has no data: perf was killed while it recorded");
        if (!canSeek)
            throw Damage.Unsupported($"this perf.data is a file, and it comes through a pipe", "Give the file's name.");
        if (data.At > long.MaxValue - data.Size || data.At + data.Size > long.MaxValue)
            throw Damage.At($"the header says at byte 40 that its data begins at byte {data.At} and has {data.Size} bytes: impossible");
        var header = new PerfHeader(decoder, facts) { End = (long)(data.At + data.Size) };
        header.ReadAttributes(input, attributes, attributeBytes);
        header.ReadFeatures(input, features);
        input.Seek((long)data.At);
        return header;
    }

    /// <summary>The event by the id in its samples; null where that is not known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal PerfStream? Find(ulong id) => id < (ulong)_bySmallId.Length ? _bySmallId[id] : _byId.GetValueOrDefault(id);

    /// <summary>Adds an attribute.</summary>
    internal void Add(PerfAttribute attribute, ReadOnlySpan<byte> ids, bool isBigEndian)
    {
        if (Attributes.Count >= MostAttributes || _byId.Count + (ids.Length / 8) > MostIds)
            throw Damage.At($"it has more than {MostAttributes} events or {MostIds} ids");
        Attributes.Add(attribute);
        var stream = new PerfStream(attribute, attribute.Type == PerfAttribute.Tracepoint && !_configs.Add(attribute.Config));
        for (; ids.Length >= 8; ids = ids[8..])
        {
            ulong id = Numbers.U64(ids, isBigEndian);
            if (!_byId.TryAdd(id, stream) || id >= SmallIds) continue;
            if (id >= (ulong)_bySmallId.Length) Array.Resize(ref _bySmallId, Math.Max((int)id + 1, 2 * _bySmallId.Length));
            _bySmallId[id] = stream;
        }
    }

    /// <summary>Reads a feature: of a file a section, of a pipe what follows in its record.</summary>
    internal void ReadFeature(ulong feature, ReadOnlySpan<byte> data, bool isBigEndian)
    {
        switch (feature)
        {
            case FeatureHost: Facts.Host = TextOf(data, isBigEndian); break;
            case FeatureKernel: Facts.Kernel = TextOf(data, isBigEndian); break;
            case FeatureCpu: Facts.Cpu = TextOf(data, isBigEndian); break;
            case FeatureCpus when data.Length >= 8: Facts.Cpus = (int)Math.Min(1 << 20, Numbers.U32(data, isBigEndian)); break;
            case FeatureClock when data.Length >= 24: Facts.Zero = ZeroOf(data, isBigEndian); break;
        }
    }

    /// <summary>Reads the formats of events.</summary>
    internal void ReadFormats(BinaryInput input)
    {
        if (!input.Read(TracingData.Magic.Length).SequenceEqual(TracingData.Magic))
            throw Damage.At($"the tracing data does not begin with its signature, before byte {input.Position}");
        bool outer = input.IsBigEndian;
        TracingHeader header = TracingData.ReadHeader(input);
        if (header.IsBigEndian != outer) throw Damage.At($"the tracing data before byte {input.Position} is of the other byte order");
        TracingData.ReadPageHeader(input);
        TracingData.SkipFtraceFormats(input);
        TracingData.ReadFormats(input, Decoder);
        HasFormats = true;
    }

    private void ReadAttributes(BinaryInput input, (ulong At, ulong Size) section, ulong bytes)
    {
        const int idSection = 16;
        if (bytes is < PerfAttribute.LeastBytes + idSection or > 4096)
            throw Damage.At($"the header says at byte 16 that attributes have {bytes} bytes, which is impossible");
        ulong count = section.Size / bytes;
        if (count > MostAttributes || section.At > long.MaxValue)
            throw Damage.At($"the header says at byte 32 that there are {count} events");
        input.Seek((long)section.At);
        List<(PerfAttribute Attribute, ulong At, ulong Size)> found = [];
        for (ulong i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = input.Read((int)bytes);
            ReadOnlySpan<byte> ids = entry[^idSection..];
            found.Add((PerfAttribute.Parse(entry, input.IsBigEndian),
                Numbers.U64(ids, input.IsBigEndian), Numbers.U64(ids[8..], input.IsBigEndian)));
        }
        foreach ((PerfAttribute attribute, ulong at, ulong size) in found)
        {
            if (size > BinaryInput.Most || at > long.MaxValue) throw Damage.At($"an event has {size} bytes of ids, at byte {at}");
            input.Seek((long)at);
            Add(attribute, input.Read((int)size), input.IsBigEndian);
        }
    }

    private void ReadFeatures(BinaryInput input, byte[] flags)
    {
        List<int> features = [];
        for (int feature = 0; feature < Features; feature++)
        {
            // Words of 64 bits in the machine's order.
            int word = feature / 64 * 8;
            if ((Numbers.U64(flags.AsSpan(word), input.IsBigEndian) >> (feature % 64) & 1) != 0) features.Add(feature);
        }
        long at = End ?? 0;
        foreach (int feature in features)
        {
            input.Seek(at);
            if (input.Peek(16).Length < 16)
            {
                Facts.CutAt ??= FormattableString.Invariant($"what follows the records, from byte {at} on, is not there");
                break;
            }
            ulong from = input.U64(), size = input.U64();
            at += 16;
            if (from > long.MaxValue) throw Damage.At($"feature {feature} is at byte {from}, which is impossible");
            input.Seek((long)from);
            if (feature == FeatureTracingData) ReadFormats(input);
            else ReadFeature((ulong)feature, input.Peek((int)Math.Min(size, MostText)), input.IsBigEndian);
        }
    }

    private static string TextOf(ReadOnlySpan<byte> data, bool isBigEndian)
    {
        if (data.Length < 4) return "";
        ReadOnlySpan<byte> text = data.Slice(4, (int)Math.Min(Numbers.U32(data, isBigEndian), (uint)data.Length - 4));
        int end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }

    // struct: version, clockid, wall clock, and the clock of the events, at one time.
    private static DateTimeOffset? ZeroOf(ReadOnlySpan<byte> data, bool isBigEndian)
    {
        ulong wall = Numbers.U64(data[8..], isBigEndian), clock = Numbers.U64(data[16..], isBigEndian);
        return clock <= wall && wall < long.MaxValue ? DateTimeOffset.UnixEpoch.AddTicks((long)(wall - clock) / 100) : null;
    }
}

/// <summary>What writes samples with an id of its own: an event on a CPU.</summary>
/// <param name="Attribute">The event.</param>
/// <param name="IsSecond">Whether another event of the tracer wrote the same.</param>
internal sealed record PerfStream(PerfAttribute Attribute, bool IsSecond);
