using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>Returns to the VMM in an interval, grouped and ordered as requested (<see cref="GroupBy.Vmm"/>).</summary>
/// <param name="Request">The request.</param>
/// <param name="Interval">The interval.</param>
/// <param name="Rows">The groups, in order; then vCPUs without returns, where rows are by vCPU.</param>
/// <param name="Total">The sum of all.</param>
public sealed record VmmReport(ReportRequest Request, Interval Interval, IReadOnlyList<VmmRow> Rows, Tally Total)
{
    /// <summary>vCPUs that did not return, where that is known.</summary>
    public IReadOnlyList<VcpuState> Silent { get; init; } = [];

    /// <summary>vCPUs that are in the VMM at the end, and for how long, the longest first.</summary>
    public IReadOnlyList<VcpuState> InVmm { get; init; } = [];

    /// <summary>How long a state lasted at the end of the interval, in ns; null where it is not known since when.</summary>
    public ulong? AgeNs(VcpuState state) => state.SinceNs == 0 ? null : (ulong)Math.Max(0, Interval.ToNs - state.SinceNs);

    /// <summary>Groups and orders what an interval has.</summary>
    public static VmmReport Build(Interval interval, ReportRequest request)
    {
        bool byVcpu = request.By.HasFlag(GroupBy.Vcpu);
        Grouping grouping = byVcpu ? Grouping.Vcpu : request.By.HasFlag(GroupBy.Vm) ? Grouping.Vm : Grouping.Host;
        var table = new ReturnTable(grouping);
        var total = new Tally();
        foreach (VmmReturns returns in interval.Returns)
        {
            table.Add(returns);
            total.Add(returns);
        }
        List<VmmRow> rows = [.. table.Rows.Select(r => RowOf(interval, r.Key.Vm, r.Key.Vcpu, r.Key.Reason, r))];
        rows.Sort((a, b) => Compare(a, b, request.Order));
        HashSet<(int, int)> returned = [.. interval.Returns.Where(r => r.Count > 0).Select(r => (r.Key.Vm, r.Key.Vcpu))];
        VcpuState[] silent =
            [.. interval.VcpuStates.Where(s => !returned.Contains((s.Vm, s.Vcpu))).OrderBy(s => s.Vm).ThenBy(s => s.Vcpu)];
        if (byVcpu) rows.AddRange(silent.Select(s => RowOf(interval, s.Vm, s.Vcpu, null, new Tally()) with { State = s }));
        return new VmmReport(request, interval, rows, total)
        {
            Silent = silent,
            InVmm = [.. interval.VcpuStates.Where(s => s is { Place: VcpuPlace.Vmm, SinceNs: > 0 }).OrderBy(s => s.SinceNs)],
        };
    }

    private static VmmRow RowOf(Interval interval, int vm, int vcpu, VmmReason? reason, Tally sum) =>
        new(interval.VmOf(vm), vcpu < 0 ? null : vcpu, reason, sum);

    private static int Compare(VmmRow a, VmmRow b, SortKey key)
    {
        int order = key switch
        {
            SortKey.Count => b.Sum.Count.CompareTo(a.Sum.Count),
            SortKey.Time => b.Sum.TotalNs.CompareTo(a.Sum.TotalNs),
            SortKey.Average => Nullable.Compare(b.Sum.AverageNs, a.Sum.AverageNs),
            SortKey.Max => Nullable.Compare(b.Sum.LongestNs, a.Sum.LongestNs),
            _ => 0,
        };
        if (order == 0) order = Nullable.Compare(a.Reason?.Raw, b.Reason?.Raw);
        if (order == 0) order = (a.Vm?.Ordinal ?? -1).CompareTo(b.Vm?.Ordinal ?? -1);
        return order != 0 ? order : (a.Vcpu ?? -1).CompareTo(b.Vcpu ?? -1);
    }
}

/// <summary>One group of returns to the VMM.</summary>
/// <param name="Vm">The VM; null where VMs are added up.</param>
/// <param name="Vcpu">The vCPU's id; null where vCPUs are added up.</param>
/// <param name="Reason">What KVM_RUN returned with; null for a vCPU that did not return.</param>
/// <param name="Sum">How often, and how long until it was called again.</param>
public sealed record VmmRow(VmIdentity? Vm, int? Vcpu, VmmReason? Reason, Tally Sum)
{
    /// <summary>Where a vCPU that did not return is.</summary>
    public VcpuState? State { get; init; }
}
