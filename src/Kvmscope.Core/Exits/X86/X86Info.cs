namespace Kvmscope.Core.Exits.X86;

/// <summary>What VMX and SVM have in common.</summary>
internal abstract class X86Info : IsaInfo
{
    // The layout of bpf/contract.h: codes of the CPU, then the first of 0x400 (SVM's NPF, AVIC, VMGEXIT).
    private const ulong LowCodes = 0xe0, HighBase = 0x400, HighCodes = 8;

    private protected X86Info(Isa isa, string name, string displayName, string vendor)
        : base(isa, name, displayName, vendor)
    {
    }

    public override int? IndexOf(ulong code)
    {
        if (code < LowCodes) return (int)code;
        return code - HighBase < HighCodes ? (int)(code - HighBase + LowCodes) : null;
    }

    public override ulong CodeAt(int index) => (ulong)index < LowCodes ? (ulong)index : HighBase + (ulong)index - LowCodes;
}
