using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Tests;

public sealed class TableViewTests
{
    [Theory]
    [InlineData(ReportKind.Count, false, 80)]
    [InlineData(ReportKind.Count, false, 40)]
    [InlineData(ReportKind.Time, false, 80)]
    [InlineData(ReportKind.Time, false, 40)]
    [InlineData(ReportKind.Time, true, 80)]
    [InlineData(ReportKind.Time, true, 40)]
    public void Nested_guests_are_shown(ReportKind kind, bool stats, int width)
    {
        string text = Sample.Text(Sample.Nested, kind, width, stats: stats);
        Golden.FitsIn(width, text);
        Golden.Check($"nested-{kind}{(stats ? "-stats" : "")}-{width}".ToLowerInvariant(), text);
    }

    [Theory]
    [InlineData(ReportKind.Count, false)]
    [InlineData(ReportKind.Time, false)]
    [InlineData(ReportKind.Time, true)]
    public void Amd_is_shown(ReportKind kind, bool stats)
    {
        string text = Sample.Text(Sample.Svm, kind, stats: stats);
        Golden.FitsIn(80, text);
        Golden.Check($"svm-{kind}{(stats ? "-stats" : "")}-80".ToLowerInvariant(), text);
    }

    [Theory]
    [InlineData(GroupBy.Vm, "vm")]
    [InlineData(GroupBy.Vcpu, "vcpu")]
    [InlineData(GroupBy.Level, "level")]
    [InlineData(GroupBy.Vm | GroupBy.Reason, "vm-reason")]
    [InlineData(GroupBy.Vcpu | GroupBy.Reason | GroupBy.Level, "vcpu-reason-level")]
    public void Groups_are_shown(GroupBy by, string name)
    {
        foreach (bool stats in (bool[])[false, true])
        {
            string text = Sample.Text(TwoMachines, ReportKind.Time, by: by, stats: stats);
            Golden.FitsIn(80, text);
            Golden.Check($"by-{name}{(stats ? "-stats" : "")}", text);
            Golden.FitsIn(40, Sample.Text(TwoMachines, ReportKind.Time, 40, by: by, stats: stats));
        }
        Golden.Check($"by-{name}-count", Sample.Text(TwoMachines, ReportKind.Count, by: by));
    }

