using System.Collections.Immutable;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;

namespace Kvmscope.Core.Sources;

/// <summary>A process that holds KVM VMs open, as /proc shows it.</summary>
/// <param name="Pid">The process.</param>
/// <param name="Name">From the VMM's arguments; where these name nothing, the command and the pid.</param>
/// <param name="Vmm">The program: qemu, firecracker, cloud-hypervisor, crosvm, …, or the command.</param>
/// <param name="VmCount">How many VMs (anon_inode:kvm-vm) it holds.</param>
/// <param name="VcpuIds">The ids of its vCPUs, ascending.</param>
public sealed record VirtualMachine(int Pid, string Name, string Vmm, int VmCount, ImmutableArray<int> VcpuIds)
{
    /// <summary>What else is known of its VMs.</summary>
    public VmLabels Labels { get; init; } = VmLabels.None;

    /// <summary>Its VMs as a trace shows them.</summary>
    public IReadOnlyList<KnownVm> Vms => [.. Enumerable.Range(1, VmCount).Select(nth => new KnownVm(Pid, VmNames.Of(Name, nth), Labels))];
}

/// <summary>The VMs of a host, as far as they could be seen.</summary>
/// <param name="Machines">The processes that hold VMs.</param>
public sealed record MachineList(IReadOnlyList<VirtualMachine> Machines)
{
    /// <summary>How many processes could not be looked into: their VMs are missing.</summary>
    public int UnreadableProcesses { get; init; }

    /// <summary>Whether others' processes could not even be seen, so that they are not counted.</summary>
    public bool HidesProcesses { get; init; }
}
