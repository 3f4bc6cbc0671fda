using System.Runtime.InteropServices;

namespace Kvmscope.Guests.Kvm;

/// <summary>struct kvm_regs.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmRegs
{
    internal ulong Rax, Rbx, Rcx, Rdx, Rsi, Rdi, Rsp, Rbp, R8, R9, R10, R11, R12, R13, R14, R15, Rip, Rflags;
}

/// <summary>struct kvm_sregs.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KvmSregs
{
    internal KvmSegment Cs, Ds, Es, Fs, Gs, Ss, Tr, Ldt;
    internal KvmDtable Gdt, Idt;
    internal ulong Cr0, Cr2, Cr3, Cr4, Cr8, Efer, ApicBase;
    private fixed ulong _interruptBitmap[4];
}

/// <summary>struct kvm_dtable.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KvmDtable
{
    internal ulong Base;
    internal ushort Limit;
    private fixed ushort _padding[3];
}

/// <summary>struct kvm_segment.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmSegment
{
    internal ulong Base;
    internal uint Limit;
    internal ushort Selector;
    internal byte Type, Present, Dpl, Db, S, L, G, Avl, Unusable;
    private byte _padding;
}

/// <summary>
/// struct kvm_msrs with one entry: a call for several MSRs stops at the first that fails, and does not say why.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmMsr
{
    internal uint Count, Padding;
    internal uint Index, Reserved;
    internal ulong Data;
}
