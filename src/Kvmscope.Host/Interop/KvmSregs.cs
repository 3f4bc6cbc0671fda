using System.Runtime.InteropServices;

namespace Kvmscope.Host;

/// <summary>struct kvm_sregs.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct KvmSregs
{
    internal KvmSegment Cs, Ds, Es, Fs, Gs, Ss, Tr, Ldt;
    internal KvmDtable Gdt, Idt;
    internal ulong Cr0, Cr2, Cr3, Cr4, Cr8, Efer, ApicBase;
    fixed ulong interruptBitmap[4];
}

/// <summary>struct kvm_dtable.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct KvmDtable
{
    internal ulong Base;
    internal ushort Limit;
    fixed ushort padding[3];
}
