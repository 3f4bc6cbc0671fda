using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;

namespace Kvmscope.Core.Analysis.Timelines;

/// <summary>Makes timelines of consecutive intervals.</summary>
public static class TimelineBuilder
{
    private const string OtherName = "other";

    private sealed class Weight(VmIdentity? vm)
    {
        internal VmIdentity? Vm { get; } = vm;

        internal ulong Count { get; set; }

        internal ulong TotalNs { get; set; }
    }

    /// <summary>
    /// Groups intervals. Rows are ordered by their handling time, idle reasons (<see cref="Idleness.IsIdle"/>) after all others. Rows
    /// with several reasons (VMs, vCPUs and <c>other</c>) leave out the time of idle exits: waiting is not overhead.
    /// </summary>
    /// <param name="title">What was recorded, and where.</param>
    /// <param name="columns">The intervals, one after the other; grouped as finely as <paramref name="by"/> or finer.</param>
    /// <param name="by">What has its own row.</param>
    /// <param name="maxRows">How many rows there may be; where there are more groups the last one is <c>other</c>.</param>
    public static Timeline Build(string title, IReadOnlyList<Interval> columns, TimelineBy by, int maxRows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRows, 1);
        Dictionary<GroupKey, Weight> weights = Weigh(columns, by);
        GroupKey[] groups = [.. Order(weights, by)];
        int shown = groups.Length <= maxRows ? groups.Length : maxRows - 1;
        return new Timeline(
            title, by, [.. columns.Select(c => new TimelineColumn(c.From, c.Seconds) { Ended = c.To })],
            [.. Rows(columns, by, groups, shown, weights)])
        {
            Losses = AccountingText.Lines(IntervalSum.Of(columns)),
        };
    }

    // The shown groups are chosen first: histograms of all groups in every column could need a lot of memory.
    private static Dictionary<GroupKey, Weight> Weigh(IReadOnlyList<Interval> columns, TimelineBy by)
    {
        var weights = new Dictionary<GroupKey, Weight>();
        foreach (Interval column in columns)
            foreach (Row row in column.Rows)
            {
                if (row.Count == 0 && row.Timed == 0) continue;
                GroupKey group = TimelineGroup.Of(row.Key, by);
                if (!weights.TryGetValue(group, out Weight? weight)) weights.Add(group, weight = new Weight(column.VmOf(group)));
                weight.Count += row.Count;
                if (by == TimelineBy.Reason || !Idleness.IsIdle(row.Key)) weight.TotalNs += row.TotalNs;
            }
        return weights;
    }

    private static IEnumerable<GroupKey> Order(Dictionary<GroupKey, Weight> weights, TimelineBy by) =>
        weights.OrderBy(w => IsIdle(w.Key, by)).ThenByDescending(w => w.Value.TotalNs).ThenByDescending(w => w.Value.Count)
            .ThenBy(w => w.Key, TimelineGroup.Order).Select(w => w.Key);

    private static bool IsIdle(GroupKey group, TimelineBy by) => by == TimelineBy.Reason && Idleness.IsIdle(group);

    private static IEnumerable<TimelineRow> Rows(
        IReadOnlyList<Interval> columns, TimelineBy by, GroupKey[] groups, int shown, Dictionary<GroupKey, Weight> weights)
    {
        TimelineCell[][] cells = Fill(columns, by, groups, shown);
        HashSet<string> repeated = RepeatedNames(weights.Values);
        for (int i = 0; i < shown; i++)
        {
            VmIdentity? vm = weights[groups[i]].Vm;
            bool withPid = vm is not null && repeated.Contains(vm.Name);
            yield return new TimelineRow(TimelineGroup.Name(groups[i], by, vm, withPid), cells[i]) { IsIdle = IsIdle(groups[i], by) };
        }
        if (shown < groups.Length) yield return new TimelineRow(OtherName, cells[shown]) { Others = groups.Length - shown };
    }

    private static TimelineCell[][] Fill(IReadOnlyList<Interval> columns, TimelineBy by, GroupKey[] groups, int shown)
    {
        var places = new Dictionary<GroupKey, int>();
        for (int i = 0; i < groups.Length; i++) places.Add(groups[i], Math.Min(i, shown));
        var cells = new TimelineCell[shown < groups.Length ? shown + 1 : shown][];
        for (int i = 0; i < cells.Length; i++) cells[i] = [.. columns.Select(c => new TimelineCell(c.Seconds))];
        for (int column = 0; column < columns.Count; column++)
            foreach (Row row in columns[column].Rows)
            {
                if (!places.TryGetValue(TimelineGroup.Of(row.Key, by), out int place)) continue;
                bool isMixed = by != TimelineBy.Reason || place == shown;
                cells[place][column].Add(row, leaveOutTime: isMixed && Idleness.IsIdle(row.Key));
            }
        return cells;
    }

    private static HashSet<string> RepeatedNames(IEnumerable<Weight> weights)
    {
        Dictionary<string, int> pids = [];
        HashSet<string> repeated = [];
        foreach (Weight weight in weights)
            if (weight.Vm is { } vm && !pids.TryAdd(vm.Name, vm.Pid) && pids[vm.Name] != vm.Pid) repeated.Add(vm.Name);
        return repeated;
    }
}

/// <summary>The groups of a timeline: which rows belong to them, their names, their order.</summary>
internal static class TimelineGroup
{
    private const string AllVms = "all VMs";

    /// <summary>By VM, vCPU and reason.</summary>
    internal static readonly IComparer<GroupKey> Order = Comparer<GroupKey>.Create(Compare);

    /// <summary>The group that a row belongs to.</summary>
    internal static GroupKey Of(GroupKey row, TimelineBy by) => by == TimelineBy.Reason
        ? new GroupKey(GroupKey.None, GroupKey.None, row.Code, default)
        : GroupKey.OfVcpu(row.Vm, row.Vcpu).At(by == TimelineBy.Vcpu ? Grouping.Vcpu : Grouping.Vm);

    /// <summary>The name to show.</summary>
    /// <param name="group">The group.</param>
    /// <param name="by">What the groups are.</param>
    /// <param name="vm">The VM, where there is one.</param>
    /// <param name="withPid">Whether the name needs the pid to be unique.</param>
    internal static string Name(GroupKey group, TimelineBy by, VmIdentity? vm, bool withPid)
    {
        if (by == TimelineBy.Reason) return ExitReasons.Name(group.Code);
        string name = vm is null ? AllVms
            : withPid && vm.OnlyPid is { } pid ? string.Create(CultureInfo.InvariantCulture, $"{vm.Name} (pid {pid})") : vm.Name;
        return group.VcpuId is { } vcpu ? string.Create(CultureInfo.InvariantCulture, $"{name}, vCPU {vcpu}") : name;
    }

    private static int Compare(GroupKey x, GroupKey y)
    {
        int order = x.Vm.CompareTo(y.Vm);
        if (order == 0) order = x.Vcpu.CompareTo(y.Vcpu);
        if (order == 0) order = x.Code.Isa.CompareTo(y.Code.Isa);
        if (order == 0) order = ExitReasons.SortNumber(x.Code).CompareTo(ExitReasons.SortNumber(y.Code));
        return order != 0 ? order : x.Code.Code.CompareTo(y.Code.Code);
    }
}
