namespace Kvmscope.Core.Model;

/// <summary>
/// Exits that are seen and that no row has yet: where qualifiers are kept apart, an exit belongs to a row once its qualifier is known,
/// which is when it ends. A state, and not a counter.
/// </summary>
/// <param name="Key">Whose they are; without a qualifier.</param>
/// <param name="Count">How many; of one vCPU at most one.</param>
public readonly record struct OpenExits(GroupKey Key, ulong Count);
