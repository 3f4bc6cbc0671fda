namespace Kvmscope.Core.Model;

/// <summary>One VM as the trace saw it. Two VMs of one process are two identities; compare by <see cref="Ordinal"/>.</summary>
/// <param name="Ordinal">A number of this trace's own, in the order in which VMs were first seen; never a kernel address.</param>
/// <param name="Pid">The process (thread group) that runs the VM.</param>
/// <param name="Name">The VM's name; where nothing names it the command and the pid; <c>NAME#2</c> for the second of a process.</param>
public sealed record VmIdentity(int Ordinal, int Pid, string Name)
{
    /// <summary>The <see cref="Pid"/> of what stands for VMs of several processes.</summary>
    public const int SeveralPids = 0;

    /// <summary>Its process; null where there are several, or it is not known.</summary>
    public int? OnlyPid => Pid == SeveralPids ? null : Pid;

    /// <summary>What else is known of it.</summary>
    public VmLabels Labels { get; init; } = VmLabels.None;
}

/// <summary>
/// What is known of a VM besides its name, from the arguments of its VMM and from its cgroup. What is not known is null; all of it
/// belongs to the process, so that the VMs of one process have the same.
/// </summary>
public sealed record VmLabels
{
    /// <summary>Nothing is known.</summary>
    public static readonly VmLabels None = new();

    /// <summary>The program that runs it: qemu, firecracker, …, or the command.</summary>
    public string? Vmm { get; init; }

    /// <summary>The VM's UUID, in lower case.</summary>
    public string? Uuid { get; init; }

    /// <summary>Proxmox's number of the VM.</summary>
    public string? Vmid { get; init; }

    /// <summary>The Kubernetes namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>The uid of the Kubernetes pod; where that is not known, the id of the Kata sandbox.</summary>
    public string? Pod { get; init; }
}

/// <summary>A VM as it can be chosen.</summary>
/// <param name="Pid">Its process.</param>
/// <param name="Name">Its name, as it is shown.</param>
/// <param name="Labels">What else is known of it.</param>
public readonly record struct KnownVm(int Pid, string Name, VmLabels Labels)
{
    /// <summary>A VM of a trace.</summary>
    public static KnownVm Of(VmIdentity vm) => new(vm.Pid, vm.Name, vm.Labels);
}
