using System.Runtime.InteropServices;
using Kvmscope.Core.Model;

namespace Kvmscope.Host.Tracing;

/// <summary>The sums of one reading of the tables.</summary>
internal sealed class Reading(Grouping grouping)
{
    internal Grouping Grouping => grouping;

    internal RowTable Rows { get; } = new(grouping);

    internal Dictionary<GroupKey, VcpuTime> Times { get; } = [];

    internal Dictionary<int, VmIdentity> Vms { get; } = [];

    internal HashSet<GroupKey> Vcpus { get; } = [];

    internal ReturnTable Returns { get; } = new(grouping);

    internal List<VcpuState> States { get; } = [];

    internal List<OpenExits> Open { get; } = [];

    internal List<OpenAge> Ages { get; } = [];

    internal int Restarted { get; set; }

    internal void AddTime(VcpuTime time)
    {
        GroupKey key = Rows.KeyOf(time.Key);
        ref VcpuTime sum = ref CollectionsMarshal.GetValueRefOrAddDefault(Times, key, out _);
        TimeParts parts = time.Parts;
        parts.Add(sum.Parts);
        sum = new VcpuTime(key, unchecked(sum.WallNs + time.WallNs), parts);
    }

    /// <summary>A vCPU is there.</summary>
    internal void AddVcpu(VmIdentity vm, GroupKey vcpu)
    {
        Vms.TryAdd(vm.Ordinal, vm);
        if (grouping > Grouping.Host) Vcpus.Add(vcpu.At(grouping));
    }

    internal void Add(Reading other)
    {
        foreach (Row row in other.Rows.Rows) Rows.Add(row);
        foreach (VcpuTime time in other.Times.Values) AddTime(time);
        foreach (VmmReturns returns in other.Returns.Rows) Returns.Add(returns);
        foreach (GroupKey vcpu in other.Vcpus) AddVcpu(other.Vms[vcpu.Vm], vcpu);
        foreach (VmIdentity vm in other.Vms.Values) Vms.TryAdd(vm.Ordinal, vm);
        Restarted += other.Restarted;
    }

    internal void Clear()
    {
        Rows.Clear();
        Times.Clear();
        Returns.Clear();
        Vms.Clear();
        Vcpus.Clear();
        States.Clear();
        Open.Clear();
        Ages.Clear();
        Restarted = 0;
    }
}
