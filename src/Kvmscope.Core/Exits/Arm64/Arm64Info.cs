using System.Globalization;

namespace Kvmscope.Core.Exits.Arm64;

/// <summary>Arm. A code is what KVM's switch code returned, and for traps the exception class below it: bpf/arm64/reason.h.</summary>
internal sealed class Arm64Info : IsaInfo
{
    private const int ReturnShift = 8;
    private const ulong Trap = 2, ClassMask = 0x3f, TrapCodes = Trap << ReturnShift;

    // After the classes' indexes come those of the return values that are not traps; 0xe0 as in bpf/contract.h.
    private const ulong FirstReturnIndex = ClassMask + 1, ReturnIndexes = 0xe0 - FirstReturnIndex;

    internal Arm64Info()
        : base(Isa.Arm64, "arm64", "arm64") => NumberTitle = "arm64: return value and exception class";

    /// <inheritdoc/>
    public override bool HasLevels => false;

    internal override bool GoesOnUnhandled => true;

    internal override IReadOnlyList<string> Prefixes { get; } = ["ARM_EXCEPTION_", "ESR_ELX_EC_"];

    internal override IReadOnlyList<string> CodeColumns { get; } = ["ret", "ec"];

    private protected override ExitReasonInfo[] Rows => Arm64Reasons.Rows;

    /// <inheritdoc/>
    public override int? IndexOf(ulong code)
    {
        if (code - TrapCodes <= ClassMask) return (int)(code - TrapCodes);
        ulong returned = code >> ReturnShift;
        return returned < ReturnIndexes ? (int)(FirstReturnIndex + returned) : null;
    }

    /// <inheritdoc/>
    public override ulong CodeAt(int index) =>
        (ulong)index < FirstReturnIndex ? TrapCodes + (ulong)index : ((ulong)index - FirstReturnIndex) << ReturnShift;

    /// <summary><c>2/0x16</c> (return value and class) or <c>0</c>.</summary>
    internal override string NumberText(ulong code)
    {
        string returned = (code >> ReturnShift).ToString(CultureInfo.InvariantCulture);
        return ClassOf(code) is { } number ? string.Create(CultureInfo.InvariantCulture, $"{returned}/0x{number:x2}") : returned;
    }

    /// <summary>Instruction and data aborts of the guest.</summary>
    public override bool HasPage(ulong code) => code is TrapCodes + 0x20 or TrapCodes + 0x24;

    internal override QualifierInfo? QualifierOf(ulong code) => code switch
    {
        0x201 => Arm64Qualifiers.Wait,
        0x212 or 0x213 or 0x216 or 0x217 => Arm64Qualifiers.FirmwareCall,
        0x218 => Arm64Qualifiers.SystemRegister,
        0x220 or 0x224 => Arm64Qualifiers.Abort,
        _ => null,
    };

    // The exception class alone; the columns have the rest.
    internal override ulong MachineCode(ulong code) => ClassOf(code) ?? 0;

    internal override ulong? CodeColumn(ulong code, int column) => column == 0 ? code >> ReturnShift : ClassOf(code);

    // "2/0x16" is a return value and a class; "ARM64#0" a return value; a plain number a class, which is what people know.
    internal override bool TryNumber(ReadOnlySpan<char> text, bool isMarked, out ulong code)
    {
        int slash = text.IndexOf('/');
        code = 0;
        if (!ExitReasonParser.TryPlain(slash < 0 ? text : text[..slash], out ulong first) || first > uint.MaxValue) return false;
        if (slash < 0)
        {
            if (!isMarked && first > ClassMask) return false;
            code = isMarked ? first << ReturnShift : TrapCodes | first;
            return !isMarked || first != Trap;
        }
        if (first != Trap || !ExitReasonParser.TryPlain(text[(slash + 1)..], out ulong number) || number > ClassMask) return false;
        code = TrapCodes | number;
        return true;
    }

    private static ulong? ClassOf(ulong code) => code >> ReturnShift == Trap ? code & ClassMask : null;
}
