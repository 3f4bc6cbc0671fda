using System.Runtime.InteropServices;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Summaries;

/// <summary>
/// An interval by VM, vCPU, reason or argument, for what is looked at again and again: it uses its memory again for each interval, and
/// makes percentiles only of the rows that are shown. Its figures are those of <see cref="ReportBuilder"/>. It is quick where it is asked
/// the same for one interval after the other: have one of them for each table.
/// </summary>
public sealed class Summary
{
    private readonly RowMap _map = new();
    private readonly Dictionary<GroupKey, SummaryRow> _groups = [];
    private readonly Dictionary<GroupKey, WallClock> _walls = [];
    private readonly Dictionary<GroupKey, int> _cellOf = [];
    private readonly List<SummaryRow> _rows = [];
    private readonly List<int> _touched = [];
    private readonly HashSet<GroupKey> _vcpus = [];
    private readonly Histogram _bins = new();
    private readonly List<ReasonShare> _shares = [];
    private readonly List<Row> _part = [];
    private SummaryCell[] _cells = [];
    private int[] _nextRow = [];
    private int _known;
    private long _reading;
    private SummaryRequest _request;
    private RowGrouping _grouping = new(GroupBy.None);
    private ExitParts _cellParts;
    private Interval _interval = new();

    /// <summary>The groups, in no order; valid until the next <see cref="Read"/>.</summary>
    public IReadOnlyList<SummaryRow> Rows => _rows;

    /// <summary>The sum of all.</summary>
    public SummaryRow Total { get; } = new(GroupKey.OfVcpu(GroupKey.None, GroupKey.None), RowBasis.WhollyBusy, new WallClock());

    /// <summary>
    /// Whether <see cref="SummaryRow.Parts"/> of rows are wall clocks: rows are VMs or vCPUs with all their exits, and the interval has the
    /// split.
    /// </summary>
    public bool HasWallClocks { get; private set; }

    /// <summary>The interval that was read last.</summary>
    internal Interval Interval => _interval;

    /// <summary>Groups an interval; rows of before are used again.</summary>
    public void Read(Interval interval, SummaryRequest request)
    {
        _interval = interval;
        Prepare(request, interval.RowSpan.Length);
        AddRows(interval.RowSpan);
        bool hasTimes = AddTimes(interval);
        AddVcpus(interval);
        bool knowsHalts = Idleness.KnowsHalts(interval);
        foreach (int cell in _touched) AddToGroup(cell, knowsHalts);
        HasWallClocks = hasTimes && _grouping.IsOfVcpus && request.Scope.IsOfVcpus && !request.LacksExits;
        foreach (SummaryRow row in _rows)
        {
            row.Finish(HasWallClocks);
            row.MaxNs = LongestOf(row);
        }
        if (HasWallClocks) Total.FinishSum(_rows);
        else Total.Finish(ofWallClock: false);
        Total.MaxNs = LongestOf(Total);
    }

