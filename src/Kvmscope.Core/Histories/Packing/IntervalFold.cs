using System.Runtime.InteropServices;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Histories.Packing;

/// <summary>
/// Adds up the rows of an interval by VM, or of the whole host, by reason and level. Open exits stay what they are and move into no row
/// (as <see cref="IntervalSum"/> does at the end), so that sums of what was folded are those of the originals. Uses its memory again.
/// </summary>
/// <param name="grouping">VMs or the host.</param>
internal sealed class IntervalFold(Grouping grouping)
{
    private const int FirstCodes = 32, FirstRows = 256;

    private readonly Dictionary<int, int[]> _ofVms = [];
    private readonly Dictionary<GroupKey, VcpuTime> _times = [];
    private readonly CodeTable _codes = new();
    private Row?[] _rows = [];
    private int[] _ofLast = [];
    private int _last, _used, _vms, _made;

    /// <summary>About how much memory its rows take.</summary>
    internal long Bytes => _made * RowMemory.OfRow;

    /// <summary>The sum; its rows are valid until the next call.</summary>
    internal Interval Fold(Interval interval)
    {
        Begin();
        foreach (Row row in RowMemory.Span(interval.Changes))
        {
            int code = _codes.NumberOf(row.Key.Code, row.Key.Level);
            _codes.Follow(code);
            RowOf(row.Key, code).Add(row);
        }
        var returns = new ReturnTable(grouping);
        foreach (VmmReturns row in interval.Returns) returns.Add(row);
        return interval with
        {
            Changes = new ArraySegment<Row>(_rows!, 0, _used),
            TimeChanges = Fold(interval.TimeChanges),
            Vcpus = grouping == Grouping.Host ? [] : [.. interval.Vcpus.Select(KeyOf).Distinct()],
            Returns = returns.Rows,
            OpenBefore = Fold(interval.OpenBefore),
            OpenAfter = Fold(interval.OpenAfter),
            OpenAges = interval.OpenAges is { } ages ? Fold(ages) : null,
            VcpuStates = [],
        };
    }

    private void Begin()
    {
        _codes.Clear();
        // Of VMs that have ended nothing stays.
        if (_ofVms.Count > 2 * _vms + FirstCodes) _ofVms.Clear();
        foreach (int[] rows in _ofVms.Values) Array.Clear(rows);
        if (_rows.Length > 4 * _used + FirstRows)
        {
            Array.Resize(ref _rows, _used);
            _made = _used;
        }
        for (int i = 0; i < _used; i++) _rows[i]!.Clear();
        (_used, _vms, _ofLast) = (0, 0, []);
    }

    private Row RowOf(in GroupKey key, int code)
    {
        int vm = grouping == Grouping.Host ? GroupKey.None : key.Vm;
        if (vm != _last || code >= _ofLast.Length) _ofLast = OfVm(vm, code);
        ref int number = ref _ofLast[code];
        if (number != 0) return _rows[number - 1]!;
        if (_used == _rows.Length) Array.Resize(ref _rows, Math.Max(FirstRows, _used * 2));
        if (_used == _made) _rows[_made++] = new Row(default);
        Row row = _rows[_used]!;
        row.Key = new GroupKey(vm, GroupKey.None, key.Code, key.Level);
        number = ++_used;
        return row;
    }

    // By the number of a reason: 1 + the index of the VM's row, 0 where there is none yet.
    private int[] OfVm(int vm, int code)
    {
        _last = vm;
        ref int[]? rows = ref CollectionsMarshal.GetValueRefOrAddDefault(_ofVms, vm, out _);
        if (rows is null || rows.Length <= code) Array.Resize(ref rows, Math.Max(FirstCodes, (code + 1) * 2));
        _vms++;
        return rows;
    }

    private VcpuTime[] Fold(IReadOnlyCollection<VcpuTime> times)
    {
        _times.Clear();
        foreach (VcpuTime time in times)
        {
            GroupKey key = KeyOf(time.Key);
            ref VcpuTime sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_times, key, out _);
            TimeParts parts = time.Parts;
            parts.Add(sum.Parts);
            sum = new VcpuTime(key, sum.WallNs + time.WallNs, parts);
        }
        return [.. _times.Values];
    }

    private OpenExits[] Fold(IReadOnlyList<OpenExits> open) => open.Count == 0
        ? []
        : [.. open.GroupBy(o => KeyOf(o.Key)).Select(g => new OpenExits(g.Key, g.Aggregate(0UL, (sum, o) => sum + o.Count)))];

    private OpenAge[] Fold(IReadOnlyList<OpenAge> ages) => ages.Count == 0
        ? []
        :
        [
            .. ages.GroupBy(o => KeyOf(o.Key)).Select(g =>
                g.MaxBy(o => o.Ns) with { Key = g.Key, Count = g.Aggregate(0UL, (sum, o) => sum + o.Count) }),
        ];

    private GroupKey KeyOf(GroupKey key) => key.At(grouping).WithoutQualifier();
}

/// <summary>Rows as objects.</summary>
internal static class RowMemory
{
    /// <summary>About how many bytes a row takes: 200, and its histogram with 12 bins.</summary>
    internal const long OfRow = 360;

    /// <summary>The rows in one piece: walking through what is only known as a collection takes several times as long.</summary>
    internal static ReadOnlySpan<Row> Span(IReadOnlyCollection<Row> rows) => rows switch
    {
        Row[] array => array,
        ArraySegment<Row> segment => segment,
        List<Row> list => CollectionsMarshal.AsSpan(list),
        _ => rows.ToArray(),
    };
}
