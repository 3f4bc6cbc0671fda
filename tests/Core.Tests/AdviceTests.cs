using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Tests;

/// <summary>What figures suggest, and that nothing is suggested without figures.</summary>
public class AdviceTests
{
    private static IReadOnlyList<string> Of(TimePart part, ulong ns, ulong exits = 1000, Qualifier qualifier = default)
    {
        TimeParts parts = default;
        parts[part] = ns;
        parts[TimePart.Guest] += 10_000 - ns;
        var row = new Row(Keys.Of(new ExitCode(Isa.Vmx, 30), ExitLevel.L1, Sample.Web, qualifier: qualifier))
        { Count = exits, Timed = exits, TotalNs = 1000 * exits };
        var other =
            new Row(Keys.Of(new ExitCode(Isa.Vmx, 10), ExitLevel.L1, Sample.Web)) { Count = exits, Timed = exits, TotalNs = 3000 * exits };
        var now = new Snapshot(Sample.Started, 25_000_000_000, qualifier == default ? [] : [row, other], new Accounting { Exits = exits })
        { Times = [new VcpuTime(Keys.Of(Sample.Web, null), 10_000, parts)] };
        Interval interval = now.Since(null, Sample.Started);
        return Advice.Of(
            ReportBuilder.Build(interval, new ReportRequest { Kind = ReportKind.Time, Command = "time", Split = qualifier == default }));
    }

    [Theory]
    [InlineData(TimePart.Runq, 2130, "web-1 waited for a CPU 21.3 % of its time")]
    [InlineData(TimePart.Poll, 1200, "web-1 used 12.0 % of its time for halt polling")]
    [InlineData(TimePart.Vmm, 4000, "was in its VMM 40.0 %")]
    [InlineData(TimePart.Sleep, 900, "slept in the kernel 9.0 %")]
    public void A_large_part_is_said(TimePart part, ulong ns, string says) =>
        Assert.Contains(says, Assert.Single(Of(part, ns)), StringComparison.Ordinal);

    [Theory]
    [InlineData(TimePart.Runq, 490)]
    [InlineData(TimePart.Poll, 490)]
    [InlineData(TimePart.Vmm, 1900)]
    [InlineData(TimePart.Sleep, 490)]
    [InlineData(TimePart.Halt, 9900)]
    public void A_small_part_is_not(TimePart part, ulong ns) => Assert.Empty(Of(part, ns));

    [Fact]
    public void Too_few_exits_say_nothing() => Assert.Empty(Of(TimePart.Runq, 9000, exits: 99));

    [Fact]
    public void A_port_that_stands_out_is_named_with_its_fix()
    {
        var pm = new Row(Keys.Of(new ExitCode(Isa.Vmx, 30), ExitLevel.L1, qualifier: Qualifier.Of(0x1_0000_0608)))
        { Count = 1200, Timed = 1200, TotalNs = 1200 * 16_000 };
        var rest = new Row(Keys.Of(new ExitCode(Isa.Vmx, 30), ExitLevel.L1, qualifier: Qualifier.Of(0x1_0000_0060)))
        { Count = 92, Timed = 92, TotalNs = 92 * 16_000 };
        var now = new Snapshot(Sample.Started, 25_000_000_000, [pm, rest], new Accounting { Exits = 1292 });
        Report report =
            ReportBuilder.Build(now.Since(null, Sample.Started), new ReportRequest { Kind = ReportKind.Time, Command = "time" });
        string line = Assert.Single(Advice.Of(report));
        Assert.Contains("IO_INSTRUCTION took 100.0 % of the busy time, 16.0 µs each, and 1200 of 1292 were 0x608 in (ACPI PM timer)", line,
            StringComparison.Ordinal);
        Assert.Contains("kvm-clock", line, StringComparison.Ordinal);
    }

    private static readonly ReportRequest s_time = new() { Kind = ReportKind.Time, Command = "time" };

