namespace Kvmscope.Core.Exits;

/// <summary>A kind of argument and how it is written; reasons of several ISAs may share it.</summary>
/// <param name="Kind">As the kernel side knows it.</param>
/// <param name="Shows">What the arguments of a reason show, for <c>explain</c>.</param>
/// <param name="Name">From <see cref="Model.Qualifier.Raw"/> to what people read.</param>
/// <param name="Numbers">From <see cref="Model.Qualifier.Raw"/> to the plain numbers for machines.</param>
internal sealed record QualifierInfo(QualifierKind Kind, string Shows, Func<ulong, string> Name, Func<ulong, ulong[]> Numbers)
{
    /// <summary>
    /// From <see cref="Model.Qualifier.Raw"/> to the direction: <c>read</c>, <c>write</c>, <c>fetch</c>, <c>in</c> or <c>out</c>; null
    /// where it is not known, or the argument has none.
    /// </summary>
    internal Func<ulong, string?> Direction { get; init; } = static _ => null;

    /// <summary>Whether the guest waits for work with this argument, where the reason is one with which it may: WFI, and not WFE.</summary>
    internal Func<ulong, bool> Waits { get; init; } = static _ => true;
}

/// <summary>How arguments are packed, as far as several kinds or architectures share it: bpf/qualifier_values.h.</summary>
internal static class QualifierValues
{
    internal const ulong PageMask = ~0xfffUL;

    private const ulong MmioFlag = 0x100;
    private const int WayShift = 32;

    /// <summary>Whether an access to memory is to a page of MMIO.</summary>
    internal static bool IsMmio(ulong raw) => (raw & MmioFlag) != 0;

    /// <summary>The kind of access to memory.</summary>
    internal static string Access(ulong raw) => (raw & 2) != 0 ? "write" : (raw & 4) != 0 ? "fetch" : "read";

    /// <summary>The direction in bits 33:32, as part of a name.</summary>
    internal static string Way(ulong raw, string first, string second, string unknown = "") => (raw >> WayShift & 3) switch
    {
        1 => first,
        2 => second,
        3 => unknown,
        _ => "",
    };

    /// <summary>The direction in bits 33:32; null where it is not known.</summary>
    internal static string? ReadOrWrite(ulong raw) => Way(raw, "read", "write") is { Length: > 0 } way ? way : null;
}

/// <summary>
/// What a reason's argument is, and how <see cref="Model.Qualifier.Raw"/> packs it. The kernel side fills it (bpf/qualifier.bpf.h).
/// </summary>
public enum QualifierKind : byte
{
    /// <summary>The reason has no argument, or none that is available.</summary>
    None = 0,

    /// <summary>
    /// Bits 31:0 the MSR; bits 33:32 the direction where the reason does not tell it: 1 read, 2 write, 3 not known, else 0.
    /// </summary>
    Msr = 1,

    /// <summary>Bits 31:0 the leaf (EAX); bits 63:32 the sub-leaf (ECX), 0 for leaves that have none.</summary>
    Cpuid = 2,

    /// <summary>Bits 31:0 the number (RAX; of Hyper-V's the call code, RCX 15:0); bit 32: it is a Hyper-V hypercall.</summary>
    Hypercall = 3,

    /// <summary>Bits 15:0 the port; bits 33:32 the direction: 1 in, 2 out.</summary>
    Port = 4,

    /// <summary>
    /// Memory of the guest: MMIO has bit 8 set and the guest-physical address of the page in bits 63:12; else bit 0 read, bit 1 write, bit
    /// 2 fetch, bit 3 the page was present.
    /// </summary>
    Memory = 5,

    /// <summary>Bits 7:0 the host's interrupt vector.</summary>
    Interrupt = 6,

    /// <summary>
    /// VM-exit interruption information of VMX, bits 10:0: vector, and type in bits 10:8 (2 NMI, 3 exception, 6 software exception).
    /// </summary>
    Exception = 7,

    /// <summary>Exit qualification of VMX, bits 5:0: CR in bits 3:0, access in bits 5:4 (0 write, 1 read, 2 CLTS, 3 LMSW).</summary>
    ControlRegister = 8,

    /// <summary>Exit qualification of VMX: DR in bits 2:0, bit 4 set for a read.</summary>
    DebugRegister = 9,

    /// <summary>Bits 11:0 the offset of the APIC's register; bits 33:32 the direction: 1 read, 2 write, 0 not known.</summary>
    ApicRegister = 10,

    /// <summary>Bits 7:0 the guest's interrupt vector (EOI_INDUCED).</summary>
    Eoi = 11,

    /// <summary>
    /// A system register of arm64, as in the syndrome: op0 in bits 21:20, op2 19:17, op1 16:14, CRn 13:10, CRm 4:1; bits 33:32 the
    /// direction: 1 read, 2 write.
    /// </summary>
    SystemRegister = 12,

    /// <summary>Bits 1:0: 0 WFI, 1 WFE, 2 WFIT, 3 WFET.</summary>
    Wait = 13,

    /// <summary>Bits 31:0 the function that HVC or SMC asked for, from X0 (SMC calling convention).</summary>
    FirmwareCall = 14,

    /// <summary>
    /// An abort of arm64: bit 0 read, bit 1 write, bit 2 fetch; MMIO as in <see cref="Memory"/>, else bits 7:4 the upper part of the fault
    /// status: 1 translation, 2 access flag, 3 permission.
    /// </summary>
    Abort = 15,

    /// <summary>Bits 31:0 the extension of riscv64's SBI (a7); bits 63:32 the function (a6), 0 for the extensions of version 0.1.</summary>
    SbiCall = 16,

    /// <summary>
    /// An instruction of riscv64 that the guest may not run itself: bits 33:32 1 where it reads a CSR, 2 where it writes one, with the CSR
    /// in bits 11:0; else 0, with the instruction in bits 31:0.
    /// </summary>
    Instruction = 17,
}
