using System.Globalization;
using System.Text;
using Kvmscope.Interchange.Formats;

namespace Kvmscope.Interchange.TraceCmd;

/// <summary>The events of one CPU in the file.</summary>
/// <param name="Cpu">The CPU.</param>
/// <param name="Offset">Where its pages are.</param>
/// <param name="Bytes">How many bytes they have.</param>
internal readonly record struct CpuData(int Cpu, long Offset, long Bytes);

/// <summary>From ticks of a TSC to ns.</summary>
internal readonly record struct TscToNs(uint Multiplier, int Shift, ulong Offset);

/// <summary>
/// What trace.dat says before the events: trace-cmd.dat.v6(5) and trace-cmd.dat.v7(5). Of several buffers the one of the top instance is
/// read.
/// </summary>
internal sealed class TraceDatHeader
{
    private const int MostCpus = 1 << 13, MostSection = 1 << 25, MostNames = 1 << 16, MostOptions = 1 << 16;

    // Ids of options and sections.
    private const ushort Buffer = 3, TraceClock = 4, Uname = 5, TscToNsec = 14, HeaderInfo = 16, EventFormats = 18, CommandLines = 21;

    private readonly BinaryInput _input;
    private readonly Packing? _packing;
    private readonly CaptureFacts _facts;

    private TraceDatHeader(BinaryInput input, CaptureFacts facts, Packing? packing, TracingHeader tracing)
    {
        _input = input;
        _facts = facts;
        _packing = packing;
        PageBytes = tracing.PageBytes;
        Decoder = new RecordDecoder(input.IsBigEndian);
    }

    internal RecordDecoder Decoder { get; }

    internal PageHeader Page { get; private set; } = new(8, 8, 16);

    internal uint PageBytes { get; private set; }

    internal List<CpuData> Cpus { get; } = [];

    /// <summary>How the events are packed; null where they are not.</summary>
    internal Packing? DataPacking { get; private set; }

    internal string Clock { get; private set; } = "";

    internal TscToNs? Tsc { get; private set; }

    internal Dictionary<int, string> Names { get; } = [];

    /// <summary>Reads all but the events.</summary>
    internal static TraceDatHeader Read(BinaryInput input, CaptureFacts facts)
    {
        input.Read(TracingData.Magic.Length);
        TracingHeader tracing = TracingData.ReadHeader(input);
        facts.Kind = $"trace.dat {tracing.Version}";
        if (tracing.PageBytes is < 512 or > BinaryInput.Most) throw Damage.At($"the page size is {tracing.PageBytes}, which is impossible");
        TraceDatHeader header;
        switch (tracing.Version)
        {
            case "6":
                header = new TraceDatHeader(input, facts, null, tracing);
                header.ReadVersion6();
                break;
            case "7":
                string name = input.Text(64);
                input.Text(64);
                header = new TraceDatHeader(input, facts, Packing.Of(name), tracing);
                header.ReadVersion7((long)Math.Min(input.U64(), long.MaxValue));
                break;
            default:
                throw Damage.Unsupported($"this trace.dat is of version {tracing.Version}; 6 and 7 can be read",
                    "Convert it with 'trace-cmd convert', or import the text of 'trace-cmd report'.");
        }
        header.CheckClock();
        return header;
    }

    private void ReadVersion6()
    {
        Page = TracingData.ReadPageHeader(_input);
        TracingData.SkipFtraceFormats(_input);
        TracingData.ReadFormats(_input, Decoder);
        _input.Skip(_input.U32());
        _input.Skip(_input.U32());
        ReadNames(_input, _input.U64());
        uint cpus = _input.U32();
        if (cpus > MostCpus) throw Damage.At($"it says at byte {_input.Position - 4} that there are {cpus} CPUs");
        long at = _input.Position;
        string section = Section();
        if (section == "options")
        {
            for (ushort id; (id = _input.U16()) != 0;) ReadOption(id, _input.U32(), withBuffers: false);
            at = _input.Position;
            section = Section();
        }
        if (section != "flyrecord")
            throw Damage.Unsupported($"there are no events at byte {at}, but '{section}'",
                "A trace of latencies has none: record with -e kvm.");
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            long offset = Offset(), size = Offset();
            Cpus.Add(new CpuData(cpu, offset, size));
        }

