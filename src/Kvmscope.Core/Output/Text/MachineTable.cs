using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Output.Text;

/// <summary>The VMs of a host as a table; nothing where there are none.</summary>
internal static class MachineTable
{
    // The name is shortened on a narrow screen, down to this.
    private const int MinName = 8;

    internal static void Write(Destination to, IReadOnlyList<VirtualMachine> machines)
    {
        if (machines.Count == 0) return;
        List<TextColumn> columns =
            [new("NAME") { Left = true, Comfort = MinName }, new("PID"), new("VMM") { Left = true }, new("VMS"), new("VCPUS")];
        var table = new TextTable(columns, to.Style with { Color = false, Unicode = false }) { KeepsGaps = true };
        foreach (VirtualMachine machine in machines)
        {
            table.Add(RowTone.Plain, TextCell.OfText(machine.Name), TextCell.OfNumber((ulong)machine.Pid), TextCell.OfText(machine.Vmm),
                TextCell.OfNumber((ulong)machine.VmCount), TextCell.OfNumber((ulong)machine.VcpuIds.Length));
        }
        table.Write(to.Writer);
    }
}
