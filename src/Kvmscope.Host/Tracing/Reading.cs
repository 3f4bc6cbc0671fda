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

    /// <summary>How many rows, wall clocks and kinds of returns it has.</summary>
    internal int Size => Rows.Rows.Count + Times.Count + Returns.Rows.Count;

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

    /// <summary>Adds sums of another reading under other keys, whose VMs are known here.</summary>
    internal void AddAs(Reading other, Func<GroupKey, GroupKey> keyOf)
    {
        foreach (Row row in other.Rows.Rows) Rows.RowOf(keyOf(row.Key)).Add(row);
        foreach (VcpuTime time in other.Times.Values) AddTime(time with { Key = keyOf(time.Key) });
        foreach (VmmReturns returns in other.Returns.Rows) Returns.RowOf(As(returns.Key, keyOf)).Add(returns);
        foreach (GroupKey vcpu in other.Vcpus) Vcpus.Add(keyOf(vcpu).At(grouping));
        Restarted += other.Restarted;
    }

    /// <summary>How many more rows <paramref name="sum"/> would have with these under other keys.</summary>
    internal int CountNew(Reading sum, Func<GroupKey, GroupKey> keyOf) =>
        Rows.Rows.Count(row => sum.Rows.Find(keyOf(row.Key)) is null)
        + Times.Values.Count(time => !sum.Times.ContainsKey(sum.Rows.KeyOf(keyOf(time.Key))))
        + Returns.Rows.Count(returns => sum.Returns.Find(As(returns.Key, keyOf)) is null);

    private static ReturnKey As(ReturnKey key, Func<GroupKey, GroupKey> keyOf)
    {
        GroupKey vcpu = keyOf(GroupKey.OfVcpu(key.Vm, key.Vcpu));
        return key with { Vm = vcpu.Vm, Vcpu = vcpu.Vcpu };
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
