namespace Kvmscope.Core.Model;

/// <summary>The wall-clock time of one vCPU, or of all vCPUs of a VM or of the host, beside what its exits took.</summary>
/// <param name="Key">Whose it is (<see cref="GroupKey.OfVcpu"/>).</param>
/// <param name="WallNs">How long it was observed, in ns; of several vCPUs the sum.</param>
/// <param name="Parts">
/// What no exit's row holds: the guest's time, the run queue's where the thread lost its CPU before KVM reported the exit, and what
/// could not be attributed. With the <see cref="Tally.Parts"/> of the same group this adds up to <paramref name="WallNs"/>.
/// </param>
public readonly record struct VcpuTime(GroupKey Key, ulong WallNs, TimeParts Parts);
