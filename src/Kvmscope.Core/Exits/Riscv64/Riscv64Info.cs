using System.Globalization;

namespace Kvmscope.Core.Exits.Riscv64;

/// <summary>RISC-V, 64 bits. A code is scause as the trap left it: bit 63 says that it is an interrupt. bpf/riscv64/reason.h.</summary>
internal sealed class Riscv64Info : IsaInfo
{
    private const ulong Interrupt = 1UL << 63;

    // The indexes of exceptions; after them come those of interrupts, up to 0xe7 as in bpf/contract.h.
    private const ulong ExceptionIndexes = 0x70, Indexes = 0xe8;

    internal Riscv64Info()
        : base(Isa.Riscv64, "riscv64", "riscv64") => NumberTitle = "riscv64: scause, with 1/ for interrupts";

    /// <inheritdoc/>
    public override bool HasLevels => false;

    internal override IReadOnlyList<string> Prefixes { get; } = ["EXC_"];

    private protected override ExitReasonInfo[] Rows => Riscv64Reasons.Rows;

    /// <inheritdoc/>
    public override int? IndexOf(ulong code)
    {
        if (code < ExceptionIndexes) return (int)code;
        ulong cause = code ^ Interrupt;
        return cause < Indexes - ExceptionIndexes ? (int)(ExceptionIndexes + cause) : null;
    }

    /// <inheritdoc/>
    public override ulong CodeAt(int index) =>
        (ulong)index < ExceptionIndexes ? (ulong)index : Interrupt | ((ulong)index - ExceptionIndexes);

    /// <summary><c>22</c>, and <c>1/5</c> for an interrupt.</summary>
    internal override string NumberText(ulong code)
    {
        string cause = (code & ~Interrupt).ToString(CultureInfo.InvariantCulture);
        return (code & Interrupt) == 0 ? cause : "1/" + cause;
    }

    /// <summary>Guest-page faults.</summary>
    public override bool HasPage(ulong code) => code is 20 or 21 or 23;

    internal override QualifierInfo? QualifierOf(ulong code) => code switch
    {
        10 => Riscv64Qualifiers.SbiCall,
        20 or 21 or 23 => Riscv64Qualifiers.Memory,
        22 => Riscv64Qualifiers.Instruction,
        _ => null,
    };

    // "1/5" is an interrupt, "0/22" and "22" an exception; or the whole scause.
    internal override bool TryNumber(ReadOnlySpan<char> text, bool isMarked, out ulong code)
    {
        int slash = text.IndexOf('/');
        if (slash < 0) return ExitReasonParser.TryPlain(text, out code);
        code = 0;
        if (slash != 1 || text[0] is not ('0' or '1') || !ExitReasonParser.TryPlain(text[2..], out ulong cause) || cause >= Interrupt)
            return false;
        code = text[0] == '1' ? Interrupt | cause : cause;
        return true;
    }
}
