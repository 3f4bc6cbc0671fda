namespace Kvmscope.Core.Model;

/// <summary>One VM as the trace saw it. Two VMs of one process are two identities; compare by <see cref="Ordinal"/>.</summary>
/// <param name="Ordinal">A number of this trace's own, in the order in which VMs were first seen; never a kernel address.</param>
/// <param name="Pid">The process (thread group) that runs the VM.</param>
/// <param name="Name">The VM's name; the command where the VMM gave none; <c>NAME#2</c> for the second VM of one process.</param>
public sealed record VmIdentity(int Ordinal, int Pid, string Name);
