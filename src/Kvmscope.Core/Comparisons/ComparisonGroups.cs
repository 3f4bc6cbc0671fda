using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Reports;

namespace Kvmscope.Core.Comparisons;

/// <summary>Sorts the rows of all samples into the groups that were asked for.</summary>
internal sealed class ComparisonGroups
{
    private readonly record struct Key(int Vm, int Vcpu, ExitCode Code, ExitLevel Level, bool Idle, Qualifier Qualifier);

    private readonly Dictionary<Key, ComparisonGroup> _groups = [];
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

    private void Add(IReadOnlyList<Answer> samples, Func<ComparisonGroup, GroupSide> side)
    {
        for (int sample = 0; sample < samples.Count; sample++)
            foreach (SnapshotRow row in samples[sample].Rows)
            {
                bool idle = ExitReasons.IsIdle(row.Code);
                side(Total).Add(row, sample);
                if (!idle) side(Busy).Add(row, sample);
                side(GroupOf(row, idle)).Add(row, sample);
            }
    }

    private ComparisonGroup GroupOf(SnapshotRow row, bool idle)
    {
        (int vm, int vcpu) = PlaceOf(row);
        bool reason = _by.HasFlag(GroupBy.Reason), level = _by.HasFlag(GroupBy.Level);
        var key = new Key(
            vm, vcpu, reason ? row.Code : default, level ? row.Level : default, idle, _ranks?.Shown(vm, vcpu, row.Code, row.Qualifier) ?? default);
        if (_groups.TryGetValue(key, out ComparisonGroup? group)) return group;
        var keys = new ReportRow
        {
            Vm = vm < 0 ? null : _vms[row.Vm!.Name],
            Vcpu = vcpu < 0 ? null : vcpu,
            Code = reason ? row.Code : null,
            Level = level ? row.Level : null,
            Idle = idle,
            Qualifier = key.Qualifier,
        };
        _groups.Add(key, group = new ComparisonGroup(keys, _a, _b));
        return group;
    }

    // Pids and the order in which VMs were seen are each side's own; the name is what stays.
    private (int Vm, int Vcpu) PlaceOf(SnapshotRow row)
    {
        int vcpu = _by.HasFlag(GroupBy.Vcpu) ? row.Vcpu ?? -1 : -1;
        if (!_by.HasFlag(GroupBy.Vm) || row.Vm is not { } vm) return (-1, vcpu);
        if (!_vms.TryGetValue(vm.Name, out VmIdentity? known)) _vms.Add(vm.Name, known = vm with { Ordinal = _vms.Count });
        return (known.Ordinal, vcpu);
    }

    private QualifierRanks Rank(ComparisonSide[] sides, int top)
    {
        var ranks = new QualifierRanks(top, SortKey.Time);
        foreach (SnapshotRow row in sides.SelectMany(s => s.Samples).SelectMany(s => s.Rows))
        {
            var measure = new Measure();
            measure.Add(row, bins: false);
            (int vm, int vcpu) = PlaceOf(row);
            ranks.Add(vm, vcpu, row.Code, row.Qualifier, measure);
        }
        return ranks;
    }
}
