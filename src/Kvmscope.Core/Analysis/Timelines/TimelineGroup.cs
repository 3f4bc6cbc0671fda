using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Timelines;

/// <summary>The groups of a timeline: what each is one of, its name, its place among equals.</summary>
internal static class TimelineGroup
{
    private const string AllVms = "all VMs";

    /// <summary>By VM, vCPU and reason.</summary>
    internal static readonly IComparer<GroupKey> Order = Comparer<GroupKey>.Create(Compare);

    /// <summary>The group that a row belongs to.</summary>
    internal static GroupKey Of(GroupKey row, TimelineBy by) => by == TimelineBy.Reason
        ? new GroupKey(GroupKey.None, GroupKey.None, row.Code, default)
        : GroupKey.OfVcpu(row.Vm, row.Vcpu).At(by == TimelineBy.Vcpu ? Grouping.Vcpu : Grouping.Vm);

    /// <summary>The name to show.</summary>
    /// <param name="group">The group.</param>
    /// <param name="by">What the group is one of.</param>
    /// <param name="vm">The VM, where there is one.</param>
    /// <param name="withPid">Whether the VM's name alone does not say which is meant.</param>
    internal static string Name(GroupKey group, TimelineBy by, VmIdentity? vm, bool withPid)
    {
        if (by == TimelineBy.Reason) return ExitReasons.Name(group.Code);
        string name = vm is null ? AllVms : withPid ? string.Create(CultureInfo.InvariantCulture, $"{vm.Name} (pid {vm.Pid})") : vm.Name;
        return group.VcpuId is { } vcpu ? string.Create(CultureInfo.InvariantCulture, $"{name}, vCPU {vcpu}") : name;
    }

    private static int Compare(GroupKey x, GroupKey y)
    {
        int order = x.Vm.CompareTo(y.Vm);
        if (order == 0) order = x.Vcpu.CompareTo(y.Vcpu);
        if (order == 0) order = x.Code.Isa.CompareTo(y.Code.Isa);
        if (order == 0) order = ExitReasons.SortNumber(x.Code).CompareTo(ExitReasons.SortNumber(y.Code));
        return order != 0 ? order : x.Code.Code.CompareTo(y.Code.Code);
    }
}