    [Theory]
    [InlineData(ReportKind.Time, "same-names")]
    [InlineData(ReportKind.Hist, "same-names-hist")]
    public void VMs_of_one_name_are_told_apart(ReportKind kind, string name)
    {
        VmIdentity other = new(2, 4713, Sample.Web.Name);
        Interval interval = Sample.IntervalOf(
            Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 7, 812, Sample.Web), Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 5, 912, other)) with
        { Vms = [Sample.Web, other] };
        Golden.Check(name, Sample.Text(interval, kind, by: GroupBy.Vm));
    }

    [Fact]
    public void One_row_is_shown() =>
        Golden.Check("one-row", Sample.Text(Sample.IntervalOf(Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 1, 812)), ReportKind.Time));

    [Theory]
    [InlineData(80)]
    [InlineData(40)]
    public void No_rows_are_said(int width)
    {
        foreach (ReportKind kind in Enum.GetValues<ReportKind>())
        {
            string text = Sample.Text(Sample.IntervalOf(), kind, width);
            Golden.FitsIn(width, text);
            Golden.Check($"no-rows-{width}", text);
        }
    }

    [Theory]
    [InlineData(80)]
    [InlineData(40)]
    public void Losses_are_said(int width)
    {
        var accounting = new Accounting
        {
            Exits = 20,
            Entries = 1,
            UnpairedExits = 12,
            UnpairedEntries = 1,
            Open = 3,
            LostEvents = 7,
            DroppedCells = 1,
            DroppedVcpus = 5,
            VcpuRoom = 128,
            DroppedExits = 99,
            UnreadReasons = 2,
        };
        Interval interval = Sample.IntervalOf(
            accounting, Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 18, 812), Sample.Row(Isa.Vmx, 71, ExitLevel.L1, 4, 812),
            Sample.Row(Isa.None, 0, ExitLevel.L1, 2, 9));
        string text = Sample.Text(interval, ReportKind.Time, width);
        Golden.FitsIn(width, text);
        Golden.Check($"losses-{width}", text);
    }

    [Theory]
    [InlineData(ReportKind.Count, false)]
    [InlineData(ReportKind.Time, false)]
    [InlineData(ReportKind.Time, true)]
    public void Huge_numbers_do_not_break_the_columns(ReportKind kind, bool stats)
    {
        Interval interval = Sample.IntervalOf(
            Huge(12, ExitLevel.L1, ulong.MaxValue / 3), Huge(48, ExitLevel.L2, ulong.MaxValue / 3), Huge(1, ExitLevel.L1, 1),
            Huge(32, ExitLevel.L1, 12_345_678));
        foreach (int width in (int[])[80, 60, 40])
        {
            string text = Sample.Text(interval, kind, width, stats: stats);
            Golden.FitsIn(width, text);
            Golden.Check($"huge-{kind}{(stats ? "-stats" : "")}-{width}".ToLowerInvariant(), text);
        }
    }

    [Fact]
    public void Colour_only_where_asked()
    {
        string plain = Sample.Text(Sample.Nested, ReportKind.Time), colored = Sample.Text(Sample.Nested, ReportKind.Time, color: true);
        Assert.DoesNotContain('\e', plain);
        Assert.Contains("\e[1m", colored, StringComparison.Ordinal);
        Assert.Equal(plain, colored.Replace("\e[1m", "").Replace("\e[2m", "").Replace("\e[33m", "").Replace("\e[0m", ""));
    }

    [Fact]
    public void A_name_cannot_command_the_terminal()
    {
        var evil = new VmIdentity(0, 1, "a\e[2Jb\n\u009bc");
        Interval interval = Sample.IntervalOf(Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 1, 812, evil)) with { Vms = [evil] };
        Assert.Contains("a?[2Jb??c", Sample.Text(interval, ReportKind.Time, by: GroupBy.Vm), StringComparison.Ordinal);
        Assert.Contains("a?[2Jb??c", Sample.Text(interval, ReportKind.Hist, by: GroupBy.Vm), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_width_can_be_asked_for()
    {
        for (int width = 1; width < 200; width++)
            foreach (ReportKind kind in Enum.GetValues<ReportKind>())
            {
                string text = Sample.Text(TwoMachines, kind, width, GroupBy.Vcpu | GroupBy.Reason, stats: true);
                if (width >= 40) Golden.FitsIn(width, text);
            }
    }

    private static Interval TwoMachines { get; } = Sample.IntervalOf(
        Sample.Row(Isa.Svm, 0x72, ExitLevel.L1, 1000, 1_200, Sample.Web, 0),
        Sample.Row(Isa.Svm, 0x72, ExitLevel.L1, 23, 1_700, Sample.Web, 1),
        Sample.Row(Isa.Svm, 0x72, ExitLevel.L1, 11, 8_200, Sample.Db, 0),
        Sample.Row(Isa.Svm, 0x78, ExitLevel.L1, 50, 90_000_000, Sample.Web, 0),
        Sample.Row(Isa.Svm, 0x78, ExitLevel.L1, 70, 80_000_000, Sample.Db, 0),
        Sample.Row(Isa.Svm, 0x78, ExitLevel.L2, 5, 5_000, Sample.Db, 0),
        Sample.Row(Isa.Svm, 0x7c, ExitLevel.L1, 31, 2_500, Sample.Web, 1),
        Sample.Row(Isa.Svm, 0x402, ExitLevel.L2, 31, 2_500, Sample.Db, 0));

    private static Row Huge(ulong code, ExitLevel level, ulong count)
    {
        var row = new Row(Keys.Of(new ExitCode(Isa.Vmx, code), level))
        { Count = count, Timed = count, TotalNs = ulong.MaxValue / 8, MaxNs = ulong.MaxValue / 2 };
        row.Bins.Add(HistogramLayout.BinCount - 1, count);
        return row;
    }
}
