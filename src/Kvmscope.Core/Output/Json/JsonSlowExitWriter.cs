using System.Globalization;
using System.Text.Json;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Json;

/// <summary>Slow exits as JSON objects, one per line.</summary>
internal sealed class JsonSlowExitWriter(TextWriter output) : IOutputWriter<SlowExit>
{
    private readonly JsonLines _lines = new(output);

    public void Write(in SlowExit exit)
    {
        WriteMembers(_lines.Begin("slower"), exit);
        _lines.End();
    }

    /// <summary>Writes it as an object within another answer.</summary>
    internal static void WriteObject(Utf8JsonWriter json, in SlowExit exit)
    {
        json.WriteStartObject();
        JsonLines.BeginMembers(json, "slower", "slower");
        WriteMembers(json, exit);
        json.WriteEndObject();
    }

    private static void WriteMembers(Utf8JsonWriter json, in SlowExit exit)
    {
        json.WriteString("time", Rfc3339.Format(exit.At));
        json.WriteString("vm", exit.Vm.Name);
        json.WriteNumber("vm_pid", exit.Vm.Pid);
        if (exit.VcpuId is { } vcpu) json.WriteNumber("vcpu", vcpu);
        else json.WriteNull("vcpu");
        json.WriteNumber("tid", exit.Tid);
        json.WriteNumber("cpu", exit.Cpu);
        json.WriteNumber("level", (int)exit.Level);
        JsonCode.Write(json, exit.Code);
        json.WriteNumber("duration_ns", exit.DurationNs);
        JsonParts.Write(json, exit.Code, exit.Qualifier);
        json.WriteString("rip", exit.Rip is { } rip ? string.Create(CultureInfo.InvariantCulture, $"0x{rip:x}") : null);
        if (exit.CpuAtExit is { } cpu) json.WriteNumber("cpu_exit", cpu);
        else json.WriteNull("cpu_exit");
        json.WriteNumber("cpu_entry", exit.Cpu);
        if (exit.Parts is { } parts) JsonParts.Write(json, parts, [], withGuest: false);
        else json.WriteNull("parts_ns");
        WriteTask(json, exit.RanInstead);
    }

    private static void WriteTask(Utf8JsonWriter json, TaskIdentity? task)
    {
        if (task is null)
        {
            json.WriteNull("ran_instead");
            return;
        }
        json.WriteStartObject("ran_instead");
        json.WriteString("name", task.Name);
        json.WriteNumber("pid", task.Pid);
        json.WriteEndObject();
    }
}
