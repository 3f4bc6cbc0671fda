using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Tests.Recordings;

namespace Kvmscope.Core.Tests.Summaries;

/// <summary>Summaries have the figures of reports.</summary>
public sealed class SummaryTests
{
    private static readonly GroupBy[] s_groupings =
    [
        GroupBy.Vm, GroupBy.Vcpu, GroupBy.Reason, GroupBy.Level, GroupBy.Qualifier, GroupBy.Page, GroupBy.Rip, GroupBy.Vm | GroupBy.Reason,
        GroupBy.Vcpu | GroupBy.Reason, GroupBy.Reason | GroupBy.Level, GroupBy.Vm | GroupBy.Qualifier, GroupBy.Vcpu | GroupBy.Level,
        GroupBy.Vm | GroupBy.Page | GroupBy.Rip, GroupBy.Qualifier | GroupBy.Level,
    ];

    private static readonly ExitCode s_hlt = new(Isa.Svm, 0x78), s_cpuid = new(Isa.Svm, 0x72);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 25)];

    /// <summary>Intervals of a random trace; some know of silent vCPUs, some not where halts are.</summary>
    private static List<Interval> Intervals(int seed)
    {
        List<Snapshot> snapshots = new RandomTrace(seed).Snapshots(9);
        var random = new Random(seed);
        var intervals = new List<Interval>();
        for (int from = 0; from < snapshots.Count; from++)
        {
            Interval interval = Tape.Live(snapshots, from, random.Next(from, snapshots.Count));
            if (random.Next(2) == 0)
            {
                GroupKey[] silent = [GroupKey.OfVcpu(0, 7), GroupKey.OfVcpu(9, 0)];
                interval = interval with { Vcpus = [.. interval.TimeChanges.Select(t => t.Key), .. silent] };
            }
            if (random.Next(4) == 0) interval = interval with { Missing = [new MissingSource(TimePart.Poll, "")] };
            if (random.Next(5) == 0) interval = interval with { TimeChanges = [] };
            intervals.Add(interval);
        }
        return intervals;
    }

    private static IEnumerable<SummaryScope> Scopes(Interval interval, int seed)
    {
        yield return default;
        Row[] rows = [.. interval.Rows];
        if (rows.Length == 0) yield break;
        GroupKey key = rows[seed % rows.Length].Key;
        yield return new SummaryScope { Vm = key.Vm };
        yield return new SummaryScope { Vm = key.Vm, Vcpu = key.Vcpu };
        yield return new SummaryScope { Code = key.Code };
        yield return new SummaryScope { Level = ExitLevel.L2 };
        yield return new SummaryScope { Vm = key.Vm, Code = key.Code, Qualifier = key.Qualifier };
    }

    // What a scope leaves, for a report.
    private static Interval Only(Interval interval, SummaryScope scope) => interval with
    {
        Changes = [.. interval.Rows.Where(row => scope.Has(row.Key))],
        TimeChanges = [.. interval.TimeChanges.Where(time => scope.HasVcpu(time.Key))],
        Vcpus = [.. interval.Vcpus.Where(vcpu => scope.HasVcpu(vcpu))],
    };

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Its_figures_are_those_of_reports(int seed)
    {
        List<Interval> intervals = Intervals(seed);
        var kept = s_groupings.ToDictionary(by => by, _ => new Summary());
        foreach (Interval interval in intervals)
            foreach (GroupBy by in s_groupings)
            {
                // The same one for interval after interval, and one that is asked something else each time.
                var changing = new Summary();
                Check(kept[by], interval, new SummaryRequest { By = by });
                foreach (SummaryScope scope in Scopes(interval, seed))
                    Check(changing, interval, new SummaryRequest { By = by, Scope = scope, LacksExits = seed % 7 == 0 });
            }
    }

    private static void Check(Summary summary, Interval interval, SummaryRequest request)
    {
        summary.Read(interval, request);
        summary.AddDetail([.. summary.Rows, summary.Total]);
        Interval left = Only(interval, request.Scope);
        var asked = new ReportRequest { Kind = ReportKind.Time, Command = "time", By = request.By, Top = int.MaxValue, Split = true };
        Report report = ReportBuilder.Build(left, asked with { Split = false });
        Assert.Equal(KeysOf(report, left, request), summary.Rows.Select(row => row.Key).ToHashSet());
        Assert.Equal(summary.Rows.Count, summary.Rows.Select(row => row.Key).Distinct().Count());
        foreach (SummaryRow row in summary.Rows)
        {
            CheckRow(row, [.. report.Rows.Where(r => r.Group.Key == row.Key)]);
            CheckParts(summary, row, left, report, request);
        }
        CheckTotal(summary.Total, report);
    }

    private static HashSet<GroupKey> KeysOf(Report report, Interval left, SummaryRequest request)
    {
        HashSet<GroupKey> keys = [.. report.Rows.Select(row => row.Group.Key)];
        // A vCPU of which only the wall clock is known.
        if (request.By is GroupBy.Vm or GroupBy.Vcpu)
            keys.UnionWith(WallClockBuilder.Build(left, request.By == GroupBy.Vcpu ? Grouping.Vcpu : Grouping.Vm)
                .Select(wall => GroupKey.OfVcpu(wall.Vm?.Ordinal ?? GroupKey.None, wall.Vcpu ?? GroupKey.None)));
        return keys;
    }

    private static void CheckRow(SummaryRow row, ReportRow[] reported)
    {
        ReportRow[] busy = [.. reported.Where(r => r.Idle == false)], idle = [.. reported.Where(r => r.Idle == true)];
        Assert.Equal(reported.Aggregate(0UL, (sum, r) => sum + r.Total.Count), row.Count);
        Assert.Equal(reported.Aggregate(0UL, (sum, r) => sum + r.L2.Count), row.L2Count);
        Assert.Equal(reported.Aggregate(0UL, (sum, r) => sum + r.Total.Timed), row.Timed);
        Assert.Equal(reported.Aggregate(0UL, (sum, r) => sum + r.Total.TotalNs), row.TotalNs);
        Assert.Equal(reported.Aggregate(0UL, (sum, r) => sum + r.BusyNs(null)), row.BusyNs);
        Assert.Equal(idle.Length > 0 && busy.Length == 0, row.IsIdle);
        Tally figures = busy.Concat(idle).FirstOrDefault()?.Total ?? new Tally();
        Assert.Equal((figures.LongestNs, figures.Quantile(0.5), figures.Quantile(0.99)), (row.MaxNs, row.P50Ns, row.P99Ns));
        if (row.Key.Code == default)
            Assert.Equal(idle.Aggregate(0UL, (sum, r) => sum + r.Total.Count), row.IdleCount);
        ReflectedRounds rounds = new();
        foreach (ReportRow r in reported)
            if (r.Rounds is { } more) rounds.Add(more);
        Assert.Equal(reported.All(r => r.Rounds is null), row.Rounds is null);
        ReflectedRounds made = row.Rounds ?? new();
        Assert.Equal(
            (rounds.Reflected, rounds.Timed, rounds.TotalNs, rounds.MaxNs, rounds.HandlingNs, rounds.L1Exits, rounds.Quantile(0.99)),
            (made.Reflected, made.Timed, made.TotalNs, made.MaxNs, made.HandlingNs, made.L1Exits, made.Quantile(0.99)));
        if (reported.Length == 1) Assert.Equal(Rounds.Handled(reported[0]), row.Handled);
    }

    private static void CheckParts(Summary summary, SummaryRow row, Interval left, Report report, SummaryRequest request)
    {
        bool byVcpu = request.By.HasFlag(GroupBy.Vcpu), byVm = byVcpu || request.By.HasFlag(GroupBy.Vm);
        IReadOnlyList<WallRow> walls = WallClockBuilder.Build(left, byVcpu ? Grouping.Vcpu : Grouping.Vm);
        WallRow[] own = [.. walls.Where(w => !byVm || (w.Vm?.Ordinal == row.Key.Vm && (!byVcpu || w.Vcpu == row.Key.VcpuId)))];
        Assert.Equal(own.Aggregate(0UL, (sum, w) => sum + w.WallNs), row.WallNs);
        bool areWalls = request.By is GroupBy.Vm or GroupBy.Vcpu && request.Scope is { Code: null, Level: null } && !request.LacksExits
            && walls.Count > 0;
        Assert.Equal(areWalls, summary.HasWallClocks);
        Row[] rows = [.. left.Rows.Where(r => IsIn(r, row, request.By))];
        TimeParts? expected = areWalls ? own.SingleOrDefault()?.Parts : SumOf(report.Rows.Where(r => r.Group.Key == row.Key));
        Assert.Equal(Numbers(expected), Numbers(row.Parts));
        if (row.Parts is not { } parts)
        {
            Assert.Null(row.LostNs);
            return;
        }
        if (areWalls) Assert.Equal(row.WallNs, parts.Sum);
        ulong idleVmm = rows.Where(r => ExitReasons.IsIdle(r.Key.Code)).Aggregate(0UL, (sum, r) => sum + (r.Parts?[TimePart.Vmm] ?? 0));
        ulong vmm = parts[TimePart.Vmm] > idleVmm ? parts[TimePart.Vmm] - idleVmm : 0;
        Assert.Equal(parts[TimePart.Kvm] + vmm + parts[TimePart.Runq], row.LostNs);
    }

    private static bool IsIn(Row row, SummaryRow group, GroupBy by)
    {
        var grouping = new RowGrouping(RowGrouping.Whole(by));
        return grouping.GroupOf(grouping.CellOf(row.Key)) == group.Key;
    }

    private static TimeParts? SumOf(IEnumerable<ReportRow> rows)
    {
        TimeParts sum = default;
        bool hasAny = false;
        foreach (ReportRow row in rows)
        {
            if (row.Parts is not { } parts) continue;
            hasAny = true;
            sum.Add(parts);
        }
        return hasAny ? sum : null;
    }

    private static ulong[]? Numbers(TimeParts? parts) =>
        parts is { } known ? [.. Enum.GetValues<TimePart>().Select(part => known[part])] : null;

    private static void CheckTotal(SummaryRow total, Report report)
    {
        Tally all = report.Total.Total;
        Assert.Equal(
            (all.Count, report.Total.L2.Count, all.Timed, all.TotalNs, report.Busy.Total.TotalNs),
            (total.Count, total.L2Count, total.Timed, total.TotalNs, total.BusyNs));
        Tally figures = report.Busy.Total;
        Assert.Equal((figures.LongestNs, figures.Quantile(0.5), figures.Quantile(0.99)), (total.MaxNs, total.P50Ns, total.P99Ns));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_largest_reasons_are_those_of_a_report_of_the_group(int seed)
    {
        var summary = new Summary();
        foreach (Interval interval in Intervals(seed))
        {
            summary.Read(interval, new SummaryRequest { By = GroupBy.Vm });
            summary.AddDetail(summary.Rows);
            Report report = ReportBuilder.Build(
                interval, new ReportRequest { Kind = ReportKind.Time, Command = "time", By = GroupBy.Vm | GroupBy.Reason });
            foreach (SummaryRow row in summary.Rows)
                Assert.Equal(
                    report.Rows.Where(r => r.Group.Key.Vm == row.Key.Vm && r.BusyNs(null) > 0)
                        .OrderByDescending(r => r.BusyNs(null)).ThenByDescending(r => r.Total.Count).ThenBy(r => r.Code!.Value.Code)
                        .Take(SummaryRow.MostReasons).Select(r => (r.Code!.Value, r.BusyNs(null))),
                    row.Reasons.Select(r => (r.Code, r.BusyNs)));
        }
    }

    [Fact]
    public void A_VM_has_its_vcpus_silent_ones_too()
    {
        Interval interval = Sample.IntervalOf(Sample.Row(Isa.Svm, 0x72, ExitLevel.L1, 100, 1_000, Sample.Web, 0)) with
        {
            Vcpus = [Keys.Of(Sample.Web, 0), Keys.Of(Sample.Web, 1), Keys.Of(Sample.Db, 0)],
        };
        var summary = new Summary();
        summary.Read(interval, new SummaryRequest { By = GroupBy.Vm });
        Assert.Equal([(0, 2, 100UL), (1, 1, 0UL)], summary.Rows.OrderBy(r => r.Key.Vm).Select(r => (r.Key.Vm, r.Vcpus, r.Count)));
        Assert.Equal(3, summary.Total.Vcpus);
        Assert.False(summary.Rows.Single(r => r.Count == 0).IsIdle);
        // Where they are not listed, those with exits are known.
        summary.Read(interval with { Vcpus = [] }, new SummaryRequest { By = GroupBy.Vm });
        Assert.Equal((1, 1), (Assert.Single(summary.Rows).Vcpus, summary.Total.Vcpus));
        summary.Read(interval, new SummaryRequest { By = GroupBy.Reason });
        Assert.Equal((0, 3), (Assert.Single(summary.Rows).Vcpus, summary.Total.Vcpus));
    }

    // Without an interrupt controller in the kernel, a halt waits in the VMM: that is not lost.
    [Fact]
    public void A_halt_in_the_VMM_is_not_lost_time()
    {
        TimeParts halt = default, work = default, outside = default;
        halt[TimePart.Vmm] = 700;
        halt[TimePart.Runq] = 20;
        (work[TimePart.Vmm], work[TimePart.Kvm]) = (30, 5);
        (outside[TimePart.Guest], outside[TimePart.Runq]) = (200, 1);
        Interval interval = Sample.IntervalOf(
            new Row(Keys.Of(s_hlt, ExitLevel.L1, Sample.Web, 0)) { Count = 1, Timed = 1, TotalNs = 720, Parts = halt },
            new Row(Keys.Of(s_cpuid, ExitLevel.L1, Sample.Web, 0)) { Count = 1, Timed = 1, TotalNs = 35, Parts = work }) with
        {
            TimeChanges = [new VcpuTime(Keys.Of(Sample.Web, 0), 956, outside)],
        };
        var summary = new Summary();
        summary.Read(interval, new SummaryRequest { By = GroupBy.Vm });
        Assert.Equal((56UL, 956UL), (Assert.Single(summary.Rows).LostNs.GetValueOrDefault(), summary.Rows[0].WallNs));
        summary.Read(interval, new SummaryRequest { By = GroupBy.Reason });
        Assert.Equal(35UL, summary.Rows.Single(r => r.Key.Code == s_cpuid).LostNs);
        Assert.Equal(20UL, summary.Rows.Single(r => r.Key.Code == s_hlt).LostNs);
    }

    // What a refresh allocates does not grow with rows.
    [Theory]
    [InlineData(10)]
    [InlineData(300)]
    public void Reading_again_allocates_nothing_per_row(int vcpus)
    {
        Interval Make(int seed)
        {
            var random = new Random(seed);
            Row[] rows = [.. Enumerable.Range(0, vcpus * 4).Select(i => Sample.Row(
                Isa.Svm, 0x60 + (ulong)(i % 4), ExitLevel.L1, (ulong)random.Next(1, 9), (ulong)random.Next(1, 99_999), Sample.Web, i / 4))];
            foreach (Row row in rows) row.Parts = new TimeParts { [TimePart.Kvm] = row.TotalNs };
            VcpuTime[] times = [.. Enumerable.Range(0, vcpus).Select(i => new VcpuTime(Keys.Of(Sample.Web, i), 1_000_000_000, default))];
            return Sample.IntervalOf() with { Changes = rows, TimeChanges = times, Vcpus = [.. times.Select(time => time.Key)] };
        }
        var requests = new[] { GroupBy.Vm, GroupBy.Vcpu, GroupBy.Reason }.Select(by => new SummaryRequest { By = by }).ToArray();
        var summaries = requests.Select(_ => new Summary()).ToArray();
        var matrix = new LatencyMatrix();
        Interval[] intervals = [.. Enumerable.Range(0, 20).Select(Make)];
        long least = long.MaxValue;
        for (int i = 0; i < intervals.Length; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int by = 0; by < requests.Length; by++)
            {
                summaries[by].Read(intervals[i], requests[by]);
                summaries[by].AddDetail(summaries[by].Rows);
            }
            matrix.Read(intervals[i], requests[1]);
            // The first ones find out how much memory it takes, and now and then the runtime takes some for itself.
            if (i >= 10) least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.InRange(least, 0, 2_000);
    }

    // Of each row, what a pane says of it: the same as if all of the interval were looked through for it.
    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_row_alone_has_the_figures_that_it_has_among_others(int seed)
    {
        Summary whole = new(), part = new(), looked = new();
        foreach (Interval interval in Intervals(seed))
            foreach (GroupBy by in s_groupings.Where(by => !by.HasFlag(GroupBy.Level) && ReportRequest.PartsOf(by) == ExitParts.None))
            {
                whole.Read(interval, new SummaryRequest { By = by });
                foreach (SummaryRow row in whole.Rows)
                {
                    GroupKey key = row.Key;
                    var scope = new SummaryScope
                    {
                        Vm = key.Vm < 0 ? null : key.Vm,
                        Vcpu = key.VcpuId,
                        Code = key.Code == default(ExitCode) ? null : key.Code,
                    };
                    looked.Read(interval, new SummaryRequest { By = GroupBy.Reason, Scope = scope });
                    part.Read(whole.Only(row), new SummaryRequest { By = GroupBy.Reason });
                    Assert.Equal(Figures(looked), Figures(part));
                }
            }

        static List<(GroupKey, ulong, ulong, ulong, ulong?, ulong?)> Figures(Summary summary)
        {
            summary.AddDetail(summary.Rows);
            return [.. summary.Rows.Where(row => row.Count > 0).Select(row =>
                (row.Key, row.Count, row.Timed, row.BusyNs, row.P99Ns, row.MaxNs)).OrderBy(row => row.Key.Code.Code)];
        }
    }

    [Fact]
    public void Detail_is_of_the_rows_of_the_last_reading_only()
    {
        var summary = new Summary();
        Row exits = Sample.Row(Isa.Svm, 0x72, ExitLevel.L1, 100, 1_000, Sample.Web, 0);
        summary.Read(Sample.IntervalOf(exits), new() { By = GroupBy.Vm });
        SummaryRow row = Assert.Single(summary.Rows);
        Assert.Null(row.P99Ns);
        Assert.Empty(row.Reasons);
        summary.AddDetail([row]);
        Assert.Equal((exits.Quantile(0.99), 100UL), (row.P99Ns, row.Reasons.Single().Count));
        summary.Read(Sample.IntervalOf(), new() { By = GroupBy.Vm });
        Assert.Empty(summary.Rows);
        Assert.Throws<ArgumentException>(() => summary.AddDetail([row]));
        Assert.Throws<ArgumentException>(() => summary.Only(row));
    }
}
