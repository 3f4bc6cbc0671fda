using System.Runtime.InteropServices;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Recordings;

/// <summary>Adds up intervals that follow one another.</summary>
/// <param name="grouping">Which vCPUs are kept apart.</param>
/// <param name="withQualifiers">Whether the reasons' arguments are kept apart.</param>
/// <param name="wants">Which rows are added; all where null. Asked with the key as it was recorded.</param>
public sealed class IntervalSum(Grouping grouping, bool withQualifiers = true, Func<RowKey, bool>? wants = null)
{
    private readonly Dictionary<RowKey, RecordedRow> _rows = [];
    private readonly Dictionary<(int Vm, int Vcpu), VcpuTime> _times = [];
    private readonly SortedDictionary<int, VmIdentity> _vms = [];
    private readonly List<MissingSource> _missing = [];
    private RecordedInterval? _first, _last;
    private Accounting _trust = new();
    private int _restarted, _intervals;

    /// <summary>How many intervals were added.</summary>
    public int Intervals => _intervals;

    /// <summary>The VMs of the intervals so far, by their latest names.</summary>
    public IReadOnlyCollection<VmIdentity> Vms => _vms.Values;

    /// <summary>Adds an interval, with its rows.</summary>
    public void Add(RecordedInterval interval)
    {
        _first ??= interval;
        _last = interval;
        _intervals += interval.Intervals;
        _restarted += interval.RestartedRows;
        _trust = _trust.Then(interval.Trust);
        foreach (VmIdentity vm in interval.Vms) _vms[vm.Ordinal] = vm;
        foreach (MissingSource missing in interval.Missing)
            if (!_missing.Contains(missing)) _missing.Add(missing);
        foreach (VcpuTime time in interval.Times) Add(time);
        foreach (RecordedRow row in interval.Rows) Add(row);
    }

    /// <summary>Adds a row; it is not kept.</summary>
    public void Add(RecordedRow row)
    {
        RowKey key = row.Key;
        if (wants is not null && !wants(key)) return;
        key = KeyOf(key);
        ref RecordedRow? sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_rows, key, out _);
        sum ??= new RecordedRow { Key = key };
        sum.Add(row);
    }

    /// <summary>The sum as one interval, to be written as a span.</summary>
    public RecordedInterval ToInterval() => new()
    {
        First = _first?.First ?? 0,
        Intervals = _intervals,
        From = _first?.From ?? default,
        To = _last?.To ?? default,
        FromNs = _first?.FromNs ?? 0,
        ToNs = _last?.ToNs ?? 0,
        Vms = _vms.Values,
        Rows = _rows.Values,
        Times = _times.Values,
        OpenBefore = _first?.OpenBefore ?? [],
        OpenAfter = _last?.OpenAfter ?? [],
        Trust = _trust,
        Missing = _missing,
        RestartedRows = _restarted,
    };

    /// <summary>The sum as the command of this name would have answered, had it traced just these intervals.</summary>
    /// <param name="command">The command.</param>
    /// <param name="wantsVm">Which VMs are in the answer; all where null. Needs a grouping by VM.</param>
    public Answer ToAnswer(string command, Func<VmIdentity, bool>? wantsVm = null)
    {
        VmIdentity? VmOf(int number) => number < 0 ? null : _vms.GetValueOrDefault(number) ?? new VmIdentity(number, 0, $"VM {number}");
        var rows = new List<SnapshotRow>(_rows.Count);
        // Without qualifiers an exit has its row from its begin on.
        if (!withQualifiers) MoveOpen();
        foreach (RecordedRow row in _rows.Values)
        {
            VmIdentity? vm = VmOf(row.Key.Vm);
            if (wantsVm is null || (vm is not null && wantsVm(vm))) rows.Add(row.ToRow(vm));
        }
        var times = _times.Values.Select(t => t with { Vm = t.Vm is { } vm ? VmOf(vm.Ordinal) : null })
            .Where(t => wantsVm is null || (t.Vm is not null && wantsVm(t.Vm)));
        var snapshot = new Snapshot(_last?.To ?? default, _last?.ToNs ?? 0, rows, TrustOf(rows, isFiltered: wantsVm is not null || wants is not null))
        {
            Times = [.. times],
            Missing = _missing,
        };
        return Delta.Between(command, _first?.From ?? default, null, snapshot, _first?.FromNs ?? 0) with { RestartedRows = _restarted };
    }

    private void MoveOpen()
    {
        foreach (OpenExits open in _last?.OpenAfter ?? []) Add(RowOf(open));
        foreach (OpenExits open in _first?.OpenBefore ?? [])
        {
            RowKey key = RowOf(open).Key;
            if ((wants is null || wants(key)) && _rows.TryGetValue(KeyOf(key), out RecordedRow? row)) row.Count -= Math.Min(row.Count, open.Count);
        }
        (_first, _last) = (_first! with { OpenBefore = [] }, _last! with { OpenAfter = [] });
    }

    private static RecordedRow RowOf(OpenExits open) => new()
    {
        Key = new RowKey(open.Vm?.Ordinal ?? -1, open.Vcpu ?? -1, open.Code, open.Level, Qualifier.None),
        Count = open.Count,
    };

    private RowKey KeyOf(RowKey key)
    {
        if (grouping < Grouping.Vcpu) key = key with { Vcpu = -1 };
        if (grouping < Grouping.Vm) key = key with { Vm = -1 };
        return withQualifiers ? key : key with { Qualifier = Qualifier.None };
    }

    private void Add(VcpuTime time)
    {
        if (wants is not null && !wants(new RowKey(time.Vm?.Ordinal ?? -1, time.Vcpu ?? -1, default, default, default))) return;
        VmIdentity? vm = grouping < Grouping.Vm ? null : time.Vm;
        int? vcpu = grouping < Grouping.Vcpu ? null : time.Vcpu;
        ref VcpuTime? sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_times, (vm?.Ordinal ?? -1, vcpu ?? -1), out _);
        TimeParts parts = time.Parts;
        if (sum is not null) parts.Add(sum.Parts);
        sum = new VcpuTime(vm, vcpu, time.WallNs + (sum?.WallNs ?? 0), parts);
    }

    // Of a part of the rows only what rows say is known; what was lost may have been of them.
    private Accounting TrustOf(List<SnapshotRow> rows, bool isFiltered)
    {
        if (!isFiltered && withQualifiers) return _trust;
        ulong exits = 0, timed = 0, unread = 0, others = 0;
        foreach (SnapshotRow row in rows)
        {
            exits += row.Count;
            timed += row.Timed;
            if (row.Code.Isa == Exits.Isa.None) unread += row.Count;
            if (row.Qualifier.State == QualifierState.Other) others += row.Count;
        }
        return _trust with { Exits = exits, Entries = isFiltered ? timed : _trust.Entries, UnreadReasons = unread, OtherQualifiers = others };
    }
}
