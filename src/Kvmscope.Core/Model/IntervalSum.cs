using System.Globalization;
using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>
/// Adds up consecutive intervals; between some of them nothing may have been recorded (<see cref="Interval.IsAfterGap"/>).
/// </summary>
/// <param name="grouping">Which vCPUs are kept apart.</param>
/// <param name="parts">What exits of a reason are kept apart by.</param>
/// <param name="wants">Which rows are added; all where null. Asked with the key as it was recorded.</param>
/// <param name="most">How many different rows, vCPUs and VMs there may be; more are an error (<see cref="TooMany"/>).</param>
/// <param name="expected">How many rows it has room for from the start.</param>
public sealed class IntervalSum(
    Grouping grouping, ExitParts parts = ExitParts.All, Func<GroupKey, bool>? wants = null, int most = int.MaxValue,
    int expected = 0)
{
    // There are a few dozen of these at most, and they are searched.
    private const int MissingWeight = 4096;

    private readonly RowTable _rows = new(grouping, parts, expected);
    private readonly Dictionary<GroupKey, VcpuTime> _times = [];
    private readonly HashSet<GroupKey> _vcpus = [];
    private readonly SortedDictionary<int, VmIdentity> _vms = [];
    private readonly ReturnTable _returns = new(grouping);
    private readonly List<MissingSource> _missing = [];
    private Interval? _first, _last;
    private Accounting _accounting = new();
    private int _restarted, _intervals;
    private long _nameWeight;
    private readonly List<OpenExits> _openBefore = [], _openAfter = [];
    private List<OpenAge>? _leftAges = [];
    private ulong _leftOpen;
    private long _suspendedNs, _gapNs;
    private bool _hasGap;

    /// <summary>The sum of intervals of the whole host; an empty one where there are none.</summary>
    internal static Interval Of(IEnumerable<Interval> intervals)
    {
        var sum = new IntervalSum(Grouping.Host);
        foreach (Interval interval in intervals) sum.Add(interval);
        return sum.ToInterval();
    }

    /// <summary>The VMs of the intervals so far, by their latest names.</summary>
    public IReadOnlyCollection<VmIdentity> Vms => _vms.Values;

    /// <summary>The error where a sum has too many rows.</summary>
    /// <param name="most">How many it may have.</param>
    public static KvmscopeException TooMany(int most) => new(ExitStatus.Failed,
        string.Create(CultureInfo.InvariantCulture, $"this answer has more than {most} different rows"),
        "Ask for less: a shorter time (--from, --to), some VMs, vCPUs or reasons, or rows that keep less apart (--by).");

    /// <summary>How many rows, wall clocks and kinds of returns there are so far.</summary>
    internal int Size => _rows.Rows.Count + _times.Count + _returns.Rows.Count;

    /// <summary>Adds an interval, with its rows.</summary>
    /// <exception cref="KvmscopeException">There are too many rows (1).</exception>
    public void Add(Interval interval)
    {
        if (_last is { } before && interval.IsAfterGap) AddGap(before, interval);
        // A sum of intervals may have gaps too.
        if (interval.ObservedNs is { } observed) (_hasGap, _gapNs) = (true, _gapNs + interval.ToNs - interval.FromNs - observed);
        _first ??= interval;
        _last = interval;
        _suspendedNs += interval.SuspendedNs;
        _intervals += interval.Intervals;
        _restarted += interval.RestartedRows;
        _accounting = _accounting.Then(interval.Accounting);
        foreach (VmIdentity vm in interval.Vms) Know(vm);
        foreach (MissingSource missing in interval.Missing)
            if (!_missing.Contains(missing)) _missing.Add(missing);
        foreach (VcpuTime time in interval.TimeChanges) Add(time);
        foreach (GroupKey vcpu in interval.Vcpus) AddVcpu(vcpu);
        foreach (VmmReturns returns in interval.Returns) Add(returns);
        foreach (Row row in interval.Changes) Add(row);
        Check();
    }

    /// <summary>Adds a vCPU of the interval that was added last.</summary>
    internal void AddVcpu(GroupKey vcpu)
    {
        if (grouping > Grouping.Host && (wants is null || wants(vcpu))) _vcpus.Add(vcpu.At(grouping));
    }

    /// <summary>Adds returns of the interval that was added last; the object is not kept.</summary>
    internal void Add(VmmReturns returns)
    {
        if (wants is null || wants(GroupKey.OfVcpu(returns.Key.Vm, returns.Key.Vcpu))) _returns.Add(returns);
    }

    private void Know(VmIdentity vm)
    {
        if (_vms.TryGetValue(vm.Ordinal, out VmIdentity? known)) _nameWeight -= WeightOf(known);
        _nameWeight += WeightOf(vm);
        _vms[vm.Ordinal] = vm;
    }

    // A long name takes as much memory as many rows.
    private static int WeightOf(VmIdentity vm) => 1 + (vm.Name.Length >> 7);

    private void Check()
    {
        long used = (long)_rows.Rows.Count + _times.Count + _nameWeight + _returns.Rows.Count + (MissingWeight * (long)_missing.Count)
            + _openBefore.Count + _openAfter.Count + (_leftAges?.Count ?? 0);
        if (used > most) throw TooMany(most);
    }

    // What was open there did not end before the recording did; what is open here was counted in what is missing.
    private void AddGap(Interval before, Interval after)
    {
        _openAfter.AddRange(before.OpenAfter);
        _openBefore.AddRange(after.OpenBefore);
        if (before.OpenAges is { } ages) _leftAges?.AddRange(ages);
        else _leftAges = null;
        _leftOpen += before.Accounting.Open;
        _hasGap = true;
        _gapNs += after.FromNs - before.ToNs;
    }

    /// <summary>Adds a row; the object is not kept.</summary>
    public void Add(Row row)
    {
        if (wants is not null && !wants(row.Key)) return;
        _rows.Add(row);
        if (_rows.Rows.Count > most) throw TooMany(most);
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
        List<Row> rows = new(_rows.Rows.Count);
        foreach (Row row in _rows.Rows)
            if (IsWanted(row.Key)) rows.Add(row);
        IReadOnlyList<OpenAge>? ages = _last is null ? [] : Ages(_last.OpenAges);
        if (ages is [_, ..] && isFiltered) ages = [.. ages.Where(open => IsWanted(open.Key) && wants?.Invoke(open.Key) != false)];
        return new Interval
        {
            First = _first?.First ?? 0,
            IsAfterGap = _first?.IsAfterGap ?? false,
            Intervals = _intervals,
            From = _first?.From ?? default,
            To = _last?.To ?? default,
            FromNs = _first?.FromNs ?? 0,
            ToNs = _last?.ToNs ?? 0,
            SuspendedNs = _suspendedNs,
            ObservedNs = _hasGap ? (_last?.ToNs ?? 0) - (_first?.FromNs ?? 0) - _gapNs : null,
            Vms = [.. _vms.Values.Where(vm => vms is null || vms.Contains(vm.Ordinal))],
            Changes = rows,
            TimeChanges = [.. _times.Values.Where(time => IsWanted(time.Key))],
            Vcpus = [.. _vcpus.Where(IsWanted)],
            Returns = [.. _returns.Rows.Where(returns => IsWanted(GroupKey.OfVcpu(returns.Key.Vm, returns.Key.Vcpu)))],
            VcpuStates = StatesOf(_last, IsWanted),
            OpenBefore = Regroup(Before, IsWanted),
            OpenAfter = Regroup(After, IsWanted),
            OpenAges = ages,
            Accounting = AccountingOf(rows, ages, isFiltered),
            Missing = [.. _missing],
            RestartedRows = _restarted,
        };
    }

    private IReadOnlyList<OpenAge>? Ages(IReadOnlyList<OpenAge>? last) =>
        last is null || _leftAges is null ? null : [.. _leftAges, .. last];

    private IReadOnlyList<OpenExits>? Before => _openBefore.Count == 0 ? _first?.OpenBefore : [.. _first!.OpenBefore, .. _openBefore];

    private IReadOnlyList<OpenExits>? After => _openAfter.Count == 0 ? _last?.OpenAfter : [.. _openAfter, .. _last!.OpenAfter];

    // A state: that of the last interval, where vCPUs are kept apart.
    private IReadOnlyList<VcpuState> StatesOf(Interval? last, Func<GroupKey, bool> isWanted) => grouping < Grouping.Vcpu || last is null
        ? []
        : [.. last.VcpuStates.Where(state => GroupKey.OfVcpu(state.Vm, state.Vcpu) is var key && isWanted(key)
            && wants?.Invoke(key) != false)];

    private void MoveOpen()
    {
        if (_first is null || _last is null) return;
        IReadOnlyList<OpenExits> before = Before ?? [], after = After ?? [];
        foreach (OpenExits open in after)
            if (!Waits(open)) Add(new Row(open.Key) { Count = open.Count });
        foreach (OpenExits open in before)
            if (!Waits(open) && (wants is null || wants(open.Key)) && _rows.Find(open.Key) is { } row)
                row.Count -= Math.Min(row.Count, open.Count);
        _first = _first with { OpenBefore = [.. before.Where(Waits)] };
        _last = _last with { OpenAfter = [.. after.Where(Waits)] };
        _openBefore.Clear();
        _openAfter.Clear();
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

    /// <summary>Adds a wall clock of the interval that was added last.</summary>
    internal void Add(VcpuTime time)
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
        Accounting all = _accounting with { Open = _accounting.Open + _leftOpen };
        if (!isFiltered && parts == ExitParts.All) return all;
        ulong timed = 0, others = 0;
        foreach (Row row in rows)
        {
            timed += row.Timed;
            if (row.Key.IsOther) others += row.Count;
        }
        ulong open = all.Open;
        if (isFiltered && ages is not null) open = ages.Aggregate(0UL, (sum, age) => sum + age.Count);
        return all.WithRows(rows) with
        {
            Entries = isFiltered ? timed : _accounting.Entries,
            Open = open,
            OtherQualifiers = others,
        };
    }
}
