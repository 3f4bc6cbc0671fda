using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Reports;

/// <summary>Makes reports of answers.</summary>
public static class ReportBuilder
{
    private readonly record struct CellKey(int Vm, int Vcpu, ExitCode Code, ExitLevel Level, Qualifier Qualifier);

    private readonly record struct GroupKey(int Vm, int Vcpu, ExitCode Code, ExitLevel Level, bool Idle, Qualifier Qualifier);

    private sealed class Cell(VmIdentity? vm)
    {
        internal VmIdentity? Vm { get; } = vm;

        internal Measure Measure { get; } = new();

        internal TimeParts? Parts { get; set; }

        internal List<ReflectedRounds>? Rounds { get; set; }
    }

    /// <summary>Groups and orders an answer as the request says.</summary>
    /// <param name="answer">The answer; its snapshots had <see cref="ReportRequest.SnapshotGrouping"/> or a finer grouping.</param>
    /// <param name="request">What to show.</param>
    public static Report Build(Answer answer, ReportRequest request)
    {
        bool bins = request.Kind == ReportKind.Hist || (request.Kind == ReportKind.Time && request.Stats);
        return Build(answer, request, request.RowsBy, bins);
    }

    /// <summary>As machine formats have it: always by reason and level, and by VM and vCPU where they were asked for.</summary>
    internal static Report BuildDetail(Answer answer, ReportRequest request) =>
        Build(answer, request, request.RowsBy | GroupBy.Reason | GroupBy.Level, bins: request.Kind != ReportKind.Count);

    private static Report Build(Answer answer, ReportRequest request, GroupBy by, bool bins)
    {
        if (by == GroupBy.None && request.Kind != ReportKind.Hist) by = GroupBy.Reason;
        if (by.HasFlag(GroupBy.Vcpu)) by |= GroupBy.Vm;
        if (by.HasFlag(GroupBy.Qualifier)) by |= GroupBy.Reason;
        var grouper = new Grouper(by, SplitsIdle(by, request.Kind));
        Dictionary<CellKey, Cell> cells = Sum(answer, by, bins);
        QualifierRanks? ranks = by.HasFlag(GroupBy.Qualifier) ? Rank(cells, request) : null;
        foreach ((CellKey key, Cell cell) in cells)
        {
            CellKey shown = ranks is null ? key : key with { Qualifier = ranks.Shown(key.Vm, key.Vcpu, key.Code, key.Qualifier) };
            if (!request.Nested || key.Level == ExitLevel.L2) grouper.Add(shown, cell);
        }
        List<ReportRow> rows = grouper.Rows;
        rows.Sort(new ReportOrder(request.Order, request.Split));
        return new Report(request, answer, rows, grouper.Total, grouper.Busy)
        {
            Walls = request is { Split: true, HasAllExits: true } ? WallClockBuilder.Build(answer, request.By.HasFlag(GroupBy.Vcpu)) : [],
        };
    }

    private static QualifierRanks Rank(Dictionary<CellKey, Cell> cells, ReportRequest request)
    {
        var ranks = new QualifierRanks(request.Top, request.Order);
        foreach ((CellKey key, Cell cell) in cells) ranks.Add(key.Vm, key.Vcpu, key.Code, key.Qualifier, cell.Measure);
        return ranks;
    }

    // Each row's histogram is added once, here; all sums are then made of these few.
    private static Dictionary<CellKey, Cell> Sum(Answer answer, GroupBy by, bool bins)
    {
        bool byVm = by.HasFlag(GroupBy.Vm), byVcpu = by.HasFlag(GroupBy.Vcpu);
        bool byQualifier = by.HasFlag(GroupBy.Qualifier);
        var cells = new Dictionary<CellKey, Cell>();
        for (int i = 0; i < answer.Rows.Count; i++)
        {
            SnapshotRow row = answer.Rows[i];
            VmIdentity? vm = byVm ? row.Vm : null;
            var key = new CellKey(vm?.Ordinal ?? -1, byVcpu ? row.Vcpu ?? -1 : -1, row.Code, row.Level, byQualifier ? row.Qualifier : default);
            if (!cells.TryGetValue(key, out Cell? cell)) cells.Add(key, cell = new Cell(vm));
            cell.Measure.Add(row, bins);
            if (row.Parts is { } parts) AddParts(cell, parts);
            if (row.Rounds is { } rounds) (cell.Rounds ??= []).Add(rounds);
        }
        return cells;
    }

    private static void AddParts(Cell cell, TimeParts parts)
    {
        parts.Add(cell.Parts ?? default);
        cell.Parts = parts;
    }

    // Where reasons are not apart, the time of idle exits would swamp that of all others in one row.
    private static bool SplitsIdle(GroupBy by, ReportKind kind) => kind == ReportKind.Time && !by.HasFlag(GroupBy.Reason);

    private sealed class Grouper(GroupBy by, bool splitsIdle)
    {
        private readonly Dictionary<GroupKey, ReportRow> _groups = [];
        private readonly bool _byReason = by.HasFlag(GroupBy.Reason), _byLevel = by.HasFlag(GroupBy.Level);

        internal List<ReportRow> Rows { get; } = [];

        internal ReportRow Total { get; } = new();

        internal ReportRow Busy { get; } = new() { Idle = false };

        internal void Add(in CellKey key, in Cell cell)
        {
            bool idle = ExitReasons.IsIdle(key.Code);
            Total.Add(cell.Measure, key.Level);
            if (!idle) Busy.Add(cell.Measure, key.Level);
            ReportRow group = GroupOf(key, cell.Vm, idle);
            group.Add(cell.Measure, key.Level);
            if (cell.Parts is { } parts) group.Add(parts);
            foreach (ReflectedRounds rounds in cell.Rounds ?? []) group.Add(rounds);
        }

        private ReportRow GroupOf(in CellKey cell, VmIdentity? vm, bool idle)
        {
            bool knowsIdle = _byReason || splitsIdle;
            var key = new GroupKey(cell.Vm, cell.Vcpu, _byReason ? cell.Code : default, _byLevel ? cell.Level : default, knowsIdle && idle, cell.Qualifier);
            if (_groups.TryGetValue(key, out ReportRow? group)) return group;
            group = new ReportRow
            {
                Vm = vm,
                Vcpu = cell.Vcpu < 0 ? null : cell.Vcpu,
                Code = _byReason ? cell.Code : null,
                Level = _byLevel ? cell.Level : null,
                Idle = knowsIdle ? idle : null,
                Qualifier = cell.Qualifier,
            };
            _groups.Add(key, group);
            Rows.Add(group);
            return group;
        }
    }
}
