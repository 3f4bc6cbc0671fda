using System.Globalization;
using static Kvmscope.Core.Exits.QualifierValues;

namespace Kvmscope.Core.Exits.Riscv64;

/// <summary>The arguments of exits of riscv64.</summary>
internal static class Riscv64Qualifiers
{
    internal static readonly QualifierInfo SbiCall = new(QualifierKind.SbiCall, "which functions of the firmware interface (SBI)",
        SbiName, raw => [(uint)raw, raw >> 32]);

    internal static readonly QualifierInfo Memory = new(QualifierKind.Memory, "which pages of MMIO; memory is in one row",
        MemoryName, raw => [IsMmio(raw) ? raw & PageMask : raw & 0xff])
    { Direction = Access };

    internal static readonly QualifierInfo Instruction = new(QualifierKind.Instruction,
        "waiting for interrupts (WFI), for memory (WRS: spinning), or which CSR", InstructionName, raw => [(uint)raw])
    { Direction = ReadOrWrite, Waits = raw => raw == Wfi };

    // RISC-V privileged architecture, 3.3.3; Zawrs.
    internal const uint Wfi = 0x1050_0073;
    private const uint WrsNto = 0x00d0_0073, WrsSto = 0x01d0_0073;

    /// <summary>
    /// <see cref="QualifierKind.Instruction"/> of an instruction, as instruction_of() of bpf/riscv64/reason.h: those that access a CSR
    /// (opcode SYSTEM, funct3 1 to 3 and 5 to 7) are told apart by it and by the direction alone.
    /// </summary>
    internal static ulong InstructionOf(uint instruction)
    {
        const uint System = 0x73;
        uint function = instruction >> 12 & 7;
        if ((instruction & 0x7f) != System || (function & 3) == 0) return instruction;
        bool reads = (function & 2) != 0 && (instruction >> 15 & 0x1f) == 0;
        return instruction >> 20 | (reads ? 1UL : 2UL) << 32;
    }

    private static string SbiName(ulong raw)
    {
        ulong extension = (uint)raw, function = raw >> 32;
        return (function <= byte.MaxValue ? Riscv64Names.SbiCalls.Find(extension << 8 | function) : null)
            ?? string.Create(CultureInfo.InvariantCulture, $"{Hex.Of(extension)}.{function}");
    }

    private static string MemoryName(ulong raw) =>
        IsMmio(raw) ? Riscv64Names.Pages.Explain($"{Hex.Of(raw & PageMask)} {Access(raw)}", raw & PageMask) : Access(raw);

    private static string InstructionName(ulong raw) => raw switch
    {
        Wfi => "WFI",
        WrsNto => "WRS.NTO",
        WrsSto => "WRS.STO",
        _ when ReadOrWrite(raw) is { } way => (Riscv64Names.Csrs.Find((uint)raw) ?? "CSR " + Hex.Of((uint)raw)) + " " + way,
        _ => "instruction " + Hex.Of(raw),
    };
}
