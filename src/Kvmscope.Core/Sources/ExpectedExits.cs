using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Sources;

/// <summary>What the built-in guest did: how many exits of one reason at one level its own counting says there were.</summary>
/// <param name="Isa">What the code means.</param>
/// <param name="Code">The reason, raw.</param>
/// <param name="Level">L1 or L2.</param>
/// <param name="Count">How many exits the guest made.</param>
public sealed record ExpectedExits(Isa Isa, ulong Code, ExitLevel Level, ulong Count);