        // "options  ", "latency  ", "flyrecord", each with a zero.
        string Section() => Encoding.ASCII.GetString(_input.Read(10)).TrimEnd('\0', ' ');
    }

    private void ReadVersion7(long at)
    {
        // Options refer to sections anywhere, so these come after all of the options.
        List<(ushort Id, long At)> sections = [];
        for (int read = 0; at != 0;)
        {
            _input.Seek(at);
            BinaryInput options = SectionAt(0);
            at = 0;
            while (true)
            {
                if (++read > MostOptions) throw Damage.At($"there are more than {MostOptions} options");
                ushort id = options.U16();
                uint size = options.U32();
                if (id == 0)
                {
                    at = size >= 8 ? (long)Math.Min(options.U64(), long.MaxValue) : 0;
                    break;
                }
                if (id is HeaderInfo or EventFormats or CommandLines && size == 8)
                    sections.Add((id, (long)Math.Min(options.U64(), long.MaxValue)));
                else
                    ReadOption(options, id, size, withBuffers: true);
            }
        }
        foreach ((ushort id, long offset) in sections)
        {
            _input.Seek(offset);
            BinaryInput section = SectionAt(id);
            switch (id)
            {
                case HeaderInfo: Page = TracingData.ReadPageHeader(section); break;
                case EventFormats: TracingData.ReadFormats(section, Decoder); break;
                default: ReadNames(section, section.U64()); break;
            }
        }
        if (Cpus.Count == 0) throw Damage.At($"there is no buffer with events");
    }

    // id, flags, name, size; where it is packed, its own sizes follow.
    private BinaryInput SectionAt(ushort wanted)
    {
        long at = _input.Position;
        ushort id = _input.U16(), flags = _input.U16();
        _input.U32();
        ulong size = _input.U64();
        if (id != wanted) throw Damage.At($"the section at byte {at} is {id}, and not {wanted}");
        if ((flags & 1) == 0) return _input;
        uint packed = _input.U32(), plain = _input.U32();
        if (_packing is null || packed > size || packed > MostSection || plain > MostSection)
            throw Damage.At($"the packed section at byte {at} has impossible sizes");
        var from = new byte[packed];
        for (int i = 0; i < from.Length;)
        {
            ReadOnlySpan<byte> part = _input.Read(Math.Min(from.Length - i, BinaryInput.Most));
            part.CopyTo(from.AsSpan(i));
            i += part.Length;
        }
        var to = new byte[plain];
        if (!_packing.TryUnpack(from, to)) throw Damage.At($"the packed section at byte {at} cannot be unpacked");
        return new BinaryInput(new MemoryStream(to), 0) { IsBigEndian = _input.IsBigEndian };
    }

    private void ReadOption(ushort id, uint size, bool withBuffers) => ReadOption(_input, id, size, withBuffers);

    private void ReadOption(BinaryInput options, ushort id, uint size, bool withBuffers)
    {
        if (id is not (Buffer or TraceClock or Uname or TscToNsec) || size > BinaryInput.Most)
        {
            options.Skip(size);
            return;
        }
        byte[] data = options.Read((int)size).ToArray();
        switch (id)
        {
            case TraceClock: Clock = ClockOf(Encoding.ASCII.GetString(data).TrimEnd('\0')); break;
            case Uname: _facts.Kernel = Encoding.UTF8.GetString(data).TrimEnd('\0'); break;
            case TscToNsec when size >= 16:
                bool big = _input.IsBigEndian;
                int shift = (int)Numbers.U32(data.AsSpan(4), big);
                if (shift is >= 0 and < 64) Tsc = new TscToNs(Numbers.U32(data, big), shift, Numbers.U64(data.AsSpan(8), big));
                break;
            case Buffer when withBuffers: ReadBuffer(data); break;
        }
    }

    // offset, name, clock, page size, number of CPUs, and for each its number, offset and size.
    private void ReadBuffer(byte[] data)
    {
        var buffer = new BinaryInput(new MemoryStream(data), 0) { IsBigEndian = _input.IsBigEndian };
        long section = (long)Math.Min(buffer.U64(), long.MaxValue);
        string name = buffer.Text(), clock = buffer.Text();
        if (name.Length > 0 || Cpus.Count > 0) return;
        if (clock.Length > 0) Clock = clock;
        uint page = buffer.U32(), cpus = buffer.U32();
        if (page is < 512 or > BinaryInput.Most || cpus > MostCpus) throw Damage.At($"a buffer has pages of {page} bytes and {cpus} CPUs");
        PageBytes = page;
        for (int i = 0; i < cpus; i++)
        {
            int cpu = (int)Math.Min(buffer.U32(), MostCpus);
            Cpus.Add(new CpuData(cpu, (long)Math.Min(buffer.U64(), long.MaxValue), (long)Math.Min(buffer.U64(), long.MaxValue)));
        }
        long back = _input.Position;
        _input.Seek(section);
        _input.U16();
        if ((_input.U16() & 1) != 0)
            DataPacking = _packing ?? throw Damage.At($"the events at byte {section} are packed, and nothing says how");
        _input.Seek(back);
    }

    // "[local] global counter": the one in brackets.
    private static string ClockOf(string text)
    {
        int from = text.IndexOf('['), to = text.IndexOf(']');
        return from >= 0 && to > from ? text[(from + 1)..to] : text.Trim();
    }

    private void CheckClock()
    {
        if (Clock is "counter" or "uptime" or "perf_uptime" || (Clock is "x86-tsc" or "tsc2nsec" && Tsc is null))
            throw Damage.Unsupported($"its clock '{Clock}' does not count ns", "Record with '-C mono', or without -C.");
    }

    private void ReadNames(BinaryInput input, ulong size)
    {
        if (size > MostSection)
        {
            input.Skip(size);
            return;
        }
        var text = new StringBuilder();
        for (ulong left = size; left > 0;)
        {
            int part = (int)Math.Min(left, BinaryInput.Most);
            text.Append(Encoding.UTF8.GetString(input.Read(part)));
            left -= (ulong)part;
        }
        foreach (ReadOnlySpan<char> line in text.ToString().AsSpan().EnumerateLines())
        {
            int space = line.IndexOf(' ');
            if (space > 0 && Names.Count < MostNames
                && int.TryParse(line[..space], NumberStyles.None, CultureInfo.InvariantCulture, out int tid))
                Names.TryAdd(tid, line[(space + 1)..].Trim('\0').ToString());
        }
    }

    private long Offset() => _input.U64() is <= long.MaxValue and var offset ? (long)offset
        : throw Damage.At($"the offset at byte {_input.Position - 8} is impossible");
}
