using Kvmscope.Core.Model;

namespace Kvmscope.Core.Exits;

public static partial class Qualifiers
{
    private const ulong MmioFlag = 0x100, HypervFlag = 1UL << 32, PageMask = ~0xfffUL, AccessMask = 0xf;
    private const int WayShift = 32;

    /// <summary>
    /// The qualifier as people name it: <c>IA32_TSC_DEADLINE</c>, <c>0x608 in (ACPI PM timer)</c>, <c>0xb.1 (topology)</c>; what has no
    /// name in hexadecimal. Null where there is none, <c>other</c> for those that are not kept apart.
    /// </summary>
    public static string? Name(ExitCode code, Qualifier qualifier) => qualifier.State switch
    {
        QualifierState.Known => Name(KindOf(code), qualifier.Raw),
        QualifierState.Other => "other",
        _ => null,
    };

    /// <summary>The plain numbers of a qualifier, for machines: an MSR, a port, a leaf (and its sub-leaf), the address of a page; empty where not known.</summary>
    public static ulong[] MachineParts(ExitCode code, Qualifier qualifier)
    {
        if (qualifier.State != QualifierState.Known) return [];
        ulong raw = qualifier.Raw;
        return KindOf(code) switch
        {
            QualifierKind.Cpuid => HasSubleaf((uint)raw) ? [(uint)raw, raw >> 32] : [(uint)raw],
            QualifierKind.Port => [raw & 0xffff],
            QualifierKind.Memory => [IsMmio(raw) ? raw & PageMask : raw & AccessMask],
            QualifierKind.Abort => [IsMmio(raw) ? raw & PageMask : raw & 0xff],
            QualifierKind.SystemRegister => SystemRegisters.Encoding(raw),
            QualifierKind.Interrupt or QualifierKind.Exception or QualifierKind.Eoi => [raw & 0xff],
            QualifierKind.ControlRegister => [raw & 0xf],
            QualifierKind.DebugRegister => [raw & 0x7],
            QualifierKind.ApicRegister => [raw & 0xfff],
            QualifierKind.None => [raw],
            _ => [(uint)raw],
        };
    }

    /// <summary>Whether a qualifier of <see cref="QualifierKind.Memory"/> is a page of MMIO.</summary>
    internal static bool IsMmio(ulong raw) => (raw & MmioFlag) != 0;

    private static string Name(QualifierKind kind, ulong raw) => kind switch
    {
        QualifierKind.Msr => MsrNames.Of((uint)raw) + Way(raw, " read", " write", " read or write"),
        QualifierKind.Cpuid => With(Leaf(raw), QualifierTables.Leaves, (uint)raw),
        QualifierKind.Hypercall => Hypercall(raw),
        QualifierKind.Port => Port(raw),
        QualifierKind.Memory => IsMmio(raw) ? Page(raw & PageMask) : Access(raw),
        QualifierKind.Interrupt => With(Hex.Of(raw & 0xff), QualifierTables.Vectors, (uint)raw & 0xff),
        QualifierKind.Exception => QualifierTables.Exceptions.TryGetValue((uint)raw & 0xff, out string? name) ? name : Hex.Of(raw & 0xff),
        QualifierKind.ControlRegister => ControlRegister(raw),
        QualifierKind.DebugRegister => $"DR{raw & 7} {((raw & 0x10) == 0 ? "write" : "read")}",
        QualifierKind.ApicRegister => ApicRegister((uint)raw & 0xfff) + Way(raw, " read", " write", ""),
        QualifierKind.Eoi => Hex.Of(raw & 0xff),
        QualifierKind.SystemRegister => SystemRegisters.Name(raw) + Way(raw, " read", " write", ""),
        QualifierKind.Wait => (raw & 3) switch { 0 => "WFI", 1 => "WFE", 2 => "WFIT", _ => "WFET" },
        QualifierKind.FirmwareCall => FirmwareCalls.Name((uint)raw),
        QualifierKind.Abort => Abort(raw),
        _ => Hex.Of(raw),
    };

    private static string Way(ulong raw, string first, string second, string unknown) => (raw >> WayShift & 3) switch
    {
        1 => first,
        2 => second,
        3 => unknown,
        _ => "",
    };

    private static string Leaf(ulong raw) => HasSubleaf((uint)raw) ? $"{Hex.Of((uint)raw)}.{raw >> 32}" : Hex.Of((uint)raw);

    private static string With(string number, Dictionary<uint, string> names, uint key) =>
        names.TryGetValue(key, out string? name) ? $"{number} ({name})" : number;

    private static string Hypercall(ulong raw)
    {
        uint number = (uint)raw;
        if ((raw & HypervFlag) != 0)
            return QualifierTables.HypervCalls.TryGetValue(number, out string? call) ? call : "Hyper-V " + Hex.Of(number);
        return QualifierTables.KvmCalls.TryGetValue(number, out string? name) ? name : Hex.Of(number);
    }

    private static string Port(ulong raw)
    {
        string port = Hex.Of(raw & 0xffff) + Way(raw, " in", " out", "");
        return PortNames.DeviceOf((ushort)raw) is { } device ? $"{port} ({device})" : port;
    }

    private static string Page(ulong page) => QualifierTables.DeviceOf(page) is { } device ? $"{Hex.Of(page)} ({device})" : Hex.Of(page);

    private static string Access(ulong raw)
    {
        string access = (raw & 2) != 0 ? "write" : (raw & 4) != 0 ? "fetch" : "read";
        return access + ((raw & 8) != 0 ? ", present" : ", not present");
    }

    private static string Abort(ulong raw)
    {
        string access = (raw & 2) != 0 ? "write" : (raw & 4) != 0 ? "fetch" : "read";
        if (IsMmio(raw))
        {
            ulong page = raw & PageMask;
            return $"{Hex.Of(page)} {access}" + (ArmPages.DeviceOf(page) is { } device ? $" ({device})" : "");
        }
        return access + (raw >> 4 & 0xf) switch
        {
            1 => ", translation fault",
            2 => ", access flag fault",
            3 => ", permission fault",
            var other => ", fault status " + Hex.Of(other << 2),
        };
    }

    private static string ControlRegister(ulong raw) => (raw >> 4 & 3) switch
    {
        0 => $"CR{raw & 0xf} write",
        1 => $"CR{raw & 0xf} read",
        2 => "CLTS",
        _ => "LMSW",
    };

    private static string ApicRegister(uint offset) => offset switch
    {
        >= 0x100 and < 0x180 => $"ISR{(offset - 0x100) / 0x10}",
        >= 0x180 and < 0x200 => $"TMR{(offset - 0x180) / 0x10}",
        >= 0x200 and < 0x280 => $"IRR{(offset - 0x200) / 0x10}",
        _ => QualifierTables.ApicRegisters.TryGetValue(offset, out string? name) ? name : Hex.Of(offset),
    };
}
