namespace Kvmscope.Guests;

/// <summary>The exit codes of SVM that built-in guests cause (arch/x86/include/uapi/asm/svm.h).</summary>
internal static class SvmCode
{
    internal const ulong Cpuid = 0x72, Hlt = 0x78, Ioio = 0x7b, Msr = 0x7c, Vmrun = 0x80, Vmmcall = 0x81, Npf = 0x400;

    /// <summary>The code of the exits that a kind of work makes.</summary>
    internal static ulong Of(GuestWork work) => work switch
    {
        GuestWork.Cpuid or GuestWork.CostBatch => Cpuid,
        GuestWork.PortOut or GuestWork.PortIn or GuestWork.SlowPort or GuestWork.PortSpin => Ioio,
        GuestWork.MmioRead or GuestWork.MmioWrite => Npf,
        GuestWork.MsrRead or GuestWork.MsrWrite => Msr,
        GuestWork.Hlt or GuestWork.HltInKernel => Hlt,
        GuestWork.Hypercall => Vmmcall,
        _ => throw new ArgumentOutOfRangeException(nameof(work), work, "makes no exit"),
    };
}
