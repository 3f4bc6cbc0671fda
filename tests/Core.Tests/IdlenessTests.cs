using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Rules;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;

namespace Kvmscope.Core.Tests;

/// <summary>What is idle: what was halted, where that is known; else what waits by its reason.</summary>
public sealed class IdlenessTests
{
    private const ulong Hlt = 0x78, Cpuid = 0x72;

    private static readonly ReportRequest s_time = new() { Kind = ReportKind.Time, Command = "time", Stats = true };

    // Ten seconds of 20 000 halts per second, 12 µs each, and 98 other exits.
    private static Row Halts(ExitLevel level = ExitLevel.L1) => Sample.Row(Isa.Svm, Hlt, level, 200_000, 12_000);

    private static Row Others { get; } = Sample.Row(Isa.Svm, Cpuid, ExitLevel.L1, 98, 1_000);

    private static Row With(Row row, params (TimePart Part, ulong Ns)[] parts)
    {
        TimeParts all = default;
        foreach ((TimePart part, ulong ns) in parts) all[part] = ns;
        row.Parts = all;
        return row;
    }

    private static Report Report(params Row[] rows) => ReportBuilder.Build(Sample.IntervalOf(rows), s_time);

    private static string Text(Interval interval, ReportRequest? request = null)
    {
        var output = new StringWriter();
        OutputKinds.Reports.In(OutputFormat.Table)(new Destination(output, new ViewStyle(200)), request ?? s_time).Write(interval);
        return output.ToString();
    }

    [Fact]
    public void A_loop_of_halts_that_were_not_halted_is_busy()
    {
        Report report = Report(With(Halts(), (TimePart.Kvm, 2_400_000_000)), Others);
        Assert.Equal((200_098UL, 2_400_098_000UL), (report.Busy.Total.Count, report.Busy.Total.TotalNs));
        Assert.Equal(200_098UL, report.Busy.Total.Bins.Count);
        Assert.False(report.Rows.Single(r => r.Code!.Value.Code == Hlt).Idle);
        Assert.False(report.BusyHasRest);
    }

    // Two thirds of the time were halted and polled: the rest is busy, but how it is distributed is not known.
    [Fact]
    public void Of_a_halt_only_what_was_halted_is_idle()
    {
        Row halts = With(Halts(), (TimePart.Halt, 1_000_000_000), (TimePart.Poll, 600_000_000), (TimePart.Kvm, 800_000_000));
        Report report = Report(halts, Others);
        Assert.Equal((200_098UL, 800_098_000UL), (report.Busy.Total.Count, report.Busy.Total.TotalNs));
        Assert.Equal((98UL, (ulong?)1_000), (report.Busy.Total.Bins.Count, report.Busy.Total.LongestNs));
        Assert.Equal(
            (200_098UL, 2_400_098_000UL, 200_098UL),
            (report.Total.Total.Count, report.Total.Total.TotalNs, report.Total.Total.Bins.Count));
        Assert.True(report.Rows.Single(r => r.Code!.Value.Code == Hlt).Idle);
        Assert.Contains("\nBusy has what of the idle exits was not halted, in its count, time and average; not in percentiles and Max\n",
            Text(Sample.IntervalOf(halts, Others)), StringComparison.Ordinal);
        // Alone, it has neither.
        Assert.Null(Report(halts).Busy.Total.LongestNs);
        Assert.Null(Report(halts).Busy.Total.Quantile(0.99));
    }

    [Fact]
    public void An_open_halt_is_idle_too()
    {
        Row open = Sample.Row(Isa.Svm, Hlt, ExitLevel.L1, 11, 100_000, untimed: 1);
        Report report = Report(With(open, (TimePart.Halt, 60_000_900_000), (TimePart.Kvm, 100_000)), Others);
        Assert.Equal(198_000UL, report.Busy.Total.TotalNs);
    }

