using System.Runtime.InteropServices;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Summaries;

/// <summary>
/// Exits per second of each group in the last steps before a place, for small charts. What was read stays: when the place moves on by a
/// step, one interval is read.
/// </summary>
/// <param name="length">How many steps.</param>
public sealed class Trends(int length)
{
    private readonly RowMap _map = new();
    private readonly Dictionary<GroupKey, int> _groups = [];
    private readonly List<Group> _series = [];
    private readonly long[] _places = new long[length + 1];
    // Of each step, whether it has an interval. Steps are a ring that begins at _first, here and in the groups.
    private readonly bool[] _isKept = new bool[length];
    private readonly double[] _shown = new double[length];
    private IHistory? _history;
    private Summary? _last;
    private SummaryRequest _request;
    private RowGrouping _grouping = new(GroupBy.None);
    private long _stepNs;
    private int _first, _readSteps;

    private sealed class Group(GroupKey key, int length)
    {
        internal GroupKey Key { get; } = key;

        internal double[] Rates { get; } = new double[length];

        internal ulong Count { get; set; }
    }

    /// <summary>How many steps.</summary>
    public int Length => length;

    /// <summary>For how many groups it keeps anything.</summary>
    internal int Groups => _series.Count;

    /// <summary>Of how many rows it knows the group.</summary>
    internal int Rows => _map.Count;

    /// <summary>Reads what is missing.</summary>
    /// <param name="history">The history.</param>
    /// <param name="to">The end of the last step.</param>
    /// <param name="stepNs">How long a step is.</param>
    /// <param name="request">The groups.</param>
    /// <param name="last">What was made of the last step by the same request, where there is that: its exits are not counted again.</param>
    public void Read(IHistory history, long to, long stepNs, SummaryRequest request, Summary? last = null)
    {
        _last = last;
        long moved = IsAskedTheSame(history, stepNs, request) ? StepsIn(to - _places[length]) : length;
        if (Math.Abs(moved) >= length) ReadAll(to);
        else if (moved > 0) MoveOn((int)moved, to);
        else if (moved < 0) MoveBack((int)-moved);
        if (_places[length] == to) return;
        _places[length] = to;
        ReadStep(length - 1);
    }

    /// <summary>Exits per second, the oldest step first; NaN for steps of which nothing is kept. The memory is used again.</summary>
    public ReadOnlySpan<double> Of(GroupKey key)
    {
        Group? group = _groups.TryGetValue(key, out int number) ? _series[number] : null;
        for (int i = 0; i < length; i++)
        {
            int at = (_first + i) % length;
            _shown[i] = !_isKept[at] ? double.NaN : group?.Rates[at] ?? 0;
        }
        return _shown;
    }

    private bool IsAskedTheSame(IHistory history, long stepNs, SummaryRequest request)
    {
        request = request with { By = RowGrouping.Whole(request.By) };
        if (ReferenceEquals(history, _history) && stepNs == _stepNs && request == _request) return true;
        (_history, _stepNs, _request, _grouping) = (history, stepNs, request, new RowGrouping(request.By));
        Forget();
        return false;
    }

    // To the nearest: intervals are not exactly as long as they should be.
    private long StepsIn(long ns) => (ns + (Math.Sign(ns) * _stepNs / 2)) / _stepNs;

    private void ReadAll(long to)
    {
        Forget();
        for (int i = 0; i <= length; i++) _places[i] = to - ((length - i) * _stepNs);
        for (int i = 0; i < length; i++) ReadStep(i);
    }

    private void MoveOn(int steps, long to)
    {
        long from = _places[length];
        _places.AsSpan(steps).CopyTo(_places);
        for (int i = 1; i <= steps; i++) _places[length - steps + i] = from + (long)((Int128)(to - from) * i / steps);
        _first = (_first + steps) % length;
        for (int i = length - steps; i < length; i++) ReadStep(i);
    }

    private void MoveBack(int steps)
    {
        long oldest = _places[0];
        _places.AsSpan(0, length + 1 - steps).CopyTo(_places.AsSpan(steps));
        for (int i = 0; i < steps; i++) _places[i] = oldest - ((steps - i) * _stepNs);
        _first = (_first + length - steps) % length;
        for (int i = 0; i < steps; i++) ReadStep(i);
    }

    private void ReadStep(int step)
    {
        int at = (_first + step) % length;
        foreach (Group group in _series) (group.Rates[at], group.Count) = (0, 0);
        bool isCounted = _last is { Interval: var counted } && counted.FromNs == _places[step] && counted.ToNs == _places[step + 1];
        Interval? interval = isCounted ? _last!.Interval : Find(_places[step], _places[step + 1]);
        _isKept[at] = interval is { Seconds: > 0 };
        if (interval is { Seconds: > 0 })
        {
            if (isCounted) Count(_last!.Rows);
            else Count(interval);
            foreach (Group group in _series) group.Rates[at] = group.Count / interval.Seconds;
        }
        // Groups that came and went.
        if (++_readSteps % length == 0) ForgetGone();
    }

    private Interval? Find(long from, long to)
    {
        HistoryDetail kept = _history!.DetailAt(to);
        // The newest is there as it is, which is cheaper than a coarser sum of it.
        if (to == _history.To && kept.StepNs >= _stepNs) return _history.Sum(from, to, kept.Grouping, kept.Parts);
        SummaryScope scope = _request.Scope;
        Grouping grouping = scope.Vcpu is not null ? Grouping.Vcpu : scope.Vm is not null ? Grouping.Vm : Grouping.Host;
        if (_grouping.Grouping > grouping) grouping = _grouping.Grouping;
        return _history.Sum(from, to, grouping, _grouping.Parts | (scope.Qualifier is null ? ExitParts.None : ExitParts.Qualifier));
    }

    private void Count(Interval interval)
    {
        int rows = interval.Changes.Count;
        if (_map.IsStale(rows)) _map.Clear();
        _map.Begin(rows);
        // Counts need no settling.
        foreach (Row row in interval.Changes)
        {
            int at = _map.Find(row.Key);
            if (at == RowMap.Unknown) _map.Add(row.Key, at = NumberOf(row.Key));
            if (at >= 0) _series[at].Count += row.Count;
        }
    }

    private void Count(IReadOnlyList<SummaryRow> groups)
    {
        for (int i = 0; i < groups.Count; i++)
            if (groups[i].Count > 0) _series[NumberOfGroup(groups[i].Key)].Count = groups[i].Count;
    }

    private int NumberOf(GroupKey row) => _request.Scope.Has(row) ? NumberOfGroup(_grouping.GroupOf(_grouping.CellOf(row))) : -1;

    private int NumberOfGroup(GroupKey key)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_groups, key, out bool isKnown);
        if (isKnown) return number;
        number = _series.Count;
        _series.Add(new Group(key, length));
        return number;
    }

    private void ForgetGone()
    {
        if (_series.RemoveAll(static group => group.Rates.AsSpan().IndexOfAnyExcept(0.0) < 0) == 0) return;
        _map.Clear();
        _groups.Clear();
        for (int i = 0; i < _series.Count; i++) _groups.Add(_series[i].Key, i);
    }

    private void Forget()
    {
        _map.Clear();
        _groups.Clear();
        _series.Clear();
    }
}
