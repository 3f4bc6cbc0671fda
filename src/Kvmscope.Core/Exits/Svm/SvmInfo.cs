using Kvmscope.Core.Exits.X86;

namespace Kvmscope.Core.Exits.Svm;

/// <summary>AMD-V. The code is EXITCODE of the VMCB, of which KVM shows the low 32 bits.</summary>
internal sealed class SvmInfo() : X86Info(Isa.Svm, "svm", "SVM", "AMD")
{
    internal override IReadOnlyList<string> Prefixes { get; } = ["SVM_EXIT_", "SVM_"];

    private protected override ExitReasonInfo[] Rows => SvmReasons.Rows;

    // KVM's -1 arrives as 32 bits; the table has the manual's 64.
    internal override ExitReasonInfo? Find(ulong code) => Search(code == uint.MaxValue ? ulong.MaxValue : code);

    internal override string NumberText(ulong code) => Hex.Of(code);

    /// <summary>NPF: EXITINFO2 is the address.</summary>
    public override bool HasPage(ulong code) => code == 0x400;

    internal override QualifierInfo? QualifierOf(ulong code) => code switch
    {
        0x72 => X86Qualifiers.Cpuid,
        0x7b => X86Qualifiers.Port,
        0x7c => X86Qualifiers.Msr,
        0x81 => X86Qualifiers.Hypercall,
        0x400 => X86Qualifiers.Memory,
        0x402 => X86Qualifiers.ApicRegister,
        _ => null,
    };

    internal override bool TryNumber(ReadOnlySpan<char> text, bool isMarked, out ulong code)
    {
        bool isError = text is "-1" || (ExitReasonParser.TryPlain(text, out ulong number) && number == ulong.MaxValue);
        if (!isError) return base.TryNumber(text, isMarked, out code);
        code = uint.MaxValue;
        return true;
    }
}
