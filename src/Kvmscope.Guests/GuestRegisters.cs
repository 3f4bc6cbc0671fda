using Kvmscope.Guests.Kvm;

namespace Kvmscope.Guests;

/// <summary>The state in which a built-in guest starts: 64-bit mode, CPL 0, interrupts off. The same for L2.</summary>
internal static class GuestRegisters
{
    internal const ulong Cr0 = 0x8000_0031; // PE, ET, NE (VMX needs it), PG
    internal const ulong Cr4Pae = 0x20, Cr4Vmxe = 0x2000;
    internal const ulong EferLongMode = 0x500, EferSvme = 0x1000;
    internal const ulong Rflags = 0x2;

    internal static KvmRegs General => new() { Rip = GuestImage.Instance.Entry, Rflags = Rflags, R12 = GuestLayout.Plan };

    /// <summary>Changes the registers that KVM gave the vCPU at reset.</summary>
    internal static KvmSregs Special(KvmSregs reset, ulong physicalBase, ulong cr4, ulong efer)
    {
        KvmSregs registers = reset;
        registers.Cs = Segment(GuestLayout.CodeSelector, type: 0xb, isCode: true);
        KvmSegment data = Segment(GuestLayout.DataSelector, type: 0x3, isCode: false);
        registers.Ds = registers.Es = registers.Fs = registers.Gs = registers.Ss = data;
        registers.Tr = new KvmSegment { Selector = GuestLayout.TaskSelector, Limit = 0x67, Type = 0xb, Present = 1 };
        registers.Ldt = new KvmSegment { Unusable = 1 };
        registers.Gdt = default;
        registers.Idt = default;
        registers.Cr0 = Cr0;
        registers.Cr3 = physicalBase + GuestLayout.PageMap;
        registers.Cr4 = cr4;
        registers.Efer = efer;
        return registers;
    }

    private static KvmSegment Segment(ushort selector, byte type, bool isCode) => new()
    {
        Limit = uint.MaxValue,
        Selector = selector,
        Type = type,
        Present = 1,
        S = 1,
        L = isCode ? (byte)1 : (byte)0,
        Db = isCode ? (byte)0 : (byte)1,
        G = 1,
    };
}
