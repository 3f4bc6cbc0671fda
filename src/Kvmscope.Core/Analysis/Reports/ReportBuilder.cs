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

    /// <summary>For machine formats: always by reason and level, and by VM and vCPU where requested.</summary>
    internal static Report BuildDetail(Interval interval, ReportRequest request) =>
        Build(interval, request, request.RowsBy | GroupBy.Reason | GroupBy.Level);

    private static Report Build(Interval interval, ReportRequest request, GroupBy by)
    {
        if (by == GroupBy.None && request.Kind != ReportKind.Hist) by = GroupBy.Reason;
        if (by.HasFlag(GroupBy.Vcpu)) by |= GroupBy.Vm;
        if (by.HasFlag(GroupBy.Qualifier)) by |= GroupBy.Reason;
        var grouper = new Grouper(interval, by, SplitsIdle(by, request.Kind));
        Dictionary<GroupKey, TallySum> cells = Sum(interval, by);
        QualifierRanks? ranks = by.HasFlag(GroupBy.Qualifier) ? Rank(cells, request) : null;
        foreach ((GroupKey key, TallySum cell) in cells)
        {
            GroupKey shown = ranks is null ? key : key with { Qualifier = ranks.Shown(key) };
            if (!request.Nested || key.Level == ExitLevel.L2) grouper.Add(shown, cell.Value);
        }
        List<ReportRow> rows = grouper.Rows;
        rows.Sort(new ReportOrder(request.Order, request.Split, request.IdleApart));
        return new Report(request, interval, rows, grouper.Total, grouper.Busy)
        {
            Walls = request is { Split: true, HasAllExits: true } ? WallClockBuilder.Build(interval, request.By.HasFlag(GroupBy.Vcpu)) : [],
        };
    }

    private static QualifierRanks Rank(Dictionary<GroupKey, TallySum> cells, ReportRequest request)
    {
        var ranks = new QualifierRanks(request.Top, request.Order);
        foreach ((GroupKey key, TallySum cell) in cells) ranks.Add(key, cell.Value);
        return ranks;
    }

    // Each row's histogram is added once, here; all other sums are made of these few.
    private static Dictionary<GroupKey, TallySum> Sum(Interval interval, GroupBy by)
    {
        Grouping grouping = by.HasFlag(GroupBy.Vcpu) ? Grouping.Vcpu : by.HasFlag(GroupBy.Vm) ? Grouping.Vm : Grouping.Host;
        bool byQualifier = by.HasFlag(GroupBy.Qualifier);
        var cells = new Dictionary<GroupKey, TallySum>();
        foreach (Row row in interval.Rows)
        {
            GroupKey key = row.Key.At(grouping);
            CollectionsMarshal.GetValueRefOrAddDefault(cells, byQualifier ? key : key.WithoutQualifier(), out _).Add(row);
        }
        return cells;
    }

    // Without rows per reason, the time of idle exits would hide that of all others in one row.
    private static bool SplitsIdle(GroupBy by, ReportKind kind) => kind == ReportKind.Time && !by.HasFlag(GroupBy.Reason);

    private sealed class Grouper(Interval interval, GroupBy by, bool splitsIdle)
    {
        private readonly Dictionary<(GroupKey Key, bool Idle), ReportRow> _groups = [];
        private readonly bool _byReason = by.HasFlag(GroupBy.Reason), _byLevel = by.HasFlag(GroupBy.Level);

        internal List<ReportRow> Rows { get; } = [];

        internal ReportRow Total { get; } = new();

        internal ReportRow Busy { get; } = new() { Idle = false };

        internal void Add(GroupKey key, Tally cell)
        {
            bool idle = ExitReasons.IsIdle(key.Code);
            Total.Add(cell, key.Level);
            if (!idle) Busy.Add(cell, key.Level);
            GroupOf(key, idle).Add(cell, key.Level);
        }

        private ReportRow GroupOf(GroupKey cell, bool idle)
        {
            bool knowsIdle = _byReason || splitsIdle;
            GroupKey key = cell with { Code = _byReason ? cell.Code : default, Level = _byLevel ? cell.Level : default };
            if (_groups.TryGetValue((key, knowsIdle && idle), out ReportRow? group)) return group;
            group = new ReportRow
            {
                Group = (key, knowsIdle && idle),
                Vm = interval.VmOf(key),
                Vcpu = key.VcpuId,
                Code = _byReason ? key.Code : null,
                Level = _byLevel ? key.Level : null,
                Idle = knowsIdle ? idle : null,
                Qualifier = key.Qualifier,
            };
            _groups.Add((key, knowsIdle && idle), group);
            Rows.Add(group);
            return group;
        }
    }
}
