using System.Text.Json;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Tests.Recordings;

namespace Kvmscope.Core.Tests;

/// <summary>VMs and vCPUs without exits have rows where rows are about VMs or vCPUs: in each format, live and recorded.</summary>
public sealed class SilentVmTests
{
    private static readonly Interval s_live = Sample.IntervalOf(
        Sample.Row(Isa.Svm, 0x72, ExitLevel.L1, 100, 1_000, Sample.Web, 0),
        Sample.Row(Isa.Svm, 0x78, ExitLevel.L1, 3, 1_000_000, Sample.Web, 1))
        with
    {
        Vms = [Sample.Web, Sample.Db],
        Vcpus = [Keys.Of(Sample.Web, 0), Keys.Of(Sample.Web, 1), Keys.Of(Sample.Web, 7), Keys.Of(Sample.Db, 0)],
    };

    private static ReportRequest Request(ReportKind kind, GroupBy by) => new() { Kind = kind, Command = "x", By = by };

    private static IEnumerable<(string? Vm, int? Vcpu, bool? Idle, ulong Count)> Rows(Report report) =>
        report.Rows.Select(row => (row.Vm?.Name, row.Vcpu, row.Idle, row.Total.Count));

    private static string[] Cells(string text, int line) => text.Split('\n')[line].Split(' ', StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public void Each_VM_and_each_vcpu_has_a_row()
    {
        string web = Sample.Web.Name, db = Sample.Db.Name;
        Assert.Equal(
            [(web, null, null, 103UL), (db, null, null, 0UL)],
            Rows(ReportBuilder.Build(s_live, Request(ReportKind.Count, GroupBy.Vm))));
        Assert.Equal(
            [(web, 0, null, 100UL), (web, 1, null, 3UL), (web, 7, null, 0UL), (db, 0, null, 0UL)],
            Rows(ReportBuilder.Build(s_live, Request(ReportKind.Count, GroupBy.Vcpu))));
        // vCPU 1 has only idle exits, and no row of busy ones.
        Assert.Equal(
            [(web, 0, false, 100UL), (web, 7, null, 0UL), (db, 0, null, 0UL), (web, 1, true, 3UL)],
            Rows(ReportBuilder.Build(s_live, Request(ReportKind.Time, GroupBy.Vcpu | GroupBy.Vm))));
    }

    [Fact]
    public void Their_exits_are_0_and_what_is_not_known_is_not_shown()
    {
        Assert.Equal([.. Sample.Db.Name.Split(' '), "0"], Cells(Sample.Text(s_live, ReportKind.Count, by: GroupBy.Vm), 2));
        string text = Sample.Text(s_live, ReportKind.Time, by: GroupBy.Vm);
        Assert.Equal([.. Sample.Db.Name.Split(' '), "-", "0", "-", "-", "-", "-", "-"], Cells(text, 2));
        // Shares are of all, as without it.
        Assert.Contains("100", Cells(text, 1));
    }

    [Fact]
    public void JSON_has_a_group_without_figures()
    {
        using JsonDocument answer = JsonDocument.Parse(Sample.Text(s_live, ReportKind.Time, by: GroupBy.Vcpu, format: OutputFormat.Json));
        JsonElement[] rows = [.. answer.RootElement.GetProperty("rows").EnumerateArray().Where(Is(Sample.Db))];
        JsonElement row = Assert.Single(rows);
        Assert.Equal(("group", 0, 0UL, 0UL), (row.GetProperty("row").GetString(), row.GetProperty("vcpu").GetInt32(),
            row.GetProperty("count").GetUInt64(), row.GetProperty("total_ns").GetUInt64()));
        foreach (string name in new[] { "idle", "reason", "level", "avg_ns", "p50_ns", "p99_ns", "max_ns" })
            Assert.Equal(JsonValueKind.Null, row.GetProperty(name).ValueKind);
    }

    private static Func<JsonElement, bool> Is(VmIdentity vm) =>
        row => row.TryGetProperty("vm_pid", out JsonElement pid) && pid.GetInt32() == vm.Pid;

    [Fact]
    public void CSV_has_a_group_without_figures()
    {
        string[] lines = Sample.Text(s_live, ReportKind.Time, by: GroupBy.Vm, format: OutputFormat.Csv).Split('\n');
        string line = Assert.Single(lines, line => line.Contains($",{Sample.Db.Pid},", StringComparison.Ordinal));
        Assert.Contains($",group,\"database, \"\"main\"\"\",{Sample.Db.Pid},,,,,,,,,,0,0,,,,,,,", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ReportKind.Count, GroupBy.Vm | GroupBy.Reason)]
    [InlineData(ReportKind.Time, GroupBy.Vcpu | GroupBy.Level)]
    [InlineData(ReportKind.Time, GroupBy.Vm | GroupBy.Qualifier)]
    [InlineData(ReportKind.Time, GroupBy.Reason)]
    [InlineData(ReportKind.Hist, GroupBy.Vm)]
    [InlineData(ReportKind.Hist, GroupBy.None)]
    public void Elsewhere_a_row_without_exits_says_nothing(ReportKind kind, GroupBy by)
    {
        foreach (OutputFormat format in new[] { OutputFormat.Table, OutputFormat.Json, OutputFormat.Csv })
            Assert.Equal(
                Sample.Text(s_live with { Vcpus = [] }, kind, by: by, format: format), Sample.Text(s_live, kind, by: by, format: format));
    }

    [Fact]
    public void Totals_do_not_change()
    {
        Report with = ReportBuilder.Build(s_live, Request(ReportKind.Time, GroupBy.Vcpu)),
            without = ReportBuilder.Build(s_live with { Vcpus = [] }, Request(ReportKind.Time, GroupBy.Vcpu));
        Assert.Equal((without.Total.Total.Count, without.Busy.Total.TotalNs), (with.Total.Total.Count, with.Busy.Total.TotalNs));
        Assert.Equal(2, with.Rows.Count - without.Rows.Count);
    }

    [Fact]
    public void A_VM_whose_only_exit_began_earlier_is_counted_with_0()
    {
        var open = new Row(Keys.Of(new ExitCode(Isa.Svm, 0x72), ExitLevel.L1, Sample.Web, 0)) { Timed = 1, TotalNs = 5_000, MaxNs = 5_000 };
        Interval interval = Sample.IntervalOf(open) with { Vcpus = [Keys.Of(Sample.Web, 0)] };
        Assert.Equal([(Sample.Web.Name, null, null, 0UL)], Rows(ReportBuilder.Build(interval, Request(ReportKind.Count, GroupBy.Vm))));
        Assert.Equal([(Sample.Web.Name, null, false, 0UL)], Rows(ReportBuilder.Build(interval, Request(ReportKind.Time, GroupBy.Vm))));
    }

    [Fact]
    public void A_sum_has_all_that_were_in_a_part_of_it()
    {
        Interval later = s_live with { Changes = [], Vcpus = [Keys.Of(Sample.Db, 1)] };
        foreach (Grouping grouping in Enum.GetValues<Grouping>())
        {
            var sum = new IntervalSum(grouping);
            sum.Add(s_live);
            sum.Add(later);
            Assert.Equal(
                [.. s_live.Vcpus.Concat(later.Vcpus).Where(_ => grouping > Grouping.Host).Select(key => key.At(grouping)).Distinct()],
                sum.ToInterval().Vcpus);
        }
    }

    [Fact]
    public void A_sum_of_some_has_only_those()
    {
        var sum = new IntervalSum(Grouping.Vcpu, wants: key => key.Vcpu == 0);
        sum.Add(s_live);
        Assert.Equal([Keys.Of(Sample.Web, 0), Keys.Of(Sample.Db, 0)], sum.ToInterval().Vcpus);
        Assert.Equal([Keys.Of(Sample.Db, 0)], sum.ToInterval(vm => vm.Pid == Sample.Db.Pid).Vcpus);
    }

    [Fact]
    public void A_recording_knows_them_by_their_wall_clocks()
    {
        string web = Sample.Web.Name, db = Sample.Db.Name;
        VcpuTime Clock(VmIdentity vm, int vcpu, long ns) => new(Keys.Of(vm, vcpu), (ulong)ns, default);
        // In the second interval it turns out that the second VM's vCPU 0 had ended, and vCPU 1 goes on.
        Interval first = s_live with
        {
            TimeChanges = [Clock(Sample.Web, 0, 9), Clock(Sample.Web, 1, 9), Clock(Sample.Db, 0, 9), Clock(Sample.Db, 1, 9)],
        };
        Interval second = first with
        {
            First = 1,
            FromNs = first.ToNs,
            ToNs = first.ToNs + 1_000_000_000,
            Changes = [],
            TimeChanges = [Clock(Sample.Web, 0, 8), Clock(Sample.Web, 1, 8), Clock(Sample.Db, 0, -4), Clock(Sample.Db, 1, 8)],
        };
        Interval third = second with
        {
            First = 2,
            FromNs = second.ToNs,
            ToNs = second.ToNs + 1_000_000_000,
            Vms = [Sample.Web],
            TimeChanges = [Clock(Sample.Web, 0, 8), Clock(Sample.Web, 1, 8)],
        };
        Recording recording = Tape.Open(Tape.RecordIntervals(first, second, third));
        IEnumerable<(string?, int?, bool?, ulong)> Of(int from, int count, GroupBy by) => Rows(ReportBuilder.Build(
            recording.Sum(new IntervalRange(from, count), by == GroupBy.Vm ? Grouping.Vm : Grouping.Vcpu).ToInterval(),
            Request(ReportKind.Count, by)));
        Assert.Equal([(web, null, null, 103UL), (db, null, null, 0UL)], Of(0, 1, GroupBy.Vm));
        Assert.Equal([(web, null, null, 0UL), (db, null, null, 0UL)], Of(1, 1, GroupBy.Vm));
        Assert.Equal([(web, 0, null, 0UL), (web, 1, null, 0UL), (db, 1, null, 0UL)], Of(1, 1, GroupBy.Vcpu));
        Assert.Equal([(web, null, null, 0UL)], Of(2, 1, GroupBy.Vm));
        Assert.Equal([(web, null, null, 103UL), (db, null, null, 0UL)], Of(0, 3, GroupBy.Vm));
        Assert.Equal([(web, 0, null, 100UL), (web, 1, null, 3UL), (db, 0, null, 0UL), (db, 1, null, 0UL)], Of(0, 3, GroupBy.Vcpu));
    }

    [Fact]
    public void An_old_recording_without_wall_clocks_does_not_know_them()
    {
        Recording recording = Tape.Open(Tape.RecordIntervals(s_live));
        Assert.Equal([(Sample.Web.Name, null, null, 103UL)],
            Rows(ReportBuilder.Build(recording.Sum(recording.All, Grouping.Vm).ToInterval(), Request(ReportKind.Count, GroupBy.Vm))));
    }
}
