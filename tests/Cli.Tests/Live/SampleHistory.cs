using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;

namespace Kvmscope.Tests.Live;

/// <summary>A history of given intervals, all in memory and all in full detail.</summary>
internal sealed class SampleHistory(IReadOnlyList<Interval> intervals, long stepNs = 1_000_000_000) : IHistory
{
    private readonly List<Interval> _intervals = [.. intervals];

    public long From => _intervals.Count == 0 ? 0 : _intervals[0].FromNs;

    public long To => _intervals.Count == 0 ? 0 : _intervals[^1].ToNs;

    public long StepNs => stepNs;

    /// <summary>Before this place vCPUs and arguments are not kept apart.</summary>
    public long CoarseBefore { get; init; } = long.MinValue;

    /// <summary>Before this place VMs are not either.</summary>
    public long CoarsestBefore { get; init; } = long.MinValue;

    /// <summary>How often it was asked for a sum.</summary>
    internal int Sums { get; private set; }

    internal void Add(Interval interval) => _intervals.Add(interval);

    public HistoryDetail DetailAt(long place) => place <= CoarsestBefore
        ? new HistoryDetail(stepNs, Grouping.Host, ExitParts.None)
        : place <= CoarseBefore ? new HistoryDetail(stepNs, Grouping.Vm, ExitParts.None)
        : new HistoryDetail(stepNs, Grouping.Vcpu, ExitParts.All);

    public long EdgeBefore(long place) => _intervals.FindLast(i => i.ToNs < place)?.ToNs ?? From;

    public long EdgeAfter(long place) => _intervals.Find(i => i.ToNs > place)?.ToNs ?? To;

    public Interval? Sum(long from, long to, Grouping grouping, ExitParts parts, Action? check = null)
    {
        Sums++;
        Interval[] within = [.. _intervals.Where(i => (i.FromNs + i.ToNs) / 2 > from && (i.FromNs + i.ToNs) / 2 <= to)];
        if (within.Length == 0) return null;
        if (DetailAt(to).Grouping < grouping) (grouping, parts) = (DetailAt(to).Grouping, ExitParts.None);
        var sum = new IntervalSum(grouping, parts);
        foreach (Interval interval in within) sum.Add(interval);
        return sum.ToInterval();
    }

    public IReadOnlyList<SlowExit> Slow(long from, long to, int most, Func<bool>? goesOn = null) =>
        [.. _intervals.Where(i => i.ToNs > from && i.ToNs <= to).SelectMany(i => i.Slow).TakeLast(most)];

    public DateTimeOffset TimeAt(long place)
    {
        if (_intervals.Count == 0) return DateTimeOffset.UnixEpoch;
        Interval interval = _intervals.Find(i => i.ToNs >= place) ?? _intervals[^1];
        return interval.To.AddTicks((place - interval.ToNs) / 100);
    }

    public long? PlaceOf(DateTimeOffset time) =>
        _intervals.FindLast(i => i.From <= time && time <= i.To) is { } at ? at.ToNs - ((at.To - time).Ticks * 100) : null;
}