    // Without an interrupt controller in the kernel, a halt waits in the VMM; a VMM that only runs the vCPU again does not wait.
    [Theory]
    [InlineData(10, 50_000_000, true)]
    [InlineData(10, 50_000, false)]
    [InlineData(10, 1_000_000, true)]
    [InlineData(10, 999_999, false)]
    public void A_halt_that_waits_in_the_VMM_is_idle(ulong count, ulong ns, bool idle)
    {
        Report report = Report(With(Sample.Row(Isa.Svm, Hlt, ExitLevel.L1, count, ns), (TimePart.Vmm, count * ns)), Others);
        Assert.Equal(idle ? 98_000UL : (count * ns) + 98_000, report.Busy.Total.TotalNs);
        Assert.Equal(idle, report.Rows.Single(r => r.Code!.Value.Code == Hlt).Idle);
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(6, false)]
    public void Half_of_the_time_is_most_of_it(ulong kvm, bool isIdle)
    {
        // What is known of a reason without an argument says nothing.
        var key = new GroupKey(1, 0, new ExitCode(Isa.Svm, Hlt), ExitLevel.L1, Qualifier.Of(1));
        Assert.True(Idleness.IsIdle(key));
        var parts = new TimeParts { [TimePart.Halt] = 5, [TimePart.Kvm] = kvm };
        BusyShare busy = Idleness.BusyOf(key, timed: 1, totalNs: 5 + kvm, parts, knowsHalts: true);
        Assert.Equal((kvm, isIdle), (busy.Ns, busy.IsMostlyIdle));
    }

    // Where the kernel does not tell of halts or polls, the parts say nothing about them.
    [Theory]
    [InlineData(TimePart.Halt)]
    [InlineData(TimePart.Poll)]
    public void Without_the_sources_only_the_reason_tells(TimePart missing)
    {
        Interval interval = Sample.IntervalOf(With(Halts(), (TimePart.Sleep, 2_400_000_000)), Others) with
        {
            Missing = [new(missing, "not here")],
        };
        Assert.Equal(98UL, ReportBuilder.Build(interval, s_time).Busy.Total.Count);
    }

    [Fact]
    public void Halts_that_are_too_short_and_too_frequent_to_be_idle_are_named()
    {
        const string line = "HLT: 20000/s of 12.0 µs each are too short to be idle; ";
        Interval interval = Sample.IntervalOf(Halts(), Others);
        Assert.Equal(98UL, ReportBuilder.Build(interval, s_time).Busy.Total.Count);
        Assert.Contains("\n" + line + "--split tells\n", Text(interval), StringComparison.Ordinal);
        Assert.Contains("\n" + line + "a recording with the split tells\n", Text(interval, s_time with { IsRecorded = true }),
            StringComparison.Ordinal);
        foreach (Interval fine in (Interval[])[
            Sample.IntervalOf(Sample.Row(Isa.Svm, Hlt, ExitLevel.L1, 9_990, 12_000)), // fewer than 1000 per second
            Sample.IntervalOf(Sample.Row(Isa.Svm, Hlt, ExitLevel.L1, 200_000, 50_000)), // not shorter than 50 µs
            Sample.IntervalOf(With(Halts(), (TimePart.Halt, 2_400_000_000))), // halted
            Sample.IntervalOf(Sample.Row(Isa.Svm, Cpuid, ExitLevel.L1, 200_000, 12_000))])
            Assert.DoesNotContain("too short", Text(fine), StringComparison.Ordinal);
    }

    // L1 handles them: that is what nesting costs. Where the split shows that this host halted, it is idle.
    [Fact]
    public void L2s_halts_are_not_idle_unless_they_were_halted()
    {
        Assert.Equal(200_098UL, Report(Halts(ExitLevel.L2), Others).Busy.Total.Count);
        Report halted = Report(With(Halts(ExitLevel.L2), (TimePart.Halt, 2_400_000_000)), Others);
        Assert.Equal(98_000UL, halted.Busy.Total.TotalNs);
        // One row for both levels: it is what most of it is.
        ReportRow both = Report(Halts(ExitLevel.L2), Sample.Row(Isa.Svm, Hlt, ExitLevel.L1, 100, 900_000_000)).Rows.Single();
        Assert.Equal((true, 200_100UL), (both.Idle, both.Total.Count));
    }

