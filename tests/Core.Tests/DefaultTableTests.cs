using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;

namespace Kvmscope.Core.Tests;

/// <summary>The tables of <c>count</c> and <c>time</c> without options, and what <c>--levels</c> adds.</summary>
public sealed class DefaultTableTests
{
    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    public void The_default_answers_what_people_ask(int width)
    {
        string text = Sample.Text(Host, ReportKind.Time, width);
        Golden.FitsIn(width, text);
        Golden.Check($"default-time-{width}", text);
        Assert.Equal(["Code", "Reason", "Count", "Time", "Busy%", "Avg", "p99", "Max"], Words(text.Split('\n')[0]));
    }

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    public void Levels_have_columns_where_L2_was_seen(int width)
    {
        string text = Sample.Text(Nested, ReportKind.Time, width);
        Golden.FitsIn(width, text);
        Golden.Check($"default-time-l2-{width}", text);
        Golden.Check($"default-count-l2-{width}", Sample.Text(Nested, ReportKind.Count, width));
    }

    [Theory]
    [InlineData(ReportKind.Time)]
    [InlineData(ReportKind.Count)]
    public void Levels_can_be_asked_for(ReportKind kind)
    {
        Assert.DoesNotContain("L2", Sample.Text(Host, kind), StringComparison.Ordinal);
        string text = Text(Host, new ReportRequest { Kind = kind, Command = "time", Levels = true });
        Golden.FitsIn(80, text);
        Golden.Check($"levels-{kind}-80".ToLowerInvariant(), text);
        Assert.Contains("L2", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_only_L2_was_seen_L1_has_no_columns()
    {
        Interval interval = Sample.IntervalOf(Sample.Row(Isa.Svm, 0x72, ExitLevel.L2, 10, 1_000));
        Assert.Equal(["Code", "Reason", "Count", "L2"], Words(Sample.Text(interval, ReportKind.Count).Split('\n')[0]));
        Assert.DoesNotContain("L1", Sample.Text(interval, ReportKind.Time), StringComparison.Ordinal);
    }

    [Fact]
    public void An_ISA_without_levels_has_no_columns_for_them()
    {
        Interval interval = Sample.IntervalOf(Sample.Row(Isa.Arm64, 0x224, ExitLevel.L1, 10, 1_000));
        foreach (bool levels in (bool[])[false, true])
            Assert.DoesNotContain("L1", Text(interval, new ReportRequest { Kind = ReportKind.Time, Command = "time", Levels = levels }),
                StringComparison.Ordinal);
    }

    // HLT has by far the longest times and the most exits.
    [Theory]
    [InlineData(SortKey.Time, "EXTERNAL_INTERRUPT EPT_VIOLATION CPUID MSR_WRITE MWAIT_INSTRUCTION HLT")]
    [InlineData(SortKey.Count, "CPUID EXTERNAL_INTERRUPT MSR_WRITE EPT_VIOLATION MWAIT_INSTRUCTION HLT")]
    [InlineData(SortKey.Max, "EPT_VIOLATION MWAIT_INSTRUCTION EXTERNAL_INTERRUPT MSR_WRITE CPUID HLT")]
    [InlineData(SortKey.Code, "EXTERNAL_INTERRUPT CPUID MSR_WRITE MWAIT_INSTRUCTION EPT_VIOLATION HLT")]
    public void Idle_is_last_and_apart(SortKey sort, string reasons)
    {
        string[] lines = Sample.Text(Host, ReportKind.Time, sort: sort).Split('\n');
        string[] names = [.. lines.Skip(1).Take(9).Select(line => Words(line) is [_, var name, _, _, ..] ? name : "")];
        Assert.Equal($"{reasons} ".Replace(" HLT", "  HLT").Split(' '), names.Take(8));
        Assert.Equal("Total", Words(lines[9])[0]);
        Assert.Equal("Busy", Words(lines[10])[0]);
    }

    [Fact]
    public void The_share_is_of_the_busy_time_and_idle_has_none()
    {
        string text = Sample.Text(Host, ReportKind.Time);
        Assert.Equal("49.7", Figure(text, "EXTERNAL_INTERRUPT", 4));
        Assert.Equal("24.8", Figure(text, "EPT_VIOLATION", 4));
        Assert.Equal("idle", Figure(text, "HLT", 4));
        Assert.Equal("-", Words(Line(text, "Total"))[3]);
        Assert.Equal("100", Words(Line(text, "Busy"))[3]);
    }

    [Fact]
    public void Counts_are_sorted_by_count_with_idle_among_them()
    {
        string text = Sample.Text(Host, ReportKind.Count);
        Golden.Check("default-count-80", text);
        Assert.Equal(["HLT", "CPUID", "EXTERNAL_INTERRUPT", "MSR_WRITE", "EPT_VIOLATION", "MWAIT_INSTRUCTION"],
            text.Split('\n').Skip(1).Take(6).Select(line => Words(line)[1]));
    }

    // An exit that ended in this interval and began before it: it has a time here, and is counted before.
    [Fact]
    public void A_row_of_no_exits_is_shown_only_where_it_has_a_time()
    {
        Row ended = Sample.Row(Isa.Vmx, 30, ExitLevel.L1, 1, 5_000);
        ended.Count = 0;
        Interval interval = Sample.IntervalOf(ended, Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 3, 1_000));
        foreach (OutputFormat format in (OutputFormat[])[OutputFormat.Table, OutputFormat.Json, OutputFormat.Csv])
        {
            Assert.DoesNotContain("IO_INSTRUCTION", Sample.Text(interval, ReportKind.Count, format: format), StringComparison.Ordinal);
            Assert.Contains("IO_INSTRUCTION", Sample.Text(interval, ReportKind.Time, format: format), StringComparison.Ordinal);
        }
    }

    // Equal figures: by the reason's number, then by VM and vCPU as numbers.
    [Fact]
    public void Ties_are_in_the_order_of_numbers()
    {
        Interval interval = Sample.IntervalOf([.. from vcpu in (int[])[10, 9, 2, 0, 1] from code in (ulong[])[48, 10]
            select Sample.Row(Isa.Vmx, code, ExitLevel.L1, 5, 1_000, Sample.Web, vcpu)]);
        foreach (ReportKind kind in (ReportKind[])[ReportKind.Time, ReportKind.Count])
        {
            string[] lines = Sample.Text(interval, kind, by: GroupBy.Vcpu | GroupBy.Reason).Split('\n')[1..11];
            Assert.Equal(["0 10", "1 10", "2 10", "9 10", "10 10", "0 48", "1 48", "2 48", "9 48", "10 48"],
                lines.Select(line => string.Join(' ', Words(line)[1..3])));
        }
        string golden = Sample.Text(interval, ReportKind.Time, by: GroupBy.Vcpu);
        Golden.Check("ties-vcpu", golden);
        Assert.Equal(["0", "1", "2", "9", "10"], golden.Split('\n')[1..6].Select(line => Words(line)[1]));
    }

    private static Interval Host { get; } = Sample.IntervalOf(
        Sample.Row(Isa.Vmx, 12, ExitLevel.L1, 20_000, 400_000), Sample.Row(Isa.Vmx, 36, ExitLevel.L1, 10, 5_000),
        Sample.Spread(Isa.Vmx, 48, ExitLevel.L1, (99, 10_000), (1, 1_010_000)), Sample.Row(Isa.Vmx, 1, ExitLevel.L1, 2_000, 2_000),
        Sample.Row(Isa.Vmx, 32, ExitLevel.L1, 1_000, 1_000), Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 10_000, 100));

