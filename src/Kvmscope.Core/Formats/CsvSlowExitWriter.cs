using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Formats;

/// <summary>Slow exits as comma-separated values, under the names of the JSON objects; the header comes with the first.</summary>
internal sealed class CsvSlowExitWriter(TextWriter output) : ISlowExitWriter
{
    private readonly CsvLine _line = new(output);
    private bool _hasHeader;

    public void Write(in SlowExit exit)
    {
        if (!_hasHeader)
        {
            _line.Text("time").Text("vm").Text("vm_pid").Text("vcpu").Text("tid").Text("cpu").Text("level").Text("isa").Text("code").Text("reason");
            _line.Text("duration_ns").End();
            _hasHeader = true;
        }
        _line.Text(Rfc3339.Format(exit.At)).Text(exit.Vm.Name).Number(exit.Vm.Pid).Number(exit.Vcpu).Number(exit.Tid).Number(exit.Cpu);
        _line.Number((int)exit.Level).Text(MachineNames.Of(exit.Code.Isa)).Number(exit.Code.Code).Text(ExitReasons.Name(exit.Code));
        _line.Number(exit.DurationNs).End();
    }
}