    /// <summary>Makes the percentiles and the largest reasons of some rows, of the interval that was read last.</summary>
    /// <param name="rows">Some of <see cref="Rows"/>, or <see cref="Total"/>.</param>
    /// <exception cref="ArgumentException">A row is not of that interval.</exception>
    public void AddDetail(IReadOnlyList<SummaryRow> rows)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            if (rows[i].Reading != _reading) throw new ArgumentException("A row is not of the interval that was read last.", nameof(rows));
            MakeDetail(rows[i]);
        }
    }

    /// <summary>
    /// The interval with the exits of a row only, and without wall clocks; valid until the next one is asked for, and the next
    /// <see cref="Read"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The row is not of the interval that was read last.</exception>
    public Interval Only(SummaryRow row)
    {
        if (row.Reading != _reading) throw new ArgumentException("The row is not of the interval that was read last.", nameof(row));
        _part.Clear();
        ReadOnlySpan<Row> rows = _interval.RowSpan;
        foreach (int at in new CellsOf(this, row))
            for (int i = _cells[at].FirstRow; i != SummaryCell.None; i = _nextRow[i]) _part.Add(rows[i]);
        return _interval with { Changes = _part, TimeChanges = [], Vcpus = [] };
    }

    /// <summary>Adds the handling times of a row's percentiles, by power of two (<see cref="HistogramLayout.OctaveOf"/>).</summary>
    internal void AddOctaves(SummaryRow row, Span<ulong> octaves)
    {
        ReadOnlySpan<Row> rows = _interval.RowSpan;
        foreach (int at in new CellsOf(this, row))
        {
            if (!row.HasInFigures(_cells[at])) continue;
            for (int i = _cells[at].FirstRow; i != SummaryCell.None; i = _nextRow[i])
            {
                if (!rows[i].HasBins) continue;
                Histogram bins = rows[i].Bins;
                ReadOnlySpan<ulong> counts = bins.Counts;
                for (int bin = 0; bin < counts.Length; bin++) octaves[HistogramLayout.OctaveOf(bins.Low + bin)] += counts[bin];
            }
        }
    }

    private void Prepare(SummaryRequest request, int rows)
    {
        request = request with { By = RowGrouping.Whole(request.By) };
        if (request != _request || _map.IsStale(rows)) Forget(request);
        _reading++;
        _rows.Clear();
        _touched.Clear();
        Total.Begin(_reading);
        Total.Wall.Begin(_reading);
        if (_nextRow.Length < rows) _nextRow = new int[rows + (rows / 4)];
    }

    private void Forget(SummaryRequest request)
    {
        _request = request;
        _grouping = new RowGrouping(request.By);
        // Whether WFx waits or spins is in its qualifier.
        _cellParts = _grouping.Parts | (request.Scope.Qualifier is null ? ExitParts.None : ExitParts.Qualifier);
        _map.Clear();
        _groups.Clear();
        _walls.Clear();
        _cellOf.Clear();
        _cells = [];
        _known = 0;
    }

    private void AddRows(ReadOnlySpan<Row> rows)
    {
        _map.Begin(rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            Row row = rows[i];
            int at = _map.Find(row.Key);
            if (at == RowMap.Unknown) _map.Add(row.Key, at = CellOf(row.Key));
            if (at == SummaryCell.None) continue;
            ref SummaryCell cell = ref _cells[at];
            if (cell.Reading != _reading)
            {
                cell.Begin(_reading);
                _touched.Add(at);
            }
            _nextRow[i] = cell.FirstRow;
            cell.FirstRow = i;
            cell.Add(row);
        }
    }

    private int CellOf(GroupKey row)
    {
        if (!_request.Scope.Has(row)) return SummaryCell.None;
        GroupKey key = row.At(_grouping.Grouping).Keep(_cellParts);
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_cellOf, key, out bool isKnown);
        if (isKnown) return number;
        number = _known++;
        if (number == _cells.Length) Array.Resize(ref _cells, Math.Max(64, _known * 2));
        _cells[number] = new SummaryCell(key, GroupOf(_grouping.GroupOf(key.Keep(_grouping.Parts))));
        return number;
    }

    private SummaryRow GroupOf(GroupKey key)
    {
        ref SummaryRow? group = ref CollectionsMarshal.GetValueRefOrAddDefault(_groups, key, out _);
        return group ??= new SummaryRow(key, _grouping.ByReason ? RowBasis.All : RowBasis.MostlyBusy, WallOf(key));
    }

    private WallClock WallOf(GroupKey key)
    {
        ref WallClock? wall = ref CollectionsMarshal.GetValueRefOrAddDefault(_walls, GroupKey.OfVcpu(key.Vm, key.Vcpu), out _);
        return wall ??= new WallClock();
    }

    private void Touch(SummaryRow group)
    {
        if (group.Reading == _reading) return;
        group.Begin(_reading);
        _rows.Add(group);
        if (group.Wall.Reading != _reading) group.Wall.Begin(_reading);
        if (_grouping.Grouping == Grouping.Vcpu && _grouping.IsOfVcpus && group.Key.Vcpu >= 0) group.Vcpus = 1;
    }

    private bool AddTimes(Interval interval)
    {
        bool hasAny = false;
        foreach (VcpuTime change in interval.TimeChanges)
        {
            if (!Interval.IsShown(change) || !_request.Scope.HasVcpu(change.Key)) continue;
            VcpuTime time = Interval.Settled(change);
            hasAny = true;
            GroupKey key = GroupKey.OfVcpu(time.Key.Vm, time.Key.Vcpu).At(_grouping.Grouping);
            SummaryRow? group = _grouping.IsOfVcpus ? GroupOf(key) : null;
            if (group is not null) Touch(group);
            WallClock wall = group?.Wall ?? WallOf(key);
            if (wall.Reading != _reading) wall.Begin(_reading);
            wall.Add(time);
            Total.Wall.Add(time);
        }
        return hasAny;
    }

    private void AddVcpus(Interval interval)
    {
        foreach (GroupKey vcpu in interval.Vcpus)
        {
            if (!_request.Scope.HasVcpu(vcpu)) continue;
            if (_grouping.IsOfVcpus) Touch(GroupOf(vcpu.At(_grouping.Grouping)));
            Know(vcpu);
        }
        if (interval.Vcpus.Count > 0) return;
        // Recordings without the split do not list them.
        _vcpus.Clear();
        foreach (Row row in interval.RowSpan)
        {
            if (!_request.Scope.HasVcpu(row.Key)) continue;
            var vcpu = GroupKey.OfVcpu(row.Key.Vm, row.Key.Vcpu);
            if (_vcpus.Add(vcpu)) Know(vcpu);
        }
    }

    private void Know(GroupKey vcpu)
    {
        if (vcpu.Vcpu < 0) return;
        Total.Vcpus++;
        if (_grouping is not { IsOfVcpus: true, Grouping: Grouping.Vm }) return;
        SummaryRow vm = GroupOf(vcpu.At(Grouping.Vm));
        Touch(vm);
        vm.Vcpus++;
    }

    private void AddToGroup(int at, bool knowsHalts)
    {
        ref SummaryCell cell = ref _cells[at];
        cell.Decide(knowsHalts);
        SummaryRow group = cell.Group;
        Touch(group);
        cell.NextCell = group.FirstCell;
        group.FirstCell = at;
        group.Add(cell);
        Total.Add(cell);
        if (!cell.HasRounds) return;
        ReadOnlySpan<Row> rows = _interval.RowSpan;
        for (int i = cell.FirstRow; i != SummaryCell.None; i = _nextRow[i])
        {
            if (rows[i].Rounds is not { } rounds) continue;
            group.Add(rounds);
            Total.Add(rounds);
        }
    }

    private ulong? LongestOf(SummaryRow row)
    {
        (ulong timed, ulong ns) = row.Longest;
        return timed == 0 || (ns == 0 && !HasBins(row)) ? null : ns;
    }

    private bool HasBins(SummaryRow row)
    {
        ReadOnlySpan<Row> rows = _interval.RowSpan;
        foreach (int at in new CellsOf(this, row))
        {
            if (!row.HasInFigures(_cells[at])) continue;
            for (int i = _cells[at].FirstRow; i != SummaryCell.None; i = _nextRow[i])
                if (rows[i].HasBins) return true;
        }
        return false;
    }

    private void MakeDetail(SummaryRow row)
    {
        bool ofReasons = !_grouping.ByReason && row != Total;
        ReadOnlySpan<Row> rows = _interval.RowSpan;
        _bins.Clear();
        _shares.Clear();
        row.ClearBins();
        foreach (int at in new CellsOf(this, row))
        {
            ref SummaryCell cell = ref _cells[at];
            if (ofReasons && cell.Busy.Ns > 0) AddShare(cell);
            bool counts = row.HasInFigures(cell);
            if (!counts && !cell.HasRounds) continue;
            for (int i = cell.FirstRow; i != SummaryCell.None; i = _nextRow[i])
            {
                if (counts && rows[i].HasBins) _bins.Add(rows[i].Bins);
                if (cell.HasRounds && rows[i].Rounds is { } rounds) row.AddBins(rounds);
            }
        }
        row.SetPercentiles(_bins);
        row.SetReasons(_shares);
    }

    // The levels of a reason are two cells.
    private void AddShare(in SummaryCell cell)
    {
        Span<ReasonShare> shares = CollectionsMarshal.AsSpan(_shares);
        foreach (ref ReasonShare share in shares)
        {
            if (share.Code != cell.Key.Code) continue;
            share = share with { Count = share.Count + cell.Count, BusyNs = share.BusyNs + cell.Busy.Ns };
            return;
        }
        _shares.Add(new ReasonShare(cell.Key.Code, cell.Count, cell.Busy.Ns));
    }

    /// <summary>The numbers of a row's cells.</summary>
    private struct CellsOf(Summary summary, SummaryRow row)
    {
        private int _place = -1;

        public int Current { get; private set; } = SummaryCell.None;

        public readonly CellsOf GetEnumerator() => this;

        public bool MoveNext()
        {
            if (row == summary.Total) Current = ++_place < summary._touched.Count ? summary._touched[_place] : SummaryCell.None;
            else Current = _place++ < 0 ? row.FirstCell : summary._cells[Current].NextCell;
            return Current != SummaryCell.None;
        }
    }
}
