namespace Kvmscope.Host.Guests;

/// <summary>The operations of guest-arm64.S, in the order of its table.</summary>
enum ArmOperation : uint
{
    Stop,
    Repeat,
    Hvc,
    Smc,
    MmioWrite,
    MmioRead,
    SystemRead,
    SystemWrite,
    Sgi,
    Wfi,
    Fault,
    Spin,
    Touch,
    Cost,
    GicInit,
}
