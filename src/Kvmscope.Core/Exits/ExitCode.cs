namespace Kvmscope.Core.Exits;

/// <summary>A VM exit's reason as the hardware gave it: an ISA and a raw 64-bit code. Names are looked up only when rendering (<see cref="ExitReasons"/>).</summary>
/// <param name="Isa">What the code means.</param>
/// <param name="Code">The raw code. VMX: basic reason in bits 15:0, bit 26 bus lock, bit 31 failed VM entry, no other bit set.</param>
public readonly record struct ExitCode(Isa Isa, ulong Code);
