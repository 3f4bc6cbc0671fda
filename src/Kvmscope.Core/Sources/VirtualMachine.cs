using System.Collections.Immutable;

namespace Kvmscope.Core.Sources;

/// <summary>A process that holds KVM VMs open, as /proc shows it.</summary>
/// <param name="Pid">The process.</param>
/// <param name="Name">From the VMM's arguments; else the command.</param>
/// <param name="Vmm">The program: qemu, firecracker, cloud-hypervisor, crosvm, or the command.</param>
/// <param name="VmCount">How many VMs (anon_inode:kvm-vm) it holds.</param>
/// <param name="VcpuIds">The ids of its vCPUs, ascending.</param>
public sealed record VirtualMachine(int Pid, string Name, string Vmm, int VmCount, ImmutableArray<int> VcpuIds);
