using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>The wall clock of one VM or vCPU, or of all, split.</summary>
/// <param name="Vm">The VM; null where all are together.</param>
/// <param name="Vcpu">The vCPU's id; null where a VM's are together.</param>
/// <param name="WallNs">How long it was observed, in ns; of several vCPUs the sum.</param>
/// <param name="Parts">Where that went; the parts add up to <paramref name="WallNs"/>.</param>
public sealed record WallRow(VmIdentity? Vm, int? Vcpu, ulong WallNs, TimeParts Parts);