    // CPUID of L2, reflected, in rounds of 500 µs; VMRESUME or VMRUN of L1, and other exits of L1.
    private static Interval Reflected(Isa isa = Isa.Vmx, params (ulong Code, ulong Count)[] ofL1)
    {
        var l2 = new Row(Keys.Of(new ExitCode(isa, isa == Isa.Vmx ? 10u : 0x72), ExitLevel.L2, Sample.Web))
        { Count = 200, Timed = 200, TotalNs = 200 * 5_000 };
        l2.Rounds = new ReflectedRounds
        {
            Reflected = 200,
            Timed = 200,
            TotalNs = 200 * 500_000,
            HandlingNs = 200 * 360_000,
            L1Exits = 2060,
            MaxNs = 500_000
        };
        Row[] l1 = [.. ofL1.Append((isa == Isa.Vmx ? 24u : 0x80ul, 400ul)).Select(e => OfL1(new ExitCode(isa, e.Item1), e.Item2))];
        return new Snapshot(Sample.Started, 25_000_000_000, [l2, .. l1], new Accounting { Exits = 600 }).Since(null, Sample.Started);
    }

    private static Row OfL1(ExitCode code, ulong count) =>
        new(Keys.Of(code, ExitLevel.L1, Sample.Web)) { Count = count, Timed = count, TotalNs = count * 90_000 };

    [Fact]
    public void Rounds_are_of_a_reason_whatever_rows_are_by()
    {
        foreach (GroupBy by in (GroupBy[])[GroupBy.Reason, GroupBy.Vm, GroupBy.Level])
            Assert.StartsWith("each reflected CPUID of L2 cost 10.3 exits of L1 and 500 µs until L2 ran again",
                Advice.Of(ReportBuilder.Build(Reflected(), s_time with { By = by }))[0], StringComparison.Ordinal);
    }

