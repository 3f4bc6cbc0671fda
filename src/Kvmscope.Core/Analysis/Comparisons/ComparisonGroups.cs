using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>Sorts the rows of all samples into the groups that were asked for.</summary>
internal sealed class ComparisonGroups
{
    private readonly Dictionary<(GroupKey Key, bool Idle), ComparisonGroup> _groups = [];
    // By name, with the first identity of that name.
    private readonly Dictionary<string, VmIdentity> _vms = [];
    private readonly QualifierRanks? _ranks;
    private readonly SampleBlocks _a, _b;

    internal ComparisonGroups(ComparisonSide a, ComparisonSide b, ComparisonRequest request)
    {
        Keys = request.Keys;
        (_a, _b) = SampleBlocks.Align(a.Samples, b.Samples);
        Total = new ComparisonGroup(new ReportRow(), _a, _b);
        Busy = new ComparisonGroup(new ReportRow { Idle = false }, _a, _b);
        if (Keys.HasFlag(GroupBy.Qualifier)) _ranks = Rank([a, b], request.Top);
        Add(a.Samples, group => group.A);
        Add(b.Samples, group => group.B);
    }

    /// <summary>What rows are grouped by.</summary>
    internal GroupBy Keys { get; }

    internal ComparisonGroup Total { get; }

    internal ComparisonGroup Busy { get; }

    internal IReadOnlyCollection<ComparisonGroup> Groups => _groups.Values;

    /// <summary>How many samples make a block on each side.</summary>
    internal (int A, int B) Each => (_a.Each, _b.Each);

    /// <summary>How many blocks each side has.</summary>
    internal (int A, int B) Blocks => (_a.Seconds.Length, _b.Seconds.Length);

    private void Add(IReadOnlyList<Interval> samples, Func<ComparisonGroup, GroupSide> side)
    {
        for (int sample = 0; sample < samples.Count; sample++)
            foreach (Row row in samples[sample].Rows)
            {
                // Where levels are together, a reason has one row.
                bool idle = Idleness.IsIdle(Keys.HasFlag(GroupBy.Level) ? row.Key : row.Key with { Level = default });
                side(Total).Add(row, sample);
                if (!Idleness.IsIdle(row.Key)) side(Busy).Add(row, sample);
                side(GroupOf(row.Key, samples[sample], idle)).Add(row, sample);
            }
    }

    private ComparisonGroup GroupOf(GroupKey of, Interval sample, bool idle)
    {
        bool reason = Keys.HasFlag(GroupBy.Reason), level = Keys.HasFlag(GroupBy.Level);
        GroupKey key = KeyOf(of, sample);
        key = key with
        {
            Code = reason ? of.Code : default,
            Level = level ? of.Level : default,
            Qualifier = _ranks?.Shown(key).Qualifier ?? default
        };
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

    // Pids and the order of VMs differ between the sides; names are the same.
    private GroupKey KeyOf(GroupKey key, Interval sample)
    {
        if (!Keys.HasFlag(GroupBy.Vcpu)) key = key with { Vcpu = GroupKey.None };
        if (!Keys.HasFlag(GroupBy.Vm) || sample.VmOf(key) is not { } vm) return key with { Vm = GroupKey.None };
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

/// <summary>One group of both sides.</summary>
internal sealed class ComparisonGroup(ReportRow keys, SampleBlocks a, SampleBlocks b)
{
    internal ReportRow Keys { get; } = keys;

    internal GroupSide A { get; } = new(a);

    internal GroupSide B { get; } = new(b);
}

/// <summary>One side of one group: its sum, and its blocks.</summary>
internal sealed class GroupSide(SampleBlocks blocks)
{
    // With fewer exits a sample is mostly chance: the 99th percentile of fewer than 100 is the maximum.
    private const ulong MinForAverage = 10, MinForP50 = 10, MinForP99 = 100;

    private readonly Tally?[] _blocks = new Tally?[blocks.Seconds.Length];

    internal Tally Total { get; } = new();

    internal int BlockCount => _blocks.Length;

    internal void Add(Row row, int sample)
    {
        Total.Add(row);
        int block = blocks.Of[sample];
        if (block >= 0) (_blocks[block] ??= new Tally()).Add(row);
    }

    internal ComparisonFigures Figures(double seconds, ulong? busyNs) => new(
        seconds > 0 ? Total.Count / seconds : 0,
        busyNs is > 0 ? (double)Total.TotalNs / busyNs : null,
        Total.AverageNs,
        Total.Quantile(0.5),
        Total.Quantile(0.99));

    /// <summary>Average number of exits with a handling time per block.</summary>
    internal double TimedEach => _blocks.Length == 0 ? 0 : (double)Total.Timed / _blocks.Length;

    /// <summary>The samples of a figure, in order.</summary>
    /// <param name="figure">Which.</param>
    /// <param name="busy">All busy exits of the side, which shares are relative to.</param>
    /// <param name="perSample">How many blocks make one sample of the handling times.</param>
    internal double[] Samples(ChangedFigures figure, GroupSide busy, int perSample) => figure switch
    {
        ChangedFigures.Rate => [.. _blocks.Select((block, i) => (block?.Count ?? 0) / blocks.Seconds[i])],
        ChangedFigures.Share => [.. Shares(busy, perSample)],
        ChangedFigures.Average => [.. Times(perSample, MinForAverage, m => (double)m.TotalNs / m.Timed)],
        ChangedFigures.P50 => [.. Times(perSample, MinForP50, m => m.Quantile(0.5))],
        _ => [.. Times(perSample, MinForP99, m => m.Quantile(0.99))],
    };

    private IEnumerable<double> Shares(GroupSide busy, int perSample)
    {
        for (int begin = 0; begin + perSample <= _blocks.Length; begin += perSample)
        {
            ulong whole = busy.Sum(begin, perSample);
            if (whole > 0) yield return (double)Sum(begin, perSample) / whole;
        }
    }

    private ulong Sum(int begin, int blocks)
    {
        ulong sum = 0;
        for (int i = begin; i < begin + blocks; i++) sum += _blocks[i]?.TotalNs ?? 0;
        return sum;
    }

    // Takes more blocks where these do not have enough exits.
    private IEnumerable<double> Times(int perSample, ulong least, Func<Tally, double?> of)
    {
        var sum = new Tally();
        int taken = 0;
        foreach (Tally? block in _blocks)
        {
            if (block is not null) sum.Add(block);
            if (++taken < perSample || sum.Timed < least) continue;
            if (of(sum) is { } value) yield return value;
            sum = new Tally();
            taken = 0;
        }
    }
}
