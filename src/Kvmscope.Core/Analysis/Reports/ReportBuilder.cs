using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>Makes reports of intervals.</summary>
public static class ReportBuilder
{
    /// <summary>Groups and orders an interval as the request says.</summary>
    /// <param name="interval">The interval; grouped by <see cref="ReportRequest.Grouping"/> or finer.</param>
    /// <param name="request">What to show.</param>
    public static Report Build(Interval interval, ReportRequest request) => Build(interval, request, request.RowsBy);

    /// <summary>
    /// For machine formats: always by reason and level, and by VM and vCPU where requested; the rows of a table are in
    /// <see cref="Report.Groups"/>.
    /// </summary>
    internal static Report BuildDetail(Interval interval, ReportRequest request)
    {
        GroupBy rows = Whole(request.RowsBy, request.Kind), detail = Whole(rows | GroupBy.Reason | GroupBy.Level, request.Kind);
        // One sum of all is the total.
        return Build(interval, request, detail, rows == detail || request.By == GroupBy.None ? null : rows);
    }

    private static Report Build(Interval interval, ReportRequest request, GroupBy by, GroupBy? groups = null)
    {
        Interval shown = Shown(interval, request);
        by = Whole(by, request.Kind);
        Grouper grouper = new(shown, by, request.Kind);
        Grouper? coarse = groups is { } coarser ? new(shown, coarser, request.Kind) : null;
        var grouping = new RowGrouping(by);
        Dictionary<GroupKey, TallySum> cells = Sum(shown, grouping, request.PageShift);
        bool knowsHalts = Idleness.KnowsHalts(shown);
        QualifierRanks? ranks = grouping.Parts != ExitParts.None ? Rank(cells, request) : null;
        foreach ((GroupKey key, TallySum cell) in cells)
        {
            if (request.Nested && key.Level != ExitLevel.L2) continue;
            GroupKey row = ranks?.Shown(key) ?? key;
            ReportPart part = ReportPart.Of(key, cell.Value, knowsHalts);
            grouper.Add(row, part);
            coarse?.Add(row, part);
        }
        grouper.Finish();
        coarse?.Finish();
        var order = new ReportOrder(request.Order, request.Split, request.IdleApart);
        grouper.Rows.Sort(order);
        coarse?.Rows.Sort(order);
        ulong exits = interval.Accounting.Exits + CountOf(shown) - CountOf(interval);
        interval = interval with { Accounting = interval.Accounting with { Exits = exits } };
        return new Report(request, interval, grouper.Rows, grouper.Total(), grouper.Busy())
        {
            Groups = coarse?.Rows ?? [],
            BusyHasRest = grouper.HasRest,
            Walls = request is { Split: true, HasAllExits: true } ? WallClockBuilder.Build(interval, request.WallsBy) : [],
        };
    }

    // Where only the advice needs qualifiers, the table has open exits as it has them without advice.
    private static Interval Shown(Interval interval, ReportRequest request)
    {
        ExitParts parts = ReportRequest.PartsOf(request.By);
        if (parts == request.Parts) return interval;
        var sum = new IntervalSum(request.Grouping, parts);
        sum.Add(interval);
        return sum.ToInterval();
    }

    private static ulong CountOf(Interval interval) => interval.Rows.Aggregate(0UL, (sum, row) => sum + row.Count);

    // An exit that began before this interval has only its time here: that is nothing to count.
    private static bool HasFigures(ReportRow row, ReportKind kind) =>
        row.Total.Count > 0 || (kind != ReportKind.Count && (row.Total.Timed > 0 || row.Parts is { Sum: > 0 } || row.Rounds is not null));

    // With what it includes.
    private static GroupBy Whole(GroupBy by, ReportKind kind)
    {
        if (by == GroupBy.None && kind != ReportKind.Hist) by = GroupBy.Reason;
        return RowGrouping.Whole(by);
    }

