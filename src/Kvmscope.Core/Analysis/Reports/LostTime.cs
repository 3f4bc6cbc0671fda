using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>What a VM's vCPUs wanted to run and did not, by wall clock: KVM, the VMM and the run queue.</summary>
internal static class LostTime
{
    /// <summary>Of a wall clock or of exits, ns.</summary>
    /// <param name="parts">Where the time went.</param>
    /// <param name="idleVmmNs">Of it, time in the VMM for idle reasons.</param>
    internal static ulong Of(in TimeParts parts, ulong idleVmmNs) =>
        parts[TimePart.Kvm] + OfVmm(parts, idleVmmNs) + parts[TimePart.Runq];

    /// <summary>
    /// In the VMM, ns. A halted vCPU of a VM without an APIC in the kernel waits in its VMM, which is idle.
    /// </summary>
    internal static ulong OfVmm(in TimeParts parts, ulong idleVmmNs) =>
        parts[TimePart.Vmm] - Math.Min(parts[TimePart.Vmm], idleVmmNs);
}
