using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Output.Csv;

/// <summary>The VMs of a host as comma-separated values.</summary>
internal static class CsvMachines
{
    internal static void Write(TextWriter output, IReadOnlyList<VirtualMachine> machines)
    {
        var line = new CsvLine(output);
        line.Text("vm").Text("vm_pid").Text("vmm").Text("vms").Text("vcpus").End();
        foreach (VirtualMachine machine in machines)
            line.Text(machine.Name).Number(machine.Pid).Text(machine.Vmm).Number(machine.VmCount).Number(machine.VcpuIds.Length).End();
    }
}
