using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Json;

namespace Kvmscope.Core.Output.Csv;

/// <summary>
/// Slow exits as comma-separated values, under the names of the JSON objects; the header comes at once, also if there is no exit.
/// </summary>
internal sealed class CsvSlowExitWriter : IOutputWriter<SlowExit>
{
    private readonly CsvLine _line;

    internal CsvSlowExitWriter(TextWriter output)
    {
        _line = new CsvLine(output);
        _line.Text("time").Text("vm").Text("vm_pid").Text("vcpu").Text("tid").Text("cpu");
        _line.Text("level").Text("isa").Text("code").Text("reason").Text("duration_ns").QualifierHeads().Text("rip");
        _line.Text("cpu_exit").Text("cpu_entry");
        foreach ((TimePart part, string name) in JsonParts.All)
            if (part != TimePart.Guest) _line.Text(name + "_ns");
        _line.Text("ran_instead").Text("ran_instead_pid").CodeColumnHeads().End();
    }

    public void Write(in SlowExit exit)
    {
        _line.Text(Rfc3339.Format(exit.At)).Text(exit.Vm.Name).Number(exit.Vm.Pid).Number(exit.VcpuId).Number(exit.Tid).Number(exit.Cpu);
        _line.Number((int)exit.Level).Text(MachineNames.Of(exit.Code.Isa)).Number(MachineNames.Number(exit.Code))
            .Text(ExitReasons.Name(exit.Code));
        _line.Number(exit.DurationNs);
        WriteDetail(exit);
        _line.End();
    }

    private void WriteDetail(in SlowExit exit)
    {
        _line.Qualifier(exit.Code, exit.Qualifier);
        _line.Text(exit.Rip is { } rip ? string.Create(CultureInfo.InvariantCulture, $"0x{rip:x}") : "");
        _line.Number(exit.CpuAtExit).Number(exit.Cpu);
        foreach ((TimePart part, _) in JsonParts.All)
            if (part != TimePart.Guest) _line.Number(exit.Parts?[part]);
        _line.Text(exit.RanInstead?.Name).Number(exit.RanInstead?.Pid).CodeColumns(exit.Code);
    }
}
