using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Csv;

/// <summary>
/// The last exits of vCPUs as comma-separated values, one line per exit, under the names of the JSON objects (those of <c>last_return</c>
/// with <c>last_</c> before them); the header comes at once. A vCPU without exits has one line.
/// </summary>
internal sealed class CsvHistoryWriter : IOutputWriter<VcpuHistory>
{
    // From `number` to `vmm_returns`, without the qualifier's.
    private const int ExitFields = 12;

    private readonly CsvLine _line;

    internal CsvHistoryWriter(TextWriter output)
    {
        _line = new CsvLine(output);
        _line.Heads("vm", "vm_pid", "vcpu", "tid", "ended", "abnormal", "place");
        _line.Heads("last_vmm_reason", "last_vmm_reason_raw", "last_before_ns", "last_detail_raw", "exits_seen");
        _line.Heads("number", "time", "since_ns", "level", "isa", "code", "reason").QualifierHeads().Heads("rip", "handling_ns");
        _line.Heads("vmm_reason", "vmm_reason_raw", "vmm_returns").CodeColumnHeads().End();
    }

    public void Write(in VcpuHistory history)
    {
        if (history.Exits.Count == 0)
        {
            WriteVcpu(history);
            _line.Skip(ExitFields + CsvLine.QualifierFields).CodeColumns(null).End();
        }
        foreach (LastExit exit in history.Exits)
        {
            WriteVcpu(history);
            WriteExit(exit);
            _line.CodeColumns(exit.Code).End();
        }
    }

    private void WriteVcpu(VcpuHistory history)
    {
        _line.Text(history.Vm.Name).Number(history.Vm.Pid).Number(history.Vcpu).Number(history.Tid);
        _line.Text(Text(history.HasEnded)).Text(Text(history.IsAbnormal)).Text(MachineNames.Of(history.Place));
        _line.Text(history.LastReturn?.Reason.Name ?? "");
        _line.Number(history.LastReturn?.Reason.Raw);
        _line.Number(history.LastReturn?.BeforeNs).Number(history.LastReturn?.Detail).Number(history.Seen);
    }

    private void WriteExit(LastExit exit)
    {
        _line.Number(exit.Number).Text(Rfc3339.Format(exit.At)).Number(exit.SinceLastNs).Number((int)exit.Level);
        _line.Text(MachineNames.Of(exit.Code.Isa)).Number(MachineNames.Number(exit.Code)).Text(ExitReasons.Name(exit.Code));
        _line.Qualifier(exit.Code, exit.Qualifier);
        _line.Text(exit.Rip is { } rip ? string.Create(CultureInfo.InvariantCulture, $"0x{rip:x}") : "").Number(exit.HandlingNs);
        _line.Text(exit.Return?.Name ?? "").Number(exit.Return?.Raw).Number(exit.Returns);
    }

    private static string Text(bool value) => value ? "true" : "false";
}
