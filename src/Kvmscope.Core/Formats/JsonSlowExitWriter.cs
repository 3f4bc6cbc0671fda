using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Formats;

/// <summary>Slow exits as JSON objects, one a line.</summary>
internal sealed class JsonSlowExitWriter(TextWriter output) : ISlowExitWriter
{
    private readonly JsonLines _lines = new(output);

    public void Write(in SlowExit exit)
    {
        Utf8JsonWriter json = _lines.Json;
        json.WriteStartObject();
        json.WriteString("time", Rfc3339.Format(exit.At));
        json.WriteString("vm", exit.Vm.Name);
        json.WriteNumber("vm_pid", exit.Vm.Pid);
        json.WriteNumber("vcpu", exit.Vcpu);
        json.WriteNumber("tid", exit.Tid);
        json.WriteNumber("cpu", exit.Cpu);
        json.WriteNumber("level", (int)exit.Level);
        json.WriteString("isa", MachineNames.Of(exit.Code.Isa));
        json.WriteNumber("code", exit.Code.Code);
        json.WriteString("reason", ExitReasons.Name(exit.Code));
        json.WriteNumber("duration_ns", exit.DurationNs);
        json.WriteEndObject();
        _lines.EndLine();
    }
}
