using System.Globalization;
using System.Text.Json;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Json;

/// <summary>The last exits of vCPUs as JSON objects, one vCPU per line; what is not known is null.</summary>
internal sealed class JsonHistoryWriter(TextWriter output) : IOutputWriter<VcpuHistory>
{
    private readonly JsonLines _lines = new(output);

    public void Write(in VcpuHistory history)
    {
        Utf8JsonWriter json = _lines.Begin("last");
        json.WriteString("vm", history.Vm.Name);
        json.WriteNumber("vm_pid", history.Vm.Pid);
        json.WriteNumber("vcpu", history.Vcpu);
        json.WriteNumber("tid", history.Tid);
        json.WriteString("time", Rfc3339.Format(history.At));
        json.WriteBoolean("ended", history.HasEnded);
        json.WriteBoolean("abnormal", history.IsAbnormal);
        json.WriteString("place", MachineNames.Of(history.Place));
        WriteReturn(json, history.LastReturn);
        json.WriteNumber("exits_seen", history.Seen);
        json.WriteNumber("exits_unread", history.Unread);
        json.WriteStartArray("exits");
        foreach (LastExit exit in history.Exits)
        {
            WriteExit(json, exit);
            _lines.Drain();
        }
        json.WriteEndArray();
        _lines.End();
    }

    private static void WriteReturn(Utf8JsonWriter json, VmmReturn? last)
    {
        if (last is null)
        {
            json.WriteNull("last_return");
            return;
        }
        json.WriteStartObject("last_return");
        JsonVmmReason.Write(json, last.Reason);
        json.WriteString("time", Rfc3339.Format(last.At));
        json.WriteNumber("before_ns", last.BeforeNs);
        JsonParts.Write(json, "detail_raw", last.Detail);
        json.WriteString("detail", last.Detail is { } detail ? last.Reason.DetailText(detail) : null);
        json.WriteEndObject();
    }

    private static void WriteExit(Utf8JsonWriter json, LastExit exit)
    {
        json.WriteStartObject();
        json.WriteNumber("number", exit.Number);
        json.WriteString("time", Rfc3339.Format(exit.At));
        JsonParts.Write(json, "since_ns", exit.SinceLastNs);
        json.WriteNumber("level", (int)exit.Level);
        JsonCode.Write(json, exit.Code);
        JsonParts.Write(json, exit.Code, exit.Qualifier);
        json.WriteString("rip", exit.Rip is { } rip ? string.Create(CultureInfo.InvariantCulture, $"0x{rip:x}") : null);
        JsonParts.Write(json, "handling_ns", exit.HandlingNs);
        JsonVmmReason.Write(json, exit.Return);
        json.WriteNumber("vmm_returns", exit.Returns);
        json.WriteEndObject();
    }
}
