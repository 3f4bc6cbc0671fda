using Kvmscope.CommandLine;
using Kvmscope.Core.Output;
using Kvmscope.Core.Sources;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope list</c>: the VMs on this host.</summary>
internal sealed class ListCommand : ICommand
{
    private readonly OutputOptions _output = new(OutputKinds.Machines.Formats);

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("list", "[options]", "The VMs on this host: name, pid, VMM, VMs, vCPUs",
        "Lists the processes that hold KVM VMs, found by their open KVM files, whatever the VMM. NAME or PID is what --vm takes. "
        + "Only root sees the VMs of other users; how many processes could not be looked into is said.",
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
        IHost host = context.Host();
        IReadOnlyList<VirtualMachine> machines = host.Machines();
        string[] hidden = [.. Hidden.Of(host)];
        target.Begin();
        OutputKinds.Machines.In(plan.Format)(target.To, new MachineList(machines)
        {
            UnreadableProcesses = host.UnreadableProcesses,
            HidesProcesses = host.HidesProcesses,
        });
        target.Writer.Flush();
        if (machines.Count == 0 && plan.Format == OutputFormat.Table)
            context.Tell(hidden.Length > 0 ? "No VM was found." : "No VM is running.");
        foreach (string sentence in hidden) context.Say(sentence);
        return 0;
    }
}
