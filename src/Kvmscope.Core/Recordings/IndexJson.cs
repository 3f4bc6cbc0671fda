using System.Text.Json;

namespace Kvmscope.Core.Recordings;

/// <summary>
/// The end of a recording: how long each member is and when each interval ended, so that a reader finds all of them without reading each
/// head. Without it (the recorder was killed) a reader reads all heads.
/// </summary>
internal sealed class IndexJson
{
    // That is 160 MB; with more members a reader reads all heads.
    internal const int MaxMembers = 10_000_000;

    private readonly List<int> _lengths = [];
    private readonly List<long> _toNs = [], _wallNs = [], _suspendedMs = [];

    /// <summary>The members after the header, in order: intervals, each followed by the spans that end with it.</summary>
    internal IReadOnlyList<int> Lengths => _lengths;

    /// <summary>CLOCK_MONOTONIC at the end of each interval.</summary>
    internal IReadOnlyList<long> ToNs => _toNs;

    /// <summary>The wall clock at the end of each interval, ns since 1970.</summary>
    internal IReadOnlyList<long> WallNs => _wallNs;

    /// <summary>How long the host was suspended in an interval, ms.</summary>
    internal uint SuspendedMs(int interval) => interval < _suspendedMs.Count ? (uint)_suspendedMs[interval] : 0;

    /// <summary>Adds a member.</summary>
    internal void Add(in MemberHead head)
    {
        if (_lengths.Count > MaxMembers) return;
        _lengths.Add(head.Length);
        if (head.Kind != MemberKind.Interval) return;
        _toNs.Add(head.ToNs);
        _wallNs.Add(head.WallNs);
        _suspendedMs.Add(head.SuspendedMs);
    }

    /// <summary>Writes the members of the line; times are differences, which are small and similar.</summary>
    internal void Write(Utf8JsonWriter json)
    {
        if (_lengths.Count > MaxMembers) return;
        json.WriteStartArray("lengths");
        foreach (int length in _lengths) json.WriteNumberValue(length);
        json.WriteEndArray();
        WriteDifferences(json, "to_ns", _toNs, static (to, _) => to);
        WriteDifferences(json, "wall_less_to_ns", _wallNs, (wall, i) => wall - _toNs[i]);
        // Up to the last that is not 0; most hosts are never suspended.
        int suspended = _suspendedMs.FindLastIndex(ms => ms != 0) + 1;
        if (suspended > 0) WriteDifferences(json, "suspended_ms", _suspendedMs[..suspended], static (ms, _) => ms);
    }

    /// <summary>Reads the line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="most">How many members the file has room for.</param>
    /// <returns>Null where it has no index, or one of more members.</returns>
    /// <exception cref="JsonException">It is not valid.</exception>
    internal static IndexJson? Read(ReadOnlySpan<byte> line, int most)
    {
        var json = new Utf8JsonReader(line);
        var index = new IndexJson();
        bool has = false;
        JsonWalk.Expect(ref json, JsonTokenType.StartObject);
        while (JsonWalk.Member(ref json))
        {
            if (json.ValueTextEquals("lengths"u8))
            {
                has = true;
                JsonWalk.Expect(ref json, JsonTokenType.StartArray);
                while (JsonWalk.Next(ref json, JsonTokenType.Number))
                {
                    index._lengths.Add(json.TryGetInt32(out int length) ? length : throw new JsonException("not a length"));
                    if (index._lengths.Count > most) return null;
                }
            }
            else if (json.ValueTextEquals("to_ns"u8)) ReadDifferences(ref json, index._toNs, most);
            else if (json.ValueTextEquals("wall_less_to_ns"u8)) ReadDifferences(ref json, index._wallNs, most);
            else if (json.ValueTextEquals("suspended_ms"u8)) ReadDifferences(ref json, index._suspendedMs, most);
            else JsonWalk.Skip(ref json);
        }
        if (index._suspendedMs.Exists(ms => ms is < 0 or > uint.MaxValue)) return null;
        if (!has || index._toNs.Count != index._wallNs.Count) return null;
        for (int i = 0; i < index._toNs.Count; i++) index._wallNs[i] += index._toNs[i];
        return index;
    }

    private static void WriteDifferences(Utf8JsonWriter json, string name, List<long> values, Func<long, int, long> of)
    {
        long before = 0;
        json.WriteStartArray(name);
        for (int i = 0; i < values.Count; i++)
        {
            long value = of(values[i], i);
            json.WriteNumberValue(value - before);
            before = value;
        }
        json.WriteEndArray();
    }

    private static void ReadDifferences(ref Utf8JsonReader json, List<long> values, int most)
    {
        long sum = 0;
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        while (JsonWalk.Next(ref json, JsonTokenType.Number))
        {
            values.Add(sum += json.TryGetInt64(out long difference) ? difference : throw new JsonException("not a time"));
            if (values.Count > most) throw new JsonException("more intervals than the file has room for");
        }
    }
}
