namespace Kvmscope.Guests.Arm64;

/// <summary>
/// The codes of exits that built-in guests of arm64 cause: return value 2 and the class of ESR_EL2 (arch/arm64/include/asm/esr.h).
/// </summary>
internal static class ArmCode
{
    internal const ulong Wfx = 0x201, Hvc64 = 0x216, Smc64 = 0x217, Sys64 = 0x218, DataAbort = 0x224;

    /// <summary>The code of the exits that a kind of work makes.</summary>
    internal static ulong Of(GuestWork work) => work switch
    {
        GuestWork.Hypercall or GuestWork.CostBatch => Hvc64,
        GuestWork.SecureCall => Smc64,
        GuestWork.SystemRead or GuestWork.SystemWrite or GuestWork.Sgi => Sys64,
        GuestWork.Wfi => Wfx,
        GuestWork.MmioRead or GuestWork.MmioWrite or GuestWork.GicRead or GuestWork.Fault or GuestWork.SlowPort
            or GuestWork.PortSpin => DataAbort,
        _ => throw new ArgumentException($"{work} is not for arm64"),
    };
}
