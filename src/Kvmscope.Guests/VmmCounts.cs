namespace Kvmscope.Guests;

/// <summary>What the VMM served for one vCPU, after the warm-up and before the end.</summary>
/// <param name="Ports">Accesses to the plain ports.</param>
/// <param name="Slow">Accesses to the port on which the VMM sleeps.</param>
/// <param name="Spins">Accesses to the port on which the VMM is busy.</param>
/// <param name="Mmio">MMIO accesses.</param>
/// <param name="Halts">HLTs.</param>
internal readonly record struct VmmCounts(long Ports, long Slow, long Spins, long Mmio, long Halts)
{
    /// <summary>What a plan must cause.</summary>
    internal static VmmCounts Of(GuestPlan plan)
    {
        long Both(GuestWork work) => GuestPlan.CountOf(plan.Items, work) + GuestPlan.CountOf(plan.Nested, work);
        return new VmmCounts(
            Both(GuestWork.PortOut) + Both(GuestWork.PortIn),
            Both(GuestWork.SlowPort),
            Both(GuestWork.PortSpin),
            Both(GuestWork.MmioWrite) + Both(GuestWork.MmioRead),
            GuestPlan.CountOf(plan.Items, GuestWork.Hlt)); // HLTs of L2 go to L1
    }
}
