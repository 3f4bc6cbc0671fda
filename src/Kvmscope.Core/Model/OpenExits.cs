using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>
/// Exits that are seen and that no row has yet: where qualifiers are kept apart, an exit belongs to a row once its qualifier is known,
/// which is when it ends. A state, and no counter.
/// </summary>
/// <param name="Vm">The VM, or null where the snapshot is not grouped by VM.</param>
/// <param name="Vcpu">The vCPU's id, or null where the snapshot is not grouped by vCPU.</param>
/// <param name="Code">The reason, raw.</param>
/// <param name="Level">L1 or L2.</param>
/// <param name="Count">How many; of one vCPU at most one.</param>
public sealed record OpenExits(VmIdentity? Vm, int? Vcpu, ExitCode Code, ExitLevel Level, ulong Count);
