using Kvmscope.CommandLine;
using Kvmscope.Core.Reports;
using Kvmscope.Core.Sources;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope list</c>: the VMs on this host.</summary>
internal sealed class ListCommand : ICommand
{
    private static readonly string[] s_heads = ["NAME", "PID", "VMM", "VMS", "VCPUS"];

    private readonly OutputOptions _output = new();

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("list", "[options]", "The VMs on this host: name, pid, VMM, VMs, vCPUs",
        "Lists the processes that hold KVM VMs, found by their open KVM files, whatever the VMM. NAME or PID is what --vm takes. "
        + "Other users' processes are seen by root only.",
        [
            new("kvmscope list", "What runs here."),
            new("kvmscope list --format json", "The same for a script, with the vCPU ids."),
        ]);

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [_output.Group];

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        OutputPlan plan = _output.Read(invocation.Result);
        using OutputTarget target = OutputTarget.Open(plan, context);
        IReadOnlyList<VirtualMachine> machines = context.Host().Machines();
        target.Begin();
        switch (plan.Format)
        {
            case OutputFormat.Json:
                WriteJson(target.Writer, machines);
                break;
            case OutputFormat.Csv:
                WriteCsv(target.Writer, machines);
                break;
            default:
                WriteTable(target, machines, context);
                break;
        }
        target.Writer.Flush();
        return 0;
    }

    private static void WriteTable(OutputTarget target, IReadOnlyList<VirtualMachine> machines, CommandContext context)
    {
        if (machines.Count == 0)
        {
            context.Error.WriteLine("No VM is running.");
            return;
        }
        string[][] rows = [s_heads, .. machines.Select(Cells)];
        int[] widths = [.. Enumerable.Range(0, s_heads.Length).Select(c => rows.Max(r => r[c].Length))];
        // The name gives way on a narrow screen, down to 8 columns.
        int rest = widths.Skip(1).Sum() + 2 * (s_heads.Length - 1);
        widths[0] = Math.Min(widths[0], Math.Max(8, target.Style.Width - rest));
        foreach (string[] row in rows)
        {
            string name = row[0].Length > widths[0] ? $"{row[0][..(widths[0] - 1)]}~" : row[0];
            string numbers = $"{row[3].PadLeft(widths[3])}  {row[4].PadLeft(widths[4])}";
            target.Writer.WriteLine($"{name.PadRight(widths[0])}  {row[1].PadLeft(widths[1])}  {row[2].PadRight(widths[2])}  {numbers}");
        }
    }

    private static string[] Cells(VirtualMachine machine) =>
        [Shown(machine.Name), $"{machine.Pid}", Shown(machine.Vmm), $"{machine.VmCount}", $"{machine.VcpuIds.Length}"];

    // Names come from other processes' arguments: nothing in them may steer the terminal.
    private static string Shown(string text) => string.Create(text.Length, text, static (to, from) =>
    {
        for (int i = 0; i < to.Length; i++) to[i] = char.IsControl(from[i]) ? '?' : from[i];
    });

    private static void WriteCsv(TextWriter output, IReadOnlyList<VirtualMachine> machines)
    {
        output.WriteLine("vm,vm_pid,vmm,vms,vcpus");
        foreach (VirtualMachine m in machines) output.WriteLine($"{Quoted(m.Name)},{m.Pid},{Quoted(m.Vmm)},{m.VmCount},{m.VcpuIds.Length}");
    }

    private static string Quoted(string field) => field.AsSpan().IndexOfAny(",\"\r\n") < 0 ? field : $"\"{field.Replace("\"", "\"\"")}\"";

    private void WriteJson(TextWriter output, IReadOnlyList<VirtualMachine> machines) => JsonText.WriteLine(output, Help.Name, json =>
    {
        json.WriteStartArray("rows");
        foreach (VirtualMachine machine in machines)
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
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });
}
