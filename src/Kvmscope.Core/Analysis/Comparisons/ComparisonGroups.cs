using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>Sorts the rows of all samples into the groups that were asked for.</summary>
internal sealed class ComparisonGroups
{
    private readonly Dictionary<(GroupKey Key, bool Idle), ComparisonGroup> _groups = [];
    // By name, with the identity that was seen first.
    private readonly Dictionary<string, VmIdentity> _vms = [];
    private readonly GroupBy _by;
    private readonly QualifierRanks? _ranks;
    private readonly SampleBlocks _a, _b;

    internal ComparisonGroups(ComparisonSide a, ComparisonSide b, ComparisonRequest request)
    {
        _by = request.Keys;
        (_a, _b) = SampleBlocks.Align(a.Samples, b.Samples);
        Total = new ComparisonGroup(new ReportRow(), _a, _b);
        Busy = new ComparisonGroup(new ReportRow { Idle = false }, _a, _b);
        if (_by.HasFlag(GroupBy.Qualifier)) _ranks = Rank([a, b], request.Top);
        Add(a.Samples, group => group.A);
        Add(b.Samples, group => group.B);
    }

    /// <summary>What rows are grouped by.</summary>
    internal GroupBy Keys => _by;

    internal ComparisonGroup Total { get; }

    internal ComparisonGroup Busy { get; }

    internal IReadOnlyCollection<ComparisonGroup> Groups => _groups.Values;

    /// <summary>How many samples were taken together on each side.</summary>
    internal (int A, int B) Each => (_a.Each, _b.Each);

    /// <summary>How many blocks each side has.</summary>
    internal (int A, int B) Blocks => (_a.Seconds.Length, _b.Seconds.Length);

    private void Add(IReadOnlyList<Interval> samples, Func<ComparisonGroup, GroupSide> side)
    {
        for (int sample = 0; sample < samples.Count; sample++)
            foreach (Row row in samples[sample].Rows)
            {
                bool idle = ExitReasons.IsIdle(row.Key.Code);
                side(Total).Add(row, sample);
                if (!idle) side(Busy).Add(row, sample);
                side(GroupOf(row.Key, samples[sample], idle)).Add(row, sample);
            }
    }

    private ComparisonGroup GroupOf(GroupKey of, Interval sample, bool idle)
    {
        bool reason = _by.HasFlag(GroupBy.Reason), level = _by.HasFlag(GroupBy.Level);
        GroupKey key = KeyOf(of, sample);
        key = key with { Code = reason ? of.Code : default, Level = level ? of.Level : default, Qualifier = _ranks?.Shown(key) ?? default };
        if (_groups.TryGetValue((key, idle), out ComparisonGroup? group)) return group;
        var keys = new ReportRow
        {
            Vm = key.Vm < 0 ? null : _vms[sample.VmOf(of)!.Name],
            Vcpu = key.VcpuId,
            Code = reason ? key.Code : null,
            Level = level ? key.Level : null,
            Idle = idle,
            Qualifier = key.Qualifier,
        };
        _groups.Add((key, idle), group = new ComparisonGroup(keys, _a, _b));
        return group;
    }

    // Pids and the order in which VMs were seen are each side's own; the name is what stays.
    private GroupKey KeyOf(GroupKey key, Interval sample)
    {
        if (!_by.HasFlag(GroupBy.Vcpu)) key = key with { Vcpu = GroupKey.None };
        if (!_by.HasFlag(GroupBy.Vm) || sample.VmOf(key) is not { } vm) return key with { Vm = GroupKey.None };
        if (!_vms.TryGetValue(vm.Name, out VmIdentity? known)) _vms.Add(vm.Name, known = vm with { Ordinal = _vms.Count });
        return key with { Vm = known.Ordinal };
    }

    private QualifierRanks Rank(ComparisonSide[] sides, int top)
    {
        var ranks = new QualifierRanks(top, SortKey.Time);
        foreach (Interval sample in sides.SelectMany(s => s.Samples))
            foreach (Row row in sample.Rows) ranks.Add(KeyOf(row.Key, sample), row);
        return ranks;
    }
}
