using System.Globalization;
using Kvmscope.Core.Exits.X86;

namespace Kvmscope.Core.Exits.Vmx;

/// <summary>Intel VT-x. The code is the exit reason of the VMCS: the basic reason, and flags that follow the name.</summary>
internal sealed class VmxInfo() : X86Info(Isa.Vmx, "vmx", "VMX", "Intel")
{
    private const ulong BasicMask = 0xffff, BusLock = 1UL << 26, FailedEntry = 1UL << 31;

    // What TDX returns instead of a reason: no flags, although all bits are set.
    private const ulong TdxError = 0xffff_ffff;

    private const string BusLockSuffix = " (bus lock)", FailedEntrySuffix = " (failed entry)";

    internal override IReadOnlyList<string> Prefixes { get; } = ["VMX_EXIT_REASON_", "EXIT_REASON_", "VMX_EXIT_", "VMX_"];

    private protected override ExitReasonInfo[] Rows => VmxReasons.Rows;

    internal override ulong NumberOf(ulong code) => code == TdxError ? code : code & BasicMask;

    internal override string NumberText(ulong code) => NumberOf(code).ToString(CultureInfo.InvariantCulture);

    internal override string NameOf(ulong code, string? known)
    {
        string name = base.NameOf(code, known);
        if (IsFailedEntry(code)) name += FailedEntrySuffix;
        if (code != TdxError && (code & BusLock) != 0) name += BusLockSuffix;
        return name;
    }

    internal override bool IsFailedEntry(ulong code) => code != TdxError && (code & FailedEntry) != 0;

    // A reason without flags means that reason with any flags: INVALID_STATE only comes as a failed entry.
    internal override bool Matches(ulong wanted, ulong seen) => wanted == seen || wanted == NumberOf(seen);

    /// <summary>EPT_VIOLATION, EPT_MISCONFIG.</summary>
    public override bool HasPage(ulong code) => code is 48 or 49;

    internal override QualifierInfo? QualifierOf(ulong code) => code switch
    {
        0 => X86Qualifiers.Exception,
        1 => X86Qualifiers.Interrupt,
        10 => X86Qualifiers.Cpuid,
        18 => X86Qualifiers.Hypercall,
        28 => X86Qualifiers.ControlRegister,
        29 => X86Qualifiers.DebugRegister,
        30 => X86Qualifiers.Port,
        31 or 84 => X86Qualifiers.MsrRead,
        32 or 85 => X86Qualifiers.MsrWrite,
        44 or 56 => X86Qualifiers.ApicRegister,
        45 => X86Qualifiers.Eoi,
        48 or 49 => X86Qualifiers.Memory,
        _ => null,
    };

    internal override bool TryParse(ReadOnlySpan<char> text, out ulong code)
    {
        ulong flags = 0;
        if (TryStrip(ref text, BusLockSuffix)) flags |= BusLock;
        if (TryStrip(ref text, FailedEntrySuffix)) flags |= FailedEntry;
        bool found = base.TryParse(text, out code);
        if (found) code |= flags;
        return found;
    }

    internal override bool TryNumber(ReadOnlySpan<char> text, bool isMarked, out ulong code) =>
        base.TryNumber(text, isMarked, out code) && (code == TdxError || (code & ~(BasicMask | BusLock | FailedEntry)) == 0);

    private static bool TryStrip(ref ReadOnlySpan<char> text, string suffix)
    {
        if (!text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) return false;
        text = text[..^suffix.Length];
        return true;
    }
}
