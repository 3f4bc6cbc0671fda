namespace Kvmscope.Core.Exits;

/// <summary>Names of the reasons' arguments.</summary>
public static partial class Qualifiers
{
    /// <summary>What the reason's argument is.</summary>
    public static QualifierKind KindOf(ExitCode code) => (code.Isa, code.Code) switch
    {
        (Isa.Vmx, 31 or 32 or 84 or 85) or (Isa.Svm, 0x7c) => QualifierKind.Msr,
        (Isa.Vmx, 10) or (Isa.Svm, 0x72) => QualifierKind.Cpuid,
        (Isa.Vmx, 18) or (Isa.Svm, 0x81) => QualifierKind.Hypercall,
        (Isa.Vmx, 30) or (Isa.Svm, 0x7b) => QualifierKind.Port,
        (Isa.Vmx, 48 or 49) or (Isa.Svm, 0x400) => QualifierKind.Memory,
        (Isa.Vmx, 1) => QualifierKind.Interrupt,
        (Isa.Vmx, 0) => QualifierKind.Exception,
        (Isa.Vmx, 28) => QualifierKind.ControlRegister,
        (Isa.Vmx, 29) => QualifierKind.DebugRegister,
        (Isa.Vmx, 44 or 56) or (Isa.Svm, 0x402) => QualifierKind.ApicRegister,
        (Isa.Vmx, 45) => QualifierKind.Eoi,
        (Isa.Arm64, 0x201) => QualifierKind.Wait,
        (Isa.Arm64, 0x212 or 0x213 or 0x216 or 0x217) => QualifierKind.FirmwareCall,
        (Isa.Arm64, 0x218) => QualifierKind.SystemRegister,
        (Isa.Arm64, 0x220 or 0x224) => QualifierKind.Abort,
        _ => QualifierKind.None,
    };

    /// <summary>Whether the sub-leaf (ECX) takes part in what the CPUID leaf returns (SDM volume 2, CPUID; APM volume 3, appendix E).</summary>
    public static bool HasSubleaf(uint leaf) => leaf switch
    {
        4 or 7 or 0xb or 0xd or 0xf or 0x10 or 0x12 or 0x14 or 0x17 or 0x18 or 0x1b or 0x1d or 0x1e or 0x1f or 0x20 or 0x23 or 0x24 => true,
        0x8000_001d or 0x8000_0020 or 0x8000_0026 => true,
        _ => false,
    };
}
