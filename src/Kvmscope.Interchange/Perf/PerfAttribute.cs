namespace Kvmscope.Interchange.Perf;

/// <summary>The parts of struct perf_event_attr that say how an event's records look (include/uapi/linux/perf_event.h).</summary>
/// <param name="Type">2: a tracepoint.</param>
/// <param name="Config">Of a tracepoint its number.</param>
/// <param name="SampleType">PERF_SAMPLE_*: what is in a sample.</param>
/// <param name="ReadFormat">PERF_FORMAT_*: what is in a value that is read.</param>
/// <param name="HasSampleIds">Whether other records than samples end with these too.</param>
internal sealed record PerfAttribute(uint Type, ulong Config, ulong SampleType, ulong ReadFormat, bool HasSampleIds)
{
    internal const uint Tracepoint = 2;
    internal const int LeastBytes = 64;

    private const int SampleIdAll = 18;

    /// <summary>Where the parts of a sample are.</summary>
    internal PerfSample Sample { get; } = new(SampleType, ReadFormat);

    internal static PerfAttribute Parse(ReadOnlySpan<byte> bytes, bool isBigEndian)
    {
        ulong flags = Numbers.U64(bytes[40..], isBigEndian);
        // Bit fields begin with the most significant bit there.
        bool hasIds = (flags >> (isBigEndian ? 63 - SampleIdAll : SampleIdAll) & 1) != 0;
        return new PerfAttribute(
            Numbers.U32(bytes, isBigEndian), Numbers.U64(bytes[8..], isBigEndian), Numbers.U64(bytes[24..], isBigEndian),
            Numbers.U64(bytes[32..], isBigEndian), hasIds);
    }
}
