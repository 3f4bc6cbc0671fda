using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Reports;

/// <summary>Makes reports of answers.</summary>
public static class ReportBuilder
{
    private readonly record struct Key(int Vm, int Vcpu, ExitCode Code, ExitLevel Level, bool Idle);

    /// <summary>Groups and orders an answer as the request says.</summary>
    /// <param name="answer">The answer; its snapshots had <see cref="ReportRequest.SnapshotGrouping"/> or a finer grouping.</param>
    /// <param name="request">What to show.</param>
    public static Report Build(Answer answer, ReportRequest request)
    {
        bool bins = request.Kind == ReportKind.Hist || (request.Kind == ReportKind.Time && request.Stats);
        return Build(answer, request, request.By, bins);
    }

    /// <summary>As machine formats have it: always by reason and level, and by VM and vCPU where they were asked for.</summary>
    internal static Report BuildDetail(Answer answer, ReportRequest request) =>
        Build(answer, request, request.By | GroupBy.Reason | GroupBy.Level, bins: request.Kind != ReportKind.Count);

    private static Report Build(Answer answer, ReportRequest request, GroupBy by, bool bins)
    {
        if (by == GroupBy.None && request.Kind != ReportKind.Hist) by = GroupBy.Reason;
        if (by.HasFlag(GroupBy.Vcpu)) by |= GroupBy.Vm;
        var grouper = new Grouper(by, SplitsIdle(by, request.Kind), bins);
        for (int i = 0; i < answer.Rows.Count; i++) grouper.Add(answer.Rows[i]);
        List<ReportRow> rows = grouper.Rows;
        rows.Sort(new ReportOrder(request.Order));
        return new Report(request, answer, rows, grouper.Total, grouper.Busy);
    }

    // Where reasons are not apart, the time of idle exits would swamp that of all others in one row.
    private static bool SplitsIdle(GroupBy by, ReportKind kind) => kind == ReportKind.Time && !by.HasFlag(GroupBy.Reason);

    private sealed class Grouper(GroupBy by, bool splitsIdle, bool bins)
    {
        private readonly Dictionary<Key, ReportRow> _groups = [];

        internal List<ReportRow> Rows { get; } = [];

        internal ReportRow Total { get; } = new();

        internal ReportRow Busy { get; } = new() { Idle = false };

        internal void Add(SnapshotRow row)
        {
            bool idle = ExitReasons.IsIdle(row.Code);
            Total.Add(row, bins);
            if (!idle) Busy.Add(row, bins);
            GroupOf(row, idle).Add(row, bins);
        }

        private ReportRow GroupOf(SnapshotRow row, bool idle)
        {
            bool byReason = by.HasFlag(GroupBy.Reason), byLevel = by.HasFlag(GroupBy.Level);
            bool knowsIdle = byReason || splitsIdle;
            VmIdentity? vm = by.HasFlag(GroupBy.Vm) ? row.Vm : null;
            int? vcpu = by.HasFlag(GroupBy.Vcpu) ? row.Vcpu : null;
            var key = new Key(vm?.Ordinal ?? -1, vcpu ?? -1, byReason ? row.Code : default, byLevel ? row.Level : default, knowsIdle && idle);
            if (_groups.TryGetValue(key, out ReportRow? group)) return group;
            group = new ReportRow
            {
                Vm = vm,
                Vcpu = vcpu,
                Code = byReason ? row.Code : null,
                Level = byLevel ? row.Level : null,
                Idle = knowsIdle ? idle : null,
            };
            _groups.Add(key, group);
            Rows.Add(group);
            return group;
        }
    }
}
