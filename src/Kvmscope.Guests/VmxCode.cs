namespace Kvmscope.Guests;

/// <summary>The basic exit reasons of VMX that built-in guests cause (arch/x86/include/uapi/asm/vmx.h).</summary>
internal static class VmxCode
{
    internal const ulong Cpuid = 10, Hlt = 12, Vmcall = 18, Vmclear = 19, Vmlaunch = 20, Vmptrld = 21, Vmread = 23, Vmresume = 24,
        Vmwrite = 25, Vmxoff = 26, Vmxon = 27, IoInstruction = 30, Rdmsr = 31, Wrmsr = 32, EptMisconfig = 49;

    /// <summary>The reason of the exits that a kind of work makes.</summary>
    internal static ulong Of(GuestWork work) => work switch
    {
        GuestWork.Cpuid or GuestWork.CostBatch => Cpuid,
        GuestWork.PortOut or GuestWork.PortIn or GuestWork.SlowPort or GuestWork.PortSpin => IoInstruction,
        GuestWork.MmioRead or GuestWork.MmioWrite => EptMisconfig,
        GuestWork.MsrRead => Rdmsr,
        GuestWork.MsrWrite => Wrmsr,
        GuestWork.Hlt or GuestWork.HltInKernel => Hlt,
        GuestWork.Hypercall => Vmcall,
        _ => throw new ArgumentOutOfRangeException(nameof(work), work, "makes no exit"),
    };
}
