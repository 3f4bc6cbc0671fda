using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>Which returns to the VMM are added up. What is not kept apart is <see cref="GroupKey.None"/>.</summary>
/// <param name="Vm">The VM's number in this trace or recording.</param>
/// <param name="Vcpu">The vCPU's id as its VMM numbered it.</param>
/// <param name="Reason">What KVM_RUN returned with.</param>
public readonly record struct ReturnKey(int Vm, int Vcpu, VmmReason Reason)
{
    /// <summary>The group that this one is part of where vCPUs are grouped like this.</summary>
    public ReturnKey At(Grouping grouping) => grouping switch
    {
        Grouping.Vcpu => this,
        Grouping.Vm => this with { Vcpu = GroupKey.None },
        _ => this with { Vm = GroupKey.None, Vcpu = GroupKey.None },
    };
}

/// <summary>
/// Returns to the VMM of one group: how many, and how long until the VMM called KVM_RUN again. A return after which it did not is counted,
/// not timed.
/// </summary>
/// <param name="key">Which group.</param>
public sealed class VmmReturns(ReturnKey key) : Tally
{
    /// <summary>Which group.</summary>
    public ReturnKey Key { get; } = key;
}

/// <summary>Where a vCPU was at the end of an interval: a state, not a counter.</summary>
/// <param name="Vm">The VM's number.</param>
/// <param name="Vcpu">The vCPU's id.</param>
/// <param name="Place">Where it was.</param>
/// <param name="SinceNs">Since when, CLOCK_MONOTONIC in ns; 0 where that is not known.</param>
public readonly record struct VcpuState(int Vm, int Vcpu, VcpuPlace Place, long SinceNs);

/// <summary>Where a vCPU is, as the calls of KVM_RUN tell.</summary>
public enum VcpuPlace
{
    /// <summary>Not known: since the trace began it has neither called KVM_RUN nor returned from it.</summary>
    Unknown,

    /// <summary>In KVM_RUN: in the guest, or in KVM.</summary>
    KvmRun,

    /// <summary>In the VMM.</summary>
    Vmm,
}

/// <summary>Adds up returns by their keys.</summary>
/// <param name="grouping">How finely vCPUs are kept apart.</param>
public sealed class ReturnTable(Grouping grouping)
{
    private readonly Dictionary<ReturnKey, VmmReturns> _rows = [];

    /// <summary>The sums so far.</summary>
    public IReadOnlyCollection<VmmReturns> Rows => _rows.Values;

    /// <summary>The sum of a group, or of the coarser group that this table keeps; made where there is none.</summary>
    public VmmReturns RowOf(ReturnKey key)
    {
        key = key.At(grouping);
        if (!_rows.TryGetValue(key, out VmmReturns? row)) _rows.Add(key, row = new VmmReturns(key));
        return row;
    }

    /// <summary>The sum of a group, or of the coarser group that this table keeps; null where there is none.</summary>
    public VmmReturns? Find(ReturnKey key) => _rows.GetValueOrDefault(key.At(grouping));

    /// <summary>Adds some; the object is not kept.</summary>
    public void Add(VmmReturns more) => RowOf(more.Key).Add(more);

    /// <summary>Forgets all.</summary>
    public void Clear() => _rows.Clear();
}
