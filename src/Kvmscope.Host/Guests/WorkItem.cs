namespace Kvmscope.Host.Guests;

/// <summary>So many times one kind of work.</summary>
/// <param name="Work">What.</param>
/// <param name="Count">How often, 1 or more.</param>
public readonly record struct WorkItem(GuestWork Work, int Count)
{
    /// <summary>
    /// Which leaf, MSR, port or hypercall number instead of the usual one; of MMIO how many pages beyond the vCPU's own. A port is at
    /// least <see cref="GuestLayout.FirstFreePort"/>. The first access to another page of MMIO is one to absent memory (EPT_VIOLATION
    /// on VMX).
    /// </summary>
    public uint? Argument { get; init; }

    /// <summary>The sub-leaf of CPUID.</summary>
    public uint Second { get; init; }
}
