namespace Kvmscope.Host.Privileges;

/// <summary>What a process still holds after <see cref="CapabilityDropper.DropAllBut"/>, read back from the kernel.</summary>
/// <param name="Kept">The permitted set of the thread that dropped.</param>
/// <param name="ThreadsHolding">Other threads that still hold a capability which is not in <see cref="Kept"/>, by thread id.</param>
public sealed record DropReport(CapabilitySet Kept, IReadOnlyList<int> ThreadsHolding)
{
    /// <summary>
    /// Whether the whole process has dropped its capabilities. If one thread has not, there is no protection: threads share their memory.
    /// </summary>
    public bool IsComplete => ThreadsHolding.Count == 0;
}
