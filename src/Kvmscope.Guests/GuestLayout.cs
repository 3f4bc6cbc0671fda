namespace Kvmscope.Guests;

/// <summary>
/// The layout of a vCPU's block of guest memory, and the ports. guest.S has the same figures. The block is mapped at guest-virtual address
/// 0.
/// </summary>
internal static class GuestLayout
{
    internal const int BlockSize = 2 << 20;

    internal const int PageMap = 0x1000, PageDirectoryPointers = 0x2000, PageDirectory = 0x3000;
    internal const int Parameters = 0x4000;
    internal const int Plan = 0x5000, NestedPlan = 0x6000;

    /// <summary>The VMCB or the VMCS of L1, and the page that the CPU saves L1 to (VM_HSAVE_PA, the VMXON region).</summary>
    internal const int ControlBlock = 0x7000, SaveArea = 0x8000;

    internal const int VmcsFields = 0x9000;
    internal const int Code = 0xA000;
    internal const int Results = 0x10000;
    internal const int End = Results + (GuestPlan.MaxCostBatches * sizeof(ulong));

    // in the parameters
    internal const int VmcbAddress = Parameters, VmxonAddress = Parameters + 0x08, VmcsAddress = Parameters + 0x10;
    internal const int MmioAddress = Parameters + 0x18, MsrValue = Parameters + 0x20;
    internal const int NextResult = Parameters + 0x38, VmcsFieldCount = Parameters + 0x40;

    /// <summary>The guest-physical and guest-virtual address of the MMIO: one page per vCPU, without memory.</summary>
    internal const ulong Mmio = 0x3000_0000;

    /// <summary>Where KVM may put its own pages on an Intel CPU without unrestricted guest (below 4 GB, not used otherwise).</summary>
    internal const ulong TssAddress = 0xfffb_d000;

    // The selectors that the guest's segment registers hold; there is no descriptor table behind them.
    internal const ushort CodeSelector = 0x08, DataSelector = 0x10, TaskSelector = 0x18;

    /// <summary>The first of the ports that are served and do nothing.</summary>
    internal const ushort FirstFreePort = 0x600;

    internal const ushort StopPort = 0x500, OutPort = 0x501, InPort = 0x502, SlowPort = 0x503, SpinPort = 0x504, FailPort = 0x505;
}
