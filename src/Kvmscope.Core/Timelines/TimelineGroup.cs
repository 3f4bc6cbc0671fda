using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Timelines;

/// <summary>What rows of answers have in common that are one row of a timeline. A key that the timeline is not grouped by has its default.</summary>
/// <param name="Vm">The VM's ordinal, or -1.</param>
/// <param name="Vcpu">The vCPU's id, or -1.</param>
/// <param name="Code">The reason.</param>
internal readonly record struct TimelineGroup(int Vm, int Vcpu, ExitCode Code) : IComparable<TimelineGroup>
{
    private const string AllVms = "all VMs";

    internal static TimelineGroup Of(SnapshotRow row, TimelineBy by) => by == TimelineBy.Reason
        ? new TimelineGroup(-1, -1, row.Code)
        : new TimelineGroup(row.Vm?.Ordinal ?? -1, by == TimelineBy.Vcpu ? row.Vcpu ?? -1 : -1, default);

    /// <summary>The name to show.</summary>
    /// <param name="by">What the group is one of.</param>
    /// <param name="vm">The VM, where there is one.</param>
    /// <param name="withPid">Whether the VM's name alone does not say which is meant.</param>
    internal string Name(TimelineBy by, VmIdentity? vm, bool withPid)
    {
        if (by == TimelineBy.Reason) return ExitReasons.Name(Code);
        string name = vm is null ? AllVms : withPid ? string.Create(CultureInfo.InvariantCulture, $"{vm.Name} (pid {vm.Pid})") : vm.Name;
        return Vcpu < 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}, vCPU {Vcpu}");
    }

    public int CompareTo(TimelineGroup other)
    {
        int order = Vm.CompareTo(other.Vm);
        if (order == 0) order = Vcpu.CompareTo(other.Vcpu);
        if (order == 0) order = Code.Isa.CompareTo(other.Code.Isa);
        if (order == 0) order = ExitReasons.SortNumber(Code).CompareTo(ExitReasons.SortNumber(other.Code));
        return order != 0 ? order : Code.Code.CompareTo(other.Code.Code);
    }
}
