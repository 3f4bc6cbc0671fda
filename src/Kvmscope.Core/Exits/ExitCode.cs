namespace Kvmscope.Core.Exits;

/// <summary>
/// A VM exit's reason from the hardware: an ISA and a raw 64-bit code. Names are looked up only when rendering (<see cref="ExitReasons"/>).
/// </summary>
/// <param name="Isa">What the code means.</param>
/// <param name="Code">The raw code. VMX: basic reason in bits 15:0, bit 26 bus lock, bit 31 failed VM entry, no other bit set.</param>
public readonly record struct ExitCode(Isa Isa, ulong Code);

/// <summary>
/// The instruction set of a VM exit's code: what gives a raw code its meaning. VMX and SVM have the values of KVM_ISA_VMX and KVM_ISA_SVM
/// (arch/x86/kvm/trace.h).
/// </summary>
public enum Isa : byte
{
    /// <summary>Not known.</summary>
    None = 0,

    /// <summary>Intel VT-x: the code is the exit reason field of the VMCS (SDM volume 3, appendix C), flag bits included.</summary>
    Vmx = 1,

    /// <summary>AMD-V: the code is EXITCODE of the VMCB (APM volume 2, appendix C), not maskable.</summary>
    Svm = 2,

    /// <summary>
    /// Arm: the code is what KVM's switch code returned (ARM_EXCEPTION_*, arch/arm64/include/asm/kvm_asm.h) from bit 8 on, without its
    /// SError bit, and for traps (return value 2) the exception class of ESR_EL2 in bits 5:0.
    /// </summary>
    Arm64 = 3,

    /// <summary>RISC-V, 64 bits: the code is scause (bit 63: an interrupt; the rest the cause, arch/riscv/include/asm/csr.h).</summary>
    Riscv64 = 4,
}

/// <summary>Which guest was running when the exit happened.</summary>
public enum ExitLevel : byte
{
    /// <summary>A guest of this host.</summary>
    L1 = 1,

    /// <summary>A nested guest: a guest of a guest of this host.</summary>
    L2 = 2,
}
