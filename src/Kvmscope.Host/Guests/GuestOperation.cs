namespace Kvmscope.Host.Guests;

/// <summary>The operations of guest.S, in the order of its table.</summary>
enum GuestOperation : uint
{
    Stop,
    Repeat,
    Cpuid,
    PortOut,
    PortIn,
    MmioWrite,
    MmioRead,
    MsrRead,
    MsrWrite,
    Halt,
    Vmcall,
    Vmmcall,
    Spin,
    Touch,
    Cost,
    NestSvm,
    NestVmx,
    NestedEnd,
}
