using System.Collections.Immutable;
using System.Text.Json;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Json;

namespace Kvmscope.Core.Recordings;

/// <summary>The header of a recording as a line of JSON.</summary>
internal static class HeaderJson
{
    /// <summary>What the first line says it is.</summary>
    internal const string Format = "kvmscope-recording";

    private const int FirstYear = 1970, LastYear = 9000;

    internal static void Write(Utf8JsonWriter json, RecordingHeader header)
    {
        json.WriteStartObject();
        json.WriteString("kind", "header");
        json.WriteString("format", Format);
        json.WriteNumber("version", header.Version);
        json.WriteString("program", header.Program);
        json.WriteString("host", header.Host);
        json.WriteString("kernel", header.Kernel);
        json.WriteString("cpu", header.Cpu);
        json.WriteNumber("cpus", header.Cpus);
        json.WriteString("boot_id", header.BootId);
        json.WriteString("isa", MachineNames.Of(header.Isa));
        json.WriteString("started", Rfc3339.Format(header.Started));
        json.WriteNumber("utc_offset_minutes", (int)header.Started.Offset.TotalMinutes);
        WriteChanges(json, header.ZoneChanges);
        json.WriteNumber("started_ns", header.MonotonicNs);
        if (header.BootNs is { } boot) json.WriteNumber("started_boottime_ns", boot);
        json.WriteNumber("interval_ns", header.IntervalNs);
        json.WriteString("by", header.Grouping switch { Grouping.Host => "host", Grouping.Vm => "vm", _ => "vcpu" });
        json.WriteBoolean("time", header.HasTime);
        json.WriteBoolean("split", header.HasSplit);
        json.WriteBoolean("qualifiers", header.HasQualifiers);
        if (header.PageShift is { } shift) json.WriteNumber("page_size", 1UL << shift);
        if (header.HasRips) json.WriteBoolean("rips", true);
        json.WriteBoolean("nested", header.HasNested);
        if (header.HasReturns) json.WriteBoolean("vmm", true);
        json.WriteNumber("slow_ns", header.SlowNs);
        if (header.SlowPart is { } part) json.WriteString("slow_part", JsonParts.All.First(p => p.Part == part).Name);
        if (header.HasWho) json.WriteBoolean("who", true);
        json.WriteBoolean("all_exits", header.HasAllExits);
        if (header.IsContinued) json.WriteBoolean("continued", true);
        SelectionJson.Write(json, header.Selection);
        json.WriteStartArray("machines");
        foreach (KnownVm vm in header.Machines)
        {
            json.WriteStartObject();
            json.WriteString("vm", vm.Name);
            json.WriteNumber("vm_pid", vm.Pid);
            JsonLabels.Write(json, vm.Labels);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Reads it; members of newer versions are skipped.</summary>
    /// <returns>Null where it is a different kind of JSON.</returns>
    /// <exception cref="JsonException">It is not valid.</exception>
    internal static RecordingHeader? Read(ReadOnlySpan<byte> line)
    {
        var json = new Utf8JsonReader(line);
        var header = new RecordingHeader { HasTime = false, HasAllExits = false };
        string format = "";
        int offset = 0;
        JsonWalk.Expect(ref json, JsonTokenType.StartObject);
        while (JsonWalk.Member(ref json))
        {
            string name = json.GetString()!;
            header = name switch
            {
                "version" => header with { Version = JsonWalk.Int(ref json) },
                "program" => header with { Program = JsonWalk.Text(ref json) },
                "host" => header with { Host = JsonWalk.Text(ref json) },
                "kernel" => header with { Kernel = JsonWalk.Text(ref json) },
                "cpu" => header with { Cpu = JsonWalk.Text(ref json) },
                "cpus" => header with { Cpus = JsonWalk.Int(ref json) },
                "boot_id" => header with { BootId = JsonWalk.Text(ref json) },
                "isa" => header with { Isa = KeyReader.IsaOf(ref json) },
                "started" => header with { Started = JsonWalk.Time(ref json) },
                "started_ns" => header with { MonotonicNs = JsonWalk.Long(ref json) },
                "started_boottime_ns" => header with { BootNs = JsonWalk.Long(ref json) },
                "utc_offset_changes" => header with { ZoneChanges = ReadChanges(ref json) },
                "interval_ns" => header with { IntervalNs = JsonWalk.Long(ref json) },
                "by" => header with { Grouping = GroupingOf(JsonWalk.Text(ref json)) },
                "time" => header with { HasTime = JsonWalk.Bool(ref json) },
                "split" => header with { HasSplit = JsonWalk.Bool(ref json) },
                "qualifiers" => header with { HasQualifiers = JsonWalk.Bool(ref json) },
                "page_size" => header with { PageShift = ShiftOf(JsonWalk.Number(ref json)) },
                "rips" => header with { HasRips = JsonWalk.Bool(ref json) },
                "nested" => header with { HasNested = JsonWalk.Bool(ref json) },
                "vmm" => header with { HasReturns = JsonWalk.Bool(ref json) },
                "slow_ns" => header with { SlowNs = JsonWalk.Number(ref json) },
                "slow_part" => header with { SlowPart = PartOf(JsonWalk.Text(ref json)) },
                "who" => header with { HasWho = JsonWalk.Bool(ref json) },
                "all_exits" => header with { HasAllExits = JsonWalk.Bool(ref json) },
                "continued" => header with { IsContinued = JsonWalk.Bool(ref json) },
                "selection" => header with { Selection = SelectionJson.Read(ref json) },
                "filters" => header with { Selection = SelectionJson.ReadWords(ref json) },
                "machines" => header with { Machines = Machines(ref json) },
                _ => Other(ref json, header, name, ref format, ref offset),
            };
        }
        if (format != Format) return null;
        // Times are computed from it: a year at the end of the calendar would overflow.
        if (header.Started.Year is < FirstYear or > LastYear) throw new JsonException("not a time");
        return header with { Started = header.Started.ToOffset(OffsetOf(offset)) };
    }

    private static TimeSpan OffsetOf(int minutes) => TimeSpan.FromMinutes(Math.Clamp(minutes, -14 * 60, 14 * 60));

    private static void WriteChanges(Utf8JsonWriter json, ImmutableArray<ZoneChange> changes)
    {
        if (changes.IsEmpty) return;
        json.WriteStartArray("utc_offset_changes");
        foreach (ZoneChange change in changes)
        {
            json.WriteStartObject();
            json.WriteString("at", Rfc3339.Format(change.At));
            json.WriteNumber("utc_offset_minutes", (int)change.Offset.TotalMinutes);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static ImmutableArray<ZoneChange> ReadChanges(ref Utf8JsonReader json)
    {
        var changes = ImmutableArray.CreateBuilder<ZoneChange>();
        var budget = new ListBudget();
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        while (JsonWalk.Element(ref json))
        {
            (DateTimeOffset at, int minutes) = (default, 0);
            while (JsonWalk.Member(ref json))
            {
                if (json.ValueTextEquals("at"u8)) at = JsonWalk.Time(ref json);
                else if (json.ValueTextEquals("utc_offset_minutes"u8)) minutes = JsonWalk.Int(ref json);
                else JsonWalk.Skip(ref json);
            }
            if (at.Year is < FirstYear or > LastYear) throw new JsonException("not a time");
            budget.Take();
            changes.Add(new ZoneChange(at, OffsetOf(minutes)));
        }
        return changes.ToImmutable();
    }

    private static RecordingHeader Other(ref Utf8JsonReader json, RecordingHeader header, string name, ref string format, ref int offset)
    {
        if (name == "format") format = JsonWalk.Text(ref json);
        else if (name == "utc_offset_minutes") offset = JsonWalk.Int(ref json);
        else JsonWalk.Skip(ref json);
        return header;
    }

    private static int? ShiftOf(ulong pageSize) =>
        ulong.IsPow2(pageSize) ? (int)ulong.Log2(pageSize) : throw new JsonException("not a size of pages");

    private static Grouping GroupingOf(string text) => text switch { "host" => Grouping.Host, "vm" => Grouping.Vm, _ => Grouping.Vcpu };

    private static TimePart? PartOf(string text)
    {
        foreach ((TimePart part, string name) in JsonParts.All)
            if (name == text) return part;
        return null;
    }

    private static ImmutableArray<KnownVm> Machines(ref Utf8JsonReader json)
    {
        var machines = ImmutableArray.CreateBuilder<KnownVm>();
        var budget = new ListBudget();
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        while (JsonWalk.Element(ref json))
        {
            (int pid, string name, VmLabels labels) = (0, "", VmLabels.None);
            while (JsonWalk.Member(ref json))
            {
                if (json.ValueTextEquals("vm"u8)) name = JsonWalk.Text(ref json);
                else if (json.ValueTextEquals("vm_pid"u8)) pid = JsonWalk.Int(ref json);
                else if (!LabelsReader.Read(ref json, ref labels)) JsonWalk.Skip(ref json);
            }
            budget.Take(RecordingLimits.WeightOf(name));
            machines.Add(new KnownVm(pid, name, labels));
        }
        return machines.ToImmutable();
    }
}
