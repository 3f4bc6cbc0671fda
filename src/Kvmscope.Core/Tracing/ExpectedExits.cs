using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Tracing;

/// <summary>What a built-in guest did: so many exits of one reason at one level, exactly.</summary>
/// <param name="Isa">What the code means.</param>
/// <param name="Code">The raw code.</param>
/// <param name="Level">L1 or L2.</param>
/// <param name="Count">How many exits.</param>
public sealed record ExpectedExits(Isa Isa, ulong Code, ExitLevel Level, ulong Count);
