using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Output.Json;

/// <summary>The VMs of a host as one JSON object.</summary>
internal static class JsonMachines
{
    internal static void Write(TextWriter output, MachineList list)
    {
        var lines = new JsonLines(output);
        Utf8JsonWriter json = lines.Begin("list");
        json.WriteStartArray("rows");
        foreach (VirtualMachine machine in list.Machines)
        {
            json.WriteStartObject();
            json.WriteString("vm", machine.Name);
            json.WriteNumber("vm_pid", machine.Pid);
            json.WriteString("vmm", machine.Vmm);
            json.WriteNumber("vms", machine.VmCount);
            json.WriteNumber("vcpus", machine.VcpuIds.Length);
            json.WriteStartArray("vcpu_ids");
            foreach (int id in machine.VcpuIds) json.WriteNumberValue(id);
            json.WriteEndArray();
            JsonLabels.Write(json, machine.Labels with { Vmm = null });
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (list.UnreadableProcesses > 0) json.WriteNumber("unreadable_processes", list.UnreadableProcesses);
        if (list.HidesProcesses) json.WriteBoolean("hidden_processes", true);
        lines.End();
    }
}

/// <summary>What is known of a VM besides its name; what is not known has no member.</summary>
internal static class JsonLabels
{
    internal static void Write(Utf8JsonWriter json, VmLabels labels)
    {
        if (labels.Vmm is { } vmm) json.WriteString("vmm", vmm);
        if (labels.Uuid is { } uuid) json.WriteString("uuid", uuid);
        if (labels.Vmid is { } vmid) json.WriteString("vmid", vmid);
        if (labels.Namespace is { } space) json.WriteString("namespace", space);
        if (labels.Pod is { } pod) json.WriteString("pod", pod);
    }
}

/// <summary>What a host can do as one JSON object.</summary>
internal static class JsonChecks
{
    internal static void Write(TextWriter output, IReadOnlyList<HostCheck> checks)
    {
        var lines = new JsonLines(output);
        Utf8JsonWriter json = lines.Begin("check");
        json.WriteStartArray("checks");
        foreach (HostCheck check in checks)
        {
            json.WriteStartObject();
            json.WriteString("name", check.Name);
            json.WriteString("verdict", MachineNames.Of(check.Verdict));
            json.WriteString("found", check.Found);
            json.WriteString("hint", check.Hint);
            json.WriteNumber("status", check.Verdict == CheckVerdict.Failed ? (int)check.Status : 0);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        lines.End();
    }
}

/// <summary>The demo's comparison as one JSON object.</summary>
internal static class JsonDemo
{
    internal static void Write(TextWriter output, DemoComparison demo)
    {
        var lines = new JsonLines(output);
        Utf8JsonWriter json = lines.Begin("demo");
        json.WriteString("started", Rfc3339.Format(demo.Interval.From));
        json.WriteNumber("seconds", Rounded.Seconds(demo.Interval.Seconds));
        json.WriteBoolean("nested", demo.IsNested);
        json.WriteBoolean("equal", demo.IsEqual);
        json.WriteStartArray("rows");
        foreach (DemoRow row in demo.Rows)
        {
            json.WriteStartObject();
            JsonCode.Write(json, row.Code);
            json.WriteNumber("level", (int)row.Level);
            JsonParts.Write(json, "expected", row.Expected);
            json.WriteNumber("count", row.Seen);
            json.WriteString("verdict", row.Verdict switch { DemoVerdict.Equal => "equal", DemoVerdict.Differs => "differs", _ => "host" });
            json.WriteEndObject();
        }
        json.WriteEndArray();
        lines.End();
    }
}

/// <summary>Reasons and parts of the wall clock, explained, as one JSON object.</summary>
internal static class JsonExplanation
{
    internal static void Write(TextWriter output, Explanation explanation)
    {
        var lines = new JsonLines(output);
        Utf8JsonWriter json = lines.Begin("explain");
        json.WriteStartArray("reasons");
        foreach (ExitCode code in explanation.Reasons)
        {
            ExitReasonInfo? info = ExitReasons.Find(code);
            json.WriteStartObject();
            JsonCode.Write(json, code);
            json.WriteString("meaning", info?.Meaning);
            json.WriteString("hint", info?.Hint);
            JsonParts.Write(json, "aliases", info is null ? [] : Explanation.Aliases(info));
            json.WriteEndObject();
            lines.Drain();
        }
        json.WriteEndArray();
        json.WriteStartArray("parts");
        foreach (PartNames.PartInfo part in explanation.Parts)
        {
            json.WriteStartObject();
            json.WriteString("part", part.Name);
            json.WriteString("meaning", part.Meaning);
            json.WriteString("hint", part.Hint);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        lines.End();
    }
}
