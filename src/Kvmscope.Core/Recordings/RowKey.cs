using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Recordings;

/// <summary>What a recorded row is of.</summary>
/// <param name="Vm">The VM's number in the recording (<see cref="VmIdentity.Ordinal"/>); -1 where VMs were not kept apart.</param>
/// <param name="Vcpu">The vCPU's id; -1 where vCPUs were not kept apart.</param>
/// <param name="Code">The reason, raw.</param>
/// <param name="Level">L1 or L2.</param>
/// <param name="Qualifier">The reason's argument.</param>
public readonly record struct RowKey(int Vm, int Vcpu, ExitCode Code, ExitLevel Level, Qualifier Qualifier);