    [Theory]
    [InlineData(Isa.Vmx, 36, false)] // MWAIT_INSTRUCTION: KVM does nothing for it
    [InlineData(Isa.Vmx, 67, false)]
    [InlineData(Isa.Vmx, 68, false)]
    [InlineData(Isa.Svm, 0x8b, false)]
    [InlineData(Isa.Svm, 0x8c, false)]
    [InlineData(Isa.Vmx, 12, true)]
    [InlineData(Isa.Svm, 0xa6, true)]
    [InlineData(Isa.Arm64, 0x201, true)]
    [InlineData(Isa.Riscv64, 22, true)]
    public void What_spins_is_not_idle(Isa isa, ulong code, bool idle)
    {
        Assert.Equal(idle, ExitReasons.IsIdle(new ExitCode(isa, code)));
        Assert.Equal(idle ? 0UL : 5UL, Report(Sample.Row(isa, code, ExitLevel.L1, 5, 900_000)).Busy.Total.Count);
    }

    [Theory]
    [InlineData(Isa.Arm64, 0x201, 0, true)] // WFI
    [InlineData(Isa.Arm64, 0x201, 1, false)] // WFE
    [InlineData(Isa.Arm64, 0x201, 2, true)] // WFIT
    [InlineData(Isa.Arm64, 0x201, 3, false)] // WFET
    [InlineData(Isa.Riscv64, 22, 0x1050_0073, true)] // WFI
    [InlineData(Isa.Riscv64, 22, 0x00d0_0073, false)] // WRS.NTO
    [InlineData(Isa.Riscv64, 22, 0x1_0000_0c01, false)] // TIME read
    public void Among_the_qualifiers_only_WFI_waits(Isa isa, ulong code, ulong kind, bool idle)
    {
        Row row = new(Keys.Of(new ExitCode(isa, code), ExitLevel.L1, qualifier: Qualifier.Of(kind)))
        { Count = 5, Timed = 5, TotalNs = 50 };
        Report report = ReportBuilder.Build(Sample.IntervalOf(row), s_time with { By = GroupBy.Qualifier });
        Assert.Equal(idle ? 0UL : 5UL, report.Busy.Total.Count);
        Assert.Equal(idle, report.Rows.Single().Idle);
    }

    // 10 s of wall clock, of which HLT was halted for 4 s and took 1 s of KVM's time.
    [Theory]
    [InlineData("share(idle)==40%", true)]
    [InlineData("share(exit)==10%", true)]
    [InlineData("share(any)==50%", true)]
    [InlineData("share(HLT)==50%", true)]
    [InlineData("count(exit)==0", true)]
    public void In_rules_a_share_is_of_what_was_halted_and_the_rest_of_the_exits_as_before(string rule, bool holds)
    {
        Row row = With(
            RuleSample.Row(Hlt, 100, 50_000_000, RuleSample.Web, 0), (TimePart.Halt, 4_000_000_000), (TimePart.Kvm, 1_000_000_000));
        RuleInput input = RuleSample.Input(row) with { HasSplit = true };
        input = input with
        {
            Interval = input.Interval with
            {
                TimeChanges = [new VcpuTime(Keys.Of(RuleSample.Web, 0), 10_000_000_000, RuleSample.Part(TimePart.Guest, 5_000_000_000))],
            },
        };
        Assert.Equal(holds, RuleSample.Evaluate(rule, input).Holds);
    }

    [Theory]
    [InlineData("count(exit)==200098", true)]
    [InlineData("count(idle)==0", true)]
    [InlineData("max(exit)==12us", true)]
    public void In_rules_L2s_halts_are_exits(string rule, bool holds)
    {
        RuleInput input = RuleSample.Input(RuleSample.Row(Hlt, 200_000, 12_000, RuleSample.Web, 0, ExitLevel.L2),
            RuleSample.Row(Cpuid, 98, 1_000, RuleSample.Web, 0));
        Assert.Equal(holds, RuleSample.Evaluate(rule, input).Holds);
    }
}