    private static QualifierRanks Rank(Dictionary<GroupKey, TallySum> cells, ReportRequest request)
    {
        var ranks = new QualifierRanks(request.Top, request.Order);
        foreach ((GroupKey key, TallySum cell) in cells) ranks.Add(key, cell.Value);
        return ranks;
    }

    // Each row's histogram is added once, here; all other sums are made of these few.
    private static Dictionary<GroupKey, TallySum> Sum(Interval interval, RowGrouping grouping, int? pageShift)
    {
        var cells = new Dictionary<GroupKey, TallySum>(grouping.Grouping == Grouping.Vcpu ? interval.Rows.Count : 0);
        foreach (Row row in interval.Rows)
        {
            GroupKey key = grouping.CellOf(row.Key);
            if (pageShift is { } shift && key.Place is { } place) key = key with { Place = place.WithPageOf(shift) };
            CollectionsMarshal.GetValueRefOrAddDefault(cells, key, out _).Add(row);
        }
        return cells;
    }

    private sealed class Grouper(Interval interval, GroupBy by, ReportKind kind)
    {
        private readonly Dictionary<(GroupKey Key, bool Idle), ReportRow> _groups = [];
        private readonly RowGrouping _grouping = new(by);
        private readonly bool _byReason = by.HasFlag(GroupBy.Reason), _byLevel = by.HasFlag(GroupBy.Level);

        // Without rows per reason, the time of idle exits would hide that of all others in one row.
        private readonly bool _splitsIdle = !by.HasFlag(GroupBy.Reason) && kind == ReportKind.Time;

        // Busy as a whole, idle in whole or in part, and the busy part of the latter.
        private readonly ReportRow _busy = new() { Idle = false }, _idle = new(), _rest = new();

        internal List<ReportRow> Rows { get; } = [];

        /// <summary>Whether Busy has exits of which a part was idle.</summary>
        internal bool HasRest { get; private set; }

        // Made of these, so that each histogram is added once.
        internal ReportRow Total()
        {
            var total = new ReportRow();
            total.Add(_busy);
            total.Add(_idle);
            return total;
        }

        internal ReportRow Busy()
        {
            if (!HasRest) return _busy;
            var busy = new ReportRow { Idle = false };
            busy.Add(_busy);
            busy.Add(_rest);
            return busy;
        }

        internal void Add(GroupKey key, in ReportPart part)
        {
            (part.IsWhollyBusy ? _busy : _idle).Add(part, key.Level);
            if (part.Rest is { } rest)
            {
                HasRest = true;
                _rest.Add(part with { All = rest }, key.Level);
            }
            GroupOf(key, _splitsIdle && part.IsIdle).Add(part, key.Level);
        }

        /// <summary>Leaves out rows without figures, and adds those of VMs or vCPUs that made no exit.</summary>
        internal void Finish()
        {
            Rows.RemoveAll(row => !HasFigures(row, kind));
            foreach (ReportRow row in Rows) row.DecideIdle();
            if (!_grouping.IsOfVcpus || kind == ReportKind.Hist) return;
            HashSet<GroupKey> shown = [.. Rows.Select(row => row.Group.Key)];
            foreach (GroupKey vcpu in interval.Vcpus)
            {
                GroupKey key = vcpu.At(_grouping.Grouping);
                if (shown.Add(key)) Rows.Add(new ReportRow { Group = (key, false), Vm = interval.VmOf(key), Vcpu = key.VcpuId });
            }
        }

        private ReportRow GroupOf(GroupKey cell, bool idle)
        {
            GroupKey key = _grouping.GroupOf(cell);
            ref ReportRow? group = ref CollectionsMarshal.GetValueRefOrAddDefault(_groups, (key, idle), out _);
            if (group is not null) return group;
            group = new ReportRow
            {
                Group = (key, idle),
                Vm = interval.VmOf(key),
                Vcpu = key.VcpuId,
                Code = _byReason ? key.Code : null,
                Level = _byLevel ? key.Level : null,
                Idle = _byReason || _splitsIdle ? idle : null,
                Qualifier = key.Qualifier,
                Place = key.Place,
            };
            Rows.Add(group);
            return group;
        }
    }
}