    private static Interval Nested { get; } = Sample.IntervalOf(
        Sample.Row(Isa.Vmx, 12, ExitLevel.L1, 2_000, 400_000), Sample.Row(Isa.Vmx, 12, ExitLevel.L2, 53, 50_000),
        Sample.Row(Isa.Vmx, 24, ExitLevel.L1, 123_456, 2_000), Sample.Row(Isa.Vmx, 10, ExitLevel.L2, 20_005, 47_900),
        Sample.Row(Isa.Vmx, 10, ExitLevel.L1, 1_464, 35_200), Sample.Row(Isa.Vmx, 1, ExitLevel.L1, 4_400, 2_100));

    private static string Text(Interval interval, ReportRequest request)
    {
        var output = new StringWriter();
        OutputKinds.Reports.In(OutputFormat.Table)(new Destination(output, new ViewStyle()), request).Write(interval);
        return output.ToString();
    }

    // A time is one word: "3.42 µs" is "3.42µs".
    private static string[] Words(string line) =>
        [.. line.Replace(" ns", "ns").Replace(" µs", "µs").Replace(" ms", "ms").Replace(" s", "s")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    private static string Line(string text, string name) =>
        Assert.Single(text.Split('\n'), line => Words(line).Take(2).Contains(name));

    private static string Figure(string text, string reason, int at) => Words(Line(text, reason))[at];
}
