namespace Kvmscope.Core.Exits;

/// <summary>Names and classes of exit reasons; see exit-reasons/*.tsv for their source.</summary>
public static class ExitReasons
{
    /// <summary>The reason's name as the running kernel's headers have it, in upper case, or <c>VMX#71</c>, <c>SVM#0x8f</c> where unknown.</summary>
    public static string Name(ExitCode code) => code.Isa == Isa.Vmx ? $"VMX#{code.Code}" : $"SVM#0x{code.Code:x}";
}
