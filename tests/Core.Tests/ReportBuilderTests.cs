using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

/// <summary>Which rows a report has.</summary>
public sealed class ReportBuilderTests
{
    private static ReportRequest Request(ReportKind kind, GroupBy by = GroupBy.Reason) => new() { Kind = kind, Command = "time", By = by };

    private static Row Row(Action<Row> fill, ulong code = 10)
    {
        var row = new Row(Keys.Of(new ExitCode(Isa.Vmx, code), ExitLevel.L2, Sample.Web));
        fill(row);
        return row;
    }

    /// <summary>What a row has, whether <c>time</c> shows it, and whether <c>count</c> does.</summary>
    public static TheoryData<string, bool, bool> Figures => new()
    {
        { "nothing", false, false },
        { "exits", true, true },
        { "an end", true, false },
        { "parts", true, false },
        { "parts of 0", false, false },
        { "rounds", true, false },
    };

    // An exit that began in an earlier interval was counted there.
    [Theory]
    [MemberData(nameof(Figures))]
    public void A_row_without_figures_is_left_out(string what, bool inTime, bool inCount)
    {
        Interval interval = Sample.IntervalOf() with
        {
            Changes = [Row(row =>
            {
                if (what == "exits") row.Count = 1;
                if (what == "an end") row.Timed = 1;
                if (what.StartsWith("parts", StringComparison.Ordinal))
                    row.Parts = new TimeParts { [TimePart.Kvm] = what == "parts" ? 5UL : 0 };
                if (what == "rounds") row.Rounds = new ReflectedRounds { Reflected = 1 };
            })],
        };
        Assert.Equal(inTime ? 1 : 0, ReportBuilder.Build(interval, Request(ReportKind.Time)).Rows.Count);
        Assert.Equal(inCount ? 1 : 0, ReportBuilder.Build(interval, Request(ReportKind.Count)).Rows.Count);
    }

    [Fact]
    public void A_VM_whose_vCPUs_made_no_exit_has_one_row()
    {
        Interval interval = Sample.Of(Sample.Started, 1, [], new Accounting()) with
        {
            Vcpus = [GroupKey.OfVcpu(0, 0), GroupKey.OfVcpu(0, 1), GroupKey.OfVcpu(1, 0)],
        };
        Report report = ReportBuilder.Build(interval, Request(ReportKind.Time, GroupBy.Vm));
        Assert.Equal([Sample.Web, Sample.Db], report.Rows.Select(row => row.Vm));
        Assert.All(report.Rows, row => Assert.Equal(0UL, row.Total.Count));
    }

    [Theory]
    [InlineData(GroupBy.None, 0)]
    [InlineData(GroupBy.Reason | GroupBy.Level, 0)]
    [InlineData(GroupBy.Reason, 1)]
    [InlineData(GroupBy.Vm, 1)]
    public void Groups_are_there_where_rows_are_finer(GroupBy by, int groups)
    {
        Interval interval = Sample.IntervalOf(
            Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 5, 100, Sample.Web), Sample.Row(Isa.Vmx, 10, ExitLevel.L2, 7, 100, Sample.Web));
        Report report = ReportBuilder.BuildDetail(interval, Request(ReportKind.Time, by));
        Assert.Equal([5UL, 7UL], report.Rows.Select(row => row.Total.Count).Order());
        Assert.Equal(groups, report.Groups.Count);
        if (groups > 0) Assert.Equal(12UL, report.Groups[0].Total.Count);
    }

    [Theory]
    [InlineData(true, true, 1)]
    [InlineData(false, true, 0)]
    [InlineData(true, false, 0)]
    public void Wall_clocks_are_there_where_all_exits_are(bool split, bool hasAll, int walls)
    {
        Interval interval = Sample.IntervalOf() with
        {
            TimeChanges = [new VcpuTime(GroupKey.OfVcpu(0, 0), 100, new TimeParts { [TimePart.Guest] = 100 })],
        };
        Report report = ReportBuilder.Build(interval, Request(ReportKind.Time) with { Split = split, HasAllExits = hasAll });
        Assert.Equal(walls, report.Walls.Count);
    }

    [Fact]
    public void Busy_is_busy_also_with_the_rest_of_exits_that_were_idle_in_part()
    {
        Row halt = Row(row =>
        {
            (row.Count, row.Timed, row.TotalNs, row.MaxNs) = (1, 1, 1_000_000, 1_000_000);
            row.Bins.Add(HistogramLayout.BinOf(1_000_000), 1);
            row.Parts = new TimeParts { [TimePart.Halt] = 900_000, [TimePart.Kvm] = 100_000 };
            row.Key = row.Key with { Level = ExitLevel.L1 };
        }, code: 12);
        Row cpuid = Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 3, 1_000);
        Report report = ReportBuilder.Build(Sample.IntervalOf(halt, cpuid), Request(ReportKind.Time));
        Assert.True(report.BusyHasRest);
        Assert.False(report.Busy.Idle);
        Assert.Equal(103_000UL, report.Busy.Total.TotalNs);
        Assert.Equal(4UL, report.Total.Total.Count);
    }
}
