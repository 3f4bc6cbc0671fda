using System.Buffers.Binary;

namespace Kvmscope.Guests;

/// <summary>
/// The VMCB with which an L1 of SVM runs its L2 (APM volume 2, appendix B). L1 intercepts HLT, VMMCALL and VMRUN, which it must intercept;
/// L0 handles the rest.
/// </summary>
/// <remarks>
/// L1 must intercept VMMCALL: otherwise KVM leaves it to the hardware, which gives L2 an invalid-opcode exception.
/// </remarks>
internal static class Vmcb
{
    private const int Intercepts3 = 0x00c, Intercepts4 = 0x010, Asid = 0x058;
    private const int Es = 0x400, Cs = 0x410, Ss = 0x420, Ds = 0x430;
    private const int Efer = 0x4d0, Cr4 = 0x548, Cr3 = 0x550, Cr0 = 0x558, Dr7 = 0x560, Dr6 = 0x568, Rflags = 0x570, Pat = 0x668;

    private const uint InterceptHlt = 1 << 24, InterceptVmrun = 1 << 0, InterceptVmmcall = 1 << 1;
    private const ushort CodeAttributes = 0xa9b, DataAttributes = 0xc93;

    /// <summary>Fills the page. L2 runs in L1's address space, without nested paging; its RIP is set by L1.</summary>
    internal static void Fill(Span<byte> page, ulong physicalBase)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(page[Intercepts3..], InterceptHlt);
        BinaryPrimitives.WriteUInt32LittleEndian(page[Intercepts4..], InterceptVmrun | InterceptVmmcall);
        BinaryPrimitives.WriteUInt32LittleEndian(page[Asid..], 1);
        Segment(page[Cs..], GuestLayout.CodeSelector, CodeAttributes);
        Segment(page[Ds..], GuestLayout.DataSelector, DataAttributes);
        Segment(page[Es..], GuestLayout.DataSelector, DataAttributes);
        Segment(page[Ss..], GuestLayout.DataSelector, DataAttributes);
        GuestBytes.Put(page, Efer, GuestRegisters.EferLongMode | GuestRegisters.EferSvme);
        GuestBytes.Put(page, Cr0, GuestRegisters.Cr0);
        GuestBytes.Put(page, Cr3, physicalBase + GuestLayout.PageMap);
        GuestBytes.Put(page, Cr4, GuestRegisters.Cr4Pae);
        GuestBytes.Put(page, Dr6, 0xffff_0ff0);
        GuestBytes.Put(page, Dr7, 0x400);
        GuestBytes.Put(page, Rflags, GuestRegisters.Rflags);
        GuestBytes.Put(page, Pat, 0x0007_0406_0007_0406);
    }

    private static void Segment(Span<byte> register, ushort selector, ushort attributes)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(register, selector);
        BinaryPrimitives.WriteUInt16LittleEndian(register[2..], attributes);
        BinaryPrimitives.WriteUInt32LittleEndian(register[4..], uint.MaxValue);
    }
}
