using static Kvmscope.Core.Exits.QualifierValues;

namespace Kvmscope.Core.Exits.X86;

/// <summary>The arguments of exits of VMX and SVM.</summary>
internal static class X86Qualifiers
{
    private const ulong HypervFlag = 1UL << 32;
    private const uint X2ApicFirst = 0x800, X2ApicLast = 0x8ff;

    internal static readonly QualifierInfo Msr = new(QualifierKind.Msr, "which registers",
        raw => MsrName((uint)raw) + Way(raw, " read", " write", " read or write"), raw => [(uint)raw])
    { Direction = ReadOrWrite };

    // The reasons themselves say which way.
    internal static readonly QualifierInfo MsrRead = Msr with { Direction = static _ => "read" };
    internal static readonly QualifierInfo MsrWrite = Msr with { Direction = static _ => "write" };

    internal static readonly QualifierInfo Cpuid = new(QualifierKind.Cpuid, "which leaves",
        raw => X86Names.CpuidLeaves.Explain(HasSubleaf((uint)raw) ? $"{Hex.Of((uint)raw)}.{raw >> 32}" : Hex.Of((uint)raw), (uint)raw),
        raw => HasSubleaf((uint)raw) ? [(uint)raw, raw >> 32] : [(uint)raw]);

    internal static readonly QualifierInfo Hypercall = new(QualifierKind.Hypercall, "which hypercalls", HypercallName, raw => [(uint)raw]);

    internal static readonly QualifierInfo Port = new(QualifierKind.Port, "which ports, and what usually uses them",
        raw => X86Names.Ports.Explain(Hex.Of(raw & 0xffff) + Way(raw, " in", " out"), raw & 0xffff), raw => [raw & 0xffff])
    { Direction = static raw => Way(raw, "in", "out") is { Length: > 0 } way ? way : null };

    internal static readonly QualifierInfo Memory = new(QualifierKind.Memory, "which pages of MMIO, and which kinds of access to memory",
        MemoryName, raw => [IsMmio(raw) ? raw & PageMask : raw & 0xf])
    { Direction = static raw => IsMmio(raw) ? null : Access(raw) };

    internal static readonly QualifierInfo Interrupt = new(QualifierKind.Interrupt, "which vectors of the host",
        raw => X86Names.Vectors.Explain(Hex.Of(raw & 0xff), raw & 0xff), raw => [raw & 0xff]);

    internal static readonly QualifierInfo Exception = new(QualifierKind.Exception, "which exceptions",
        raw => X86Names.Exceptions.NameOf(raw & 0xff), raw => [raw & 0xff]);

    internal static readonly QualifierInfo ControlRegister = new(QualifierKind.ControlRegister, "which registers, read or written",
        ControlRegisterName, raw => [raw & 0xf])
    { Direction = static raw => (raw >> 4 & 3) == 1 ? "read" : "write" };

    internal static readonly QualifierInfo DebugRegister = new(QualifierKind.DebugRegister, "which registers, read or written",
        raw => $"DR{raw & 7} {DebugWay(raw)}", raw => [raw & 7])
    { Direction = DebugWay };

    internal static readonly QualifierInfo ApicRegister = new(QualifierKind.ApicRegister, "which registers, read or written",
        raw => X86Names.ApicRegisters.NameOf(raw & 0xfff) + Way(raw, " read", " write"), raw => [raw & 0xfff])
    { Direction = ReadOrWrite };

    internal static readonly QualifierInfo Eoi = new(QualifierKind.Eoi, "which interrupts of the guest",
        raw => Hex.Of(raw & 0xff), raw => [raw & 0xff]);

    private static string DebugWay(ulong raw) => (raw & 0x10) == 0 ? "write" : "read";

    private static string MsrName(uint msr)
    {
        if (X86Names.Msrs.Find(msr) is { } name) return name;
        return msr is >= X2ApicFirst and <= X2ApicLast ? "x2APIC " + Hex.Of(msr - X2ApicFirst) : Hex.Of(msr);
    }

    private static string HypercallName(ulong raw)
    {
        uint number = (uint)raw;
        if ((raw & HypervFlag) == 0) return X86Names.KvmHypercalls.NameOf(number);
        return X86Names.HypervHypercalls.Find(number) ?? "Hyper-V " + Hex.Of(number);
    }

    private static string MemoryName(ulong raw) => IsMmio(raw)
        ? X86Names.Pages.Explain(Hex.Of(raw & PageMask), raw & PageMask)
        : Access(raw) + ((raw & 8) != 0 ? ", present" : ", not present");

    private static string ControlRegisterName(ulong raw) => (raw >> 4 & 3) switch
    {
        0 => $"CR{raw & 0xf} write",
        1 => $"CR{raw & 0xf} read",
        2 => "CLTS",
        _ => "LMSW",
    };

    // Whether the sub-leaf (ECX) takes part in what the CPUID leaf returns (SDM volume 2, CPUID; APM volume 3, appendix E).
    internal static bool HasSubleaf(uint leaf) => leaf switch
    {
        4 or 7 or 0xb or 0xd or 0xf or 0x10 or 0x12 or 0x14 or 0x17 or 0x18 or 0x1b or 0x1d or 0x1e or 0x1f or 0x20 or 0x23 or 0x24 => true,
        0x8000_001d or 0x8000_0020 or 0x8000_0026 => true,
        _ => false,
    };
}
