using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>Adds up consecutive intervals.</summary>
/// <param name="grouping">Which vCPUs are kept apart.</param>
/// <param name="parts">What exits of a reason are kept apart by.</param>
/// <param name="wants">Which rows are added; all where null. Asked with the key as it was recorded.</param>
public sealed class IntervalSum(Grouping grouping, ExitParts parts = ExitParts.All, Func<GroupKey, bool>? wants = null)
{
    private readonly RowTable _rows = new(grouping, parts);
    private readonly Dictionary<GroupKey, VcpuTime> _times = [];
    private readonly SortedDictionary<int, VmIdentity> _vms = [];
    private readonly List<MissingSource> _missing = [];
    private Interval? _first, _last;
    private Accounting _accounting = new();
    private int _restarted, _intervals;

    /// <summary>The sum of intervals of the whole host; an empty one where there are none.</summary>
    internal static Interval Of(IEnumerable<Interval> intervals)
    {
        var sum = new IntervalSum(Grouping.Host);
        foreach (Interval interval in intervals) sum.Add(interval);
        return sum.ToInterval();
    }

    /// <summary>The VMs of the intervals so far, by their latest names.</summary>
    public IReadOnlyCollection<VmIdentity> Vms => _vms.Values;

    /// <summary>Adds an interval, with its rows.</summary>
    public void Add(Interval interval)
    {
        _first ??= interval;
        _last = interval;
        _intervals += interval.Intervals;
        _restarted += interval.RestartedRows;
        _accounting = _accounting.Then(interval.Accounting);
        foreach (VmIdentity vm in interval.Vms) _vms[vm.Ordinal] = vm;
        foreach (MissingSource missing in interval.Missing)
            if (!_missing.Contains(missing)) _missing.Add(missing);
        foreach (VcpuTime time in interval.TimeChanges) Add(time);
        foreach (Row row in interval.Changes) Add(row);
    }

    /// <summary>Adds a row; the object is not kept.</summary>
    public void Add(Row row)
    {
        if (wants is null || wants(row.Key)) _rows.Add(row);
    }

    /// <summary>The sum as one interval, as a trace of exactly this time would give it.</summary>
    /// <param name="wantsVm">Which VMs are in it; all where null. Needs a grouping by VM.</param>
    public Interval ToInterval(Func<VmIdentity, bool>? wantsVm = null)
    {
        // An exit of which nothing more will be known has its row from its start.
        if (parts != ExitParts.All) MoveOpen();
        bool isFiltered = wantsVm is not null || wants is not null;
        HashSet<int>? vms = wantsVm is null ? null : [.. _vms.Values.Where(wantsVm).Select(vm => vm.Ordinal)];
        bool IsWanted(GroupKey key) => vms is null || vms.Contains(key.Vm);
        List<Row> rows = [.. _rows.Rows.Where(row => IsWanted(row.Key))];
        IReadOnlyList<OpenAge>? ages = _last is null ? [] : _last.OpenAges;
        if (ages is [_, ..] && isFiltered) ages = [.. ages.Where(open => IsWanted(open.Key) && wants?.Invoke(open.Key) != false)];
        return new Interval
        {
            First = _first?.First ?? 0,
            Intervals = _intervals,
            From = _first?.From ?? default,
            To = _last?.To ?? default,
            FromNs = _first?.FromNs ?? 0,
            ToNs = _last?.ToNs ?? 0,
            Vms = [.. _vms.Values.Where(vm => vms is null || vms.Contains(vm.Ordinal))],
            Changes = rows,
            TimeChanges = [.. _times.Values.Where(time => IsWanted(time.Key))],
            OpenBefore = Regroup(_first?.OpenBefore, IsWanted),
            OpenAfter = Regroup(_last?.OpenAfter, IsWanted),
            OpenAges = ages,
            Accounting = AccountingOf(rows, ages, isFiltered),
            Missing = [.. _missing],
            RestartedRows = _restarted,
        };
    }

    private void MoveOpen()
    {
        if (_first is null || _last is null) return;
        IReadOnlyList<OpenExits> before = _first.OpenBefore, after = _last.OpenAfter;
        foreach (OpenExits open in after)
            if (!Waits(open)) Add(new Row(open.Key) { Count = open.Count });
        foreach (OpenExits open in before)
            if (!Waits(open) && (wants is null || wants(open.Key)) && _rows.Find(open.Key) is { } row)
                row.Count -= Math.Min(row.Count, open.Count);
        bool isOne = ReferenceEquals(_first, _last);
        _first = _first with { OpenBefore = [.. before.Where(Waits)] };
        _last = (isOne ? _first : _last) with { OpenAfter = [.. after.Where(Waits)] };
    }

    private bool Waits(OpenExits open) => (Qualifiers.PartsOf(open.Key.Code) & parts) != ExitParts.None;

    private IReadOnlyList<OpenExits> Regroup(IReadOnlyList<OpenExits>? open, Func<GroupKey, bool> isWanted)
    {
        if (open is null or []) return [];
        var sums = new Dictionary<GroupKey, ulong>();
        foreach (OpenExits exits in open)
            if (isWanted(exits.Key)) CollectionsMarshal.GetValueRefOrAddDefault(sums, _rows.KeyOf(exits.Key), out _) += exits.Count;
        return [.. sums.Select(s => new OpenExits(s.Key, s.Value))];
    }

    private void Add(VcpuTime time)
    {
        if (wants is not null && !wants(time.Key)) return;
        GroupKey key = _rows.KeyOf(time.Key);
        ref VcpuTime sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_times, key, out _);
        TimeParts parts = time.Parts;
        parts.Add(sum.Parts);
        sum = new VcpuTime(key, sum.WallNs + time.WallNs, parts);
    }

    // Of some of the rows only what they say themselves is known; what was lost may belong to them.
    private Accounting AccountingOf(List<Row> rows, IReadOnlyList<OpenAge>? ages, bool isFiltered)
    {
        if (!isFiltered && parts == ExitParts.All) return _accounting;
        ulong timed = 0, others = 0;
        foreach (Row row in rows)
        {
            timed += row.Timed;
            if (row.Key.IsOther) others += row.Count;
        }
        ulong open = _accounting.Open;
        if (isFiltered && ages is not null) open = ages.Aggregate(0UL, (sum, age) => sum + age.Count);
        return _accounting.WithRows(rows) with
        {
            Entries = isFiltered ? timed : _accounting.Entries,
            Open = open,
            OtherQualifiers = others,
        };
    }
}
