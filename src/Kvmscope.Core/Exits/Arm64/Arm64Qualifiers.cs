using System.Globalization;
using static Kvmscope.Core.Exits.QualifierValues;

namespace Kvmscope.Core.Exits.Arm64;

/// <summary>The arguments of exits of arm64.</summary>
internal static class Arm64Qualifiers
{
    internal static readonly QualifierInfo SystemRegister = new(QualifierKind.SystemRegister, "which registers, read or written",
        raw => RegisterName(raw) + Way(raw, " read", " write"), Encoding)
    { Direction = ReadOrWrite };

    internal static readonly QualifierInfo Wait = new(QualifierKind.Wait, "waiting for interrupts (WFI) or for events (WFE: spinning)",
        raw => (raw & 3) switch { 0 => "WFI", 1 => "WFE", 2 => "WFIT", _ => "WFET" }, raw => [(uint)raw])
    { Waits = raw => (raw & 1) == 0 };

    internal static readonly QualifierInfo FirmwareCall = new(QualifierKind.FirmwareCall, "which functions of the firmware interface",
        raw => FunctionName((uint)raw), raw => [(uint)raw]);

    internal static readonly QualifierInfo Abort = new(QualifierKind.Abort, "which pages of MMIO, and which kinds of faults on memory",
        AbortName, raw => [IsMmio(raw) ? raw & PageMask : raw & 0xff])
    { Direction = Access };

    private const uint WideCall = 0x4000_0000; // the 64-bit form of a fast call

    // op0, op1, CRn, CRm and op2 of a syndrome.
    private static ulong[] Encoding(ulong raw) => [raw >> 20 & 3, raw >> 14 & 7, raw >> 10 & 0xf, raw >> 1 & 0xf, raw >> 17 & 7];

    // S3_0_C12_C11_5, as assemblers write it, where the register has no name here.
    private static string RegisterName(ulong raw)
    {
        ulong[] part = Encoding(raw);
        return Arm64Names.Registers.Find(part[0] << 16 | part[1] << 12 | part[2] << 8 | part[3] << 4 | part[4])
            ?? string.Create(CultureInfo.InvariantCulture, $"S{part[0]}_{part[1]}_C{part[2]}_C{part[3]}_{part[4]}");
    }

    // The same for the 32-bit and 64-bit form; hexadecimal where it has no name.
    private static string FunctionName(uint function) => Arm64Names.FirmwareCalls.Find(function & ~WideCall) ?? Hex.Of(function);

    private static string AbortName(ulong raw)
    {
        if (IsMmio(raw)) return Arm64Names.Pages.Explain($"{Hex.Of(raw & PageMask)} {Access(raw)}", raw & PageMask);
        return Access(raw) + (raw >> 4 & 0xf) switch
        {
            1 => ", translation fault",
            2 => ", access flag fault",
            3 => ", permission fault",
            var other => ", fault status " + Hex.Of(other << 2),
        };
    }
}
