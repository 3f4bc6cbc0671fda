using System.Collections.Immutable;
using System.Text.Json;

namespace Kvmscope.Lab.Tests.Suite;

/// <summary>An answer of count, time or hist, read from its JSON.</summary>
/// <param name="Command">The command that gave it.</param>
/// <param name="Seconds">How long it traced.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Accounting">Its trust counters by their names.</param>
internal sealed record TracedAnswer(
    string Command, double Seconds, ImmutableArray<TracedRow> Rows, IReadOnlyDictionary<string, ulong> Accounting)
{
    internal ulong Exits => Accounting["exits"];

    internal ulong Open => Accounting["open"];

    internal ulong Final => Accounting.GetValueOrDefault("final_exits");

    internal static TracedAnswer Parse(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            Check.Equal($"kvmscope/{root.GetProperty("command").GetString()}/1", root.GetProperty("schema").GetString(), "schema");
            var trust = root.GetProperty("trust").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetUInt64());
            return new TracedAnswer(
                root.GetProperty("command").GetString()!, root.GetProperty("seconds").GetDouble(),
                [.. root.GetProperty("rows").EnumerateArray().Where(IsFinest).Select(Row)], trust);
        }
        catch (JsonException e)
        {
            throw new SuiteFailure($"not JSON ({e.Message}): {line}");
        }
    }

    /// <summary>Exits of one reason and level, all VMs and vCPUs together.</summary>
    internal ulong CountOf(ExitKey key) => Sum(Rows.Where(r => r.Key == key));

    internal static ulong Sum(IEnumerable<TracedRow> rows) => rows.Aggregate(0UL, (sum, row) => sum + row.Count);

    /// <summary>The rows of one VM.</summary>
    internal IEnumerable<TracedRow> Of(int pid) => Rows.Where(r => r.VmPid == pid);

    // The others are sums of these.
    private static bool IsFinest(JsonElement row) => row.GetProperty("row").GetString() is "reason" or "wall";

    private static TracedRow Row(JsonElement row) => new(
        row.TryGetProperty("vm", out JsonElement vm) ? vm.GetString() : null,
        row.TryGetProperty("vm_pid", out JsonElement pid) && pid.ValueKind != JsonValueKind.Null ? pid.GetInt32() : null,
        row.TryGetProperty("vcpu", out JsonElement vcpu) ? vcpu.GetInt32() : null,
        row.GetProperty("isa").GetString() ?? "",
        row.GetProperty("code").ValueKind == JsonValueKind.Null
            ? default
            : new ExitKey(Code(row), row.GetProperty("level").GetInt32()),
        row.GetProperty("reason").GetString() ?? "",
        Number(row, "count") ?? 0,
        Number(row, "avg_ns"),
        Number(row, "max_ns"),
        row.TryGetProperty("buckets", out JsonElement buckets)
            ? buckets.EnumerateArray().Aggregate(0UL, (sum, bucket) => sum + bucket.GetProperty("count").GetUInt64())
            : 0)
    {
        Qualifier = row.TryGetProperty("qualifier", out JsonElement qualifier) ? qualifier.GetString() : null,
        Raw = row.TryGetProperty("qualifier_raw", out JsonElement raw) && raw.ValueKind != JsonValueKind.Null ? raw.ToString() : null,
        Page = Text(row, "page"),
        Rip = Text(row, "rip"),
        Symbol = Text(row, "symbol"),
        TotalNs = Number(row, "total_ns") ?? 0,
        WallNs = Number(row, "wall_ns"),
        Parts = row.TryGetProperty("parts_ns", out JsonElement parts)
            ? parts.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Number)
                .ToDictionary(p => p.Name, p => p.Value.GetUInt64())
            : new Dictionary<string, ulong>(),
        Handled = Number(row, "handled"),
        Reflected = Number(row, "reflected"),
        RoundAverageNs = Number(row, "round_avg_ns"),
        L1ExitsPerRound = row.TryGetProperty("l1_exits_per_round", out JsonElement exits) && exits.ValueKind == JsonValueKind.Number
            ? exits.GetDouble()
            : null,
    };

    // On arm64 the code is the class, and the return value is a field of its own.
    private static ulong Code(JsonElement row) =>
        row.GetProperty("code").GetUInt64() + (row.TryGetProperty("ret", out JsonElement ret) ? ret.GetUInt64() << 8 : 0);

    private static string? Text(JsonElement row, string name) =>
        row.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static ulong? Number(JsonElement row, string name) =>
        row.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetUInt64() : null;
}
