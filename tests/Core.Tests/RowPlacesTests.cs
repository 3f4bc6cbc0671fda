using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;

namespace Kvmscope.Core.Tests;

/// <summary>Tables that follow one another (<c>--interval</c>): a row stays where the reader found it.</summary>
public sealed class RowPlacesTests
{
    [Fact]
    public void Rows_keep_their_places()
    {
        string[][] shown = Shown(
            [Busy(10, 500), Busy(48, 400), Busy(32, 300)], [Busy(10, 1), Busy(48, 2), Busy(32, 900)], [Busy(10, 9), Busy(48, 9)]);
        Assert.Equal(["CPUID", "EPT_VIOLATION", "MSR_WRITE"], shown[0]);
        Assert.Equal(shown[0], shown[1]);
        Assert.Equal(["CPUID", "EPT_VIOLATION"], shown[2]);
    }

    [Fact]
    public void A_new_row_is_below_the_last_one_that_took_longer()
    {
        string[][] shown = Shown([Busy(10, 500), Busy(48, 400)], [Busy(10, 500), Busy(48, 400), Busy(32, 450), Busy(30, 460), Busy(1, 9)]);
        Assert.Equal(["CPUID", "IO_INSTRUCTION", "MSR_WRITE", "EPT_VIOLATION", "EXTERNAL_INTERRUPT"], shown[1]);
        // Below all that took longer, wherever they are.
        shown = Shown([Busy(10, 500), Busy(48, 400)], [Busy(10, 1), Busy(48, 400), Busy(32, 300)]);
        Assert.Equal(["CPUID", "EPT_VIOLATION", "MSR_WRITE"], shown[1]);
    }

    [Fact]
    public void A_row_that_pauses_comes_back_to_its_place()
    {
        string[][] shown = Shown([Busy(10, 500), Busy(48, 400), Busy(32, 300)], [Busy(10, 1), Busy(32, 9)], [],
            [Busy(10, 1), Busy(48, 2), Busy(32, 9)]);
        Assert.Equal(["CPUID", "EPT_VIOLATION", "MSR_WRITE"], shown[3]);
    }

    [Fact]
    public void Idle_stays_last()
    {
        string[][] shown = Shown([Busy(12, 900)], [Busy(12, 900), Busy(10, 1)], [Busy(36, 5), Busy(12, 900), Busy(48, 7)]);
        Assert.Equal(["CPUID", "HLT"], shown[1]);
        Assert.Equal(["EPT_VIOLATION", "MWAIT_INSTRUCTION", "HLT"], shown[2]);
    }

    [Fact]
    public void The_same_reason_of_another_level_or_vCPU_is_another_row()
    {
        Row[] first = [Of(10, ExitLevel.L1, 0, 50), Of(10, ExitLevel.L2, 0, 40), Of(10, ExitLevel.L1, 1, 30)];
        Row[] second = [Of(10, ExitLevel.L1, 0, 1), Of(10, ExitLevel.L2, 0, 2), Of(10, ExitLevel.L1, 1, 3)];
        string[] tables = Tables(GroupBy.Vcpu | GroupBy.Reason | GroupBy.Level, first, second);
        string[] keys = [.. tables.Select(t => string.Join(", ", t.Split('\n')[1..4].Select(line => line[..40].TrimEnd())))];
        Assert.Equal(keys[0], keys[1]);
    }

    [Fact]
    public void Columns_of_L2_stay_once_they_were_shown()
    {
        string[] tables = Tables(GroupBy.Reason, [Of(10, ExitLevel.L1, 0, 5)], [Of(10, ExitLevel.L2, 0, 5)], [Of(10, ExitLevel.L1, 0, 5)]);
        Assert.Equal([false, true, true], tables.Select(t => t.Contains("L2", StringComparison.Ordinal)));
    }

    // VMs come and go for months.
    [Fact]
    public void What_is_gone_for_long_is_forgotten()
    {
        var places = new RowPlaces(idleApart: false);
        for (int vm = 0; vm < 1000; vm++)
            places.Arrange([new ReportRow { Group = (Keys.Of(new VmIdentity(vm, vm, "x"), 0), false) }]);
        Assert.InRange(places.Known, 1, RowPlaces.KeptIntervals + 1);
    }

    private static Row Busy(ulong code, ulong ns) => Of(code, ExitLevel.L1, 0, ns);

    private static Row Of(ulong code, ExitLevel level, int vcpu, ulong ns) => Sample.Row(Isa.Vmx, code, level, 1, ns, Sample.Web, vcpu);

    private static string[] Tables(GroupBy by, params Row[][] intervals)
    {
        var output = new StringWriter();
        IOutputWriter<Interval> writer = OutputKinds.Reports.In(OutputFormat.Table)(
            new Destination(output, new ViewStyle()), new ReportRequest { Kind = ReportKind.Time, Command = "time", By = by });
        var tables = new List<string>();
        foreach (Row[] rows in intervals)
        {
            output.GetStringBuilder().Clear();
            writer.Write(Sample.IntervalOf(rows));
            tables.Add(output.ToString().TrimStart('\n'));
        }
        return [.. tables];
    }

    private static string[][] Shown(params Row[][] intervals) =>
        [.. Tables(GroupBy.Reason, intervals).Select(table => table.Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > 4 && int.TryParse(words[0], out _) && words[1].All(c => c is '_' or (>= 'A' and <= 'Z')))
            .Select(words => words[1]).ToArray())];
}