    // What the vendor has, and only where L1's exits show that it is not in use.
    [Theory]
    [InlineData(Isa.Vmx, 23, "shadow VMCS", "VMLOAD|GIF|AVIC")]
    [InlineData(Isa.Vmx, 25, "kvm_intel.enable_shadow_vmcs", "VMLOAD|GIF|AVIC")]
    [InlineData(Isa.Vmx, 50, "time --nested", "VMCS|VMLOAD|GIF|AVIC")]
    [InlineData(Isa.Svm, 0x82, "kvm_amd.vls", "VMCS|VMREAD|APICv|GIF")]
    [InlineData(Isa.Svm, 0x85, "kvm_amd.vgif", "VMCS|VMREAD|APICv|VMLOAD")]
    [InlineData(Isa.Svm, 0x7c, "time --nested", "VMCS|VMREAD|APICv|VMLOAD|GIF")]
    public void Advice_on_rounds_fits_the_vendor(Isa isa, ulong ofL1, string says, string never)
    {
        string line = Advice.Of(ReportBuilder.Build(Reflected(isa, (ofL1, 100)), s_time))[0];
        Assert.StartsWith("each reflected CPUID of L2 cost 10.3 exits of L1", line, StringComparison.Ordinal);
        Assert.Contains(says, line, StringComparison.Ordinal);
        Assert.DoesNotMatch(never, line);
        Assert.Contains("time --nested", Advice.Of(ReportBuilder.Build(Reflected(isa, (ofL1, 99)), s_time))[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Isa.Vmx, 32, 0x830, "IPI virtualization", "AVIC")]
    [InlineData(Isa.Svm, 0x7c, 0x2_0000_0830, "x2AVIC", "IPI virtualization")]
    public void Advice_on_IPIs_fits_the_vendor(Isa isa, ulong reason, ulong raw, string says, string never)
    {
        var row = new Row(Keys.Of(new ExitCode(isa, reason), ExitLevel.L1, qualifier: Qualifier.Of(raw)))
        { Count = 1200, Timed = 1200, TotalNs = 1200 * 16_000 };
        var now = new Snapshot(Sample.Started, 25_000_000_000, [row], new Accounting { Exits = 1200 });
        string line = Assert.Single(Advice.Of(ReportBuilder.Build(now.Since(null, Sample.Started), s_time)));
        Assert.Contains(says, line, StringComparison.Ordinal);
        Assert.DoesNotContain(never, line, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_nested_guests_the_busy_time_is_that_of_their_exits()
    {
        var handled = new Row(Keys.Of(new ExitCode(Isa.Vmx, 48), ExitLevel.L2, Sample.Web))
        { Count = 100, Timed = 100, TotalNs = 3_000_000 };
        Interval interval = Reflected();
        interval = interval with { Changes = [.. interval.Changes, handled] };
        Assert.StartsWith("EPT_VIOLATION took 75.0 % of the busy time of L2's exits, 30.0 µs each",
            Advice.Of(ReportBuilder.Build(interval, s_time with { Nested = true }))[1], StringComparison.Ordinal);
        // Of all exits it is little.
        Assert.Single(Advice.Of(ReportBuilder.Build(interval, s_time)));
    }

    [Fact]
    public void Of_some_reasons_alone_nothing_is_said() =>
        Assert.Empty(Advice.Of(ReportBuilder.Build(Reflected(), s_time with { HasAllExits = false })));

    [Fact]
    public void A_vcpu_is_named_and_each_finding_is_said_once()
    {
        VcpuTime[] times =
            [.. new ulong[] { 200, 3000, 2000, 0 }.Select((runq, vcpu) => new VcpuTime(Keys.Of(Sample.Web, vcpu), 10_000, Waits(runq)))];
        var now = new Snapshot(Sample.Started, 25_000_000_000, [], new Accounting { Exits = 1000 }) { Times = times };
        Report report = ReportBuilder.Build(now.Since(null, Sample.Started), s_time with { Split = true, By = GroupBy.Vcpu });
        Assert.StartsWith("web-1 vCPU 1 waited for a CPU 30.0 % of its time (the worst of 2): ", Assert.Single(Advice.Of(report)),
            StringComparison.Ordinal);

        static TimeParts Waits(ulong ns)
        {
            TimeParts parts = default;
            (parts[TimePart.Runq], parts[TimePart.Guest]) = (ns, 10_000 - ns);
            return parts;
        }
    }

    [Fact]
    public void Advice_is_written_as_the_terminal_can_show_it()
    {
        string text = Text(Reflected(), s_time with { Explain = true }, new ViewStyle(200, Unicode: false));
        Assert.Contains("500 us until L2", text, StringComparison.Ordinal);
        Assert.DoesNotContain('µ', text);
        var evil = new VmIdentity(0, 1, "a\e[2Jb");
        TimeParts parts = default;
        parts[TimePart.Runq] = 10_000;
        var now = new Snapshot(Sample.Started, 25_000_000_000, [], new Accounting { Exits = 1000 })
        { Vms = [evil], Times = [new VcpuTime(Keys.Of(evil, null), 10_000, parts)] };
        text = Text(now.Since(null, Sample.Started), s_time with { Split = true, Explain = true }, new ViewStyle());
        Assert.Contains("a?[2Jb waited for a CPU", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', text);
    }

    // One port is open at the start, and in the row of its qualifier now; another one is open at the end.
    [Fact]
    public void Open_exits_are_counted_as_without_advice()
    {
        var port = new ExitCode(Isa.Vmx, 30);
        GroupKey open = Keys.Of(port, ExitLevel.L1, Sample.Web);
        var interval = Sample.Of(Sample.Started, 1,
            [new Row(open with { Qualifier = Qualifier.Of(0x1_0000_0060) }) { Count = 5, Timed = 5, TotalNs = 5000 }],
            new Accounting { Exits = 5, Entries = 5, Open = 1 }, Sample.Web) with
        { OpenBefore = [new OpenExits(open, 1)], OpenAfter = [new OpenExits(open, 2)] };
        ReportRequest plain = s_time with { HasVms = true }, explained = plain with { Explain = true };
        var sum = new IntervalSum(Grouping.Vm, ExitParts.None);
        sum.Add(interval);
        Report expected = ReportBuilder.Build(sum.ToInterval(), plain), report = ReportBuilder.Build(interval, explained);
        Assert.Equal(6UL, Assert.Single(report.Rows).Total.Count);
        Assert.Equal((6UL, 6UL), (report.Total.Total.Count, report.Interval.Accounting.Exits));
        Assert.Equal(expected.Total.Total.Count, report.Total.Total.Count);
        // By qualifier they have no row yet.
        report = ReportBuilder.Build(interval, explained with { By = GroupBy.Qualifier });
        Assert.Equal((5UL, 5UL), (report.Total.Total.Count, report.Interval.Accounting.Exits));
    }

    private static string Text(Interval interval, ReportRequest request, ViewStyle style)
    {
        var output = new StringWriter();
        OutputKinds.Reports.In(OutputFormat.Table)(new Destination(output, style), request).Write(interval);
        return output.ToString();
    }
}
