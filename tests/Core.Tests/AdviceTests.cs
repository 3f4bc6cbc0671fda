using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Reports;

namespace Kvmscope.Core.Tests;

/// <summary>What figures suggest, and that nothing is suggested without figures.</summary>
public class AdviceTests
{
    private static IReadOnlyList<string> Of(TimePart part, ulong ns, ulong exits = 1000, Qualifier qualifier = default)
    {
        TimeParts parts = default;
        parts[part] = ns;
        parts[TimePart.Guest] += 10_000 - ns;
        var row = new SnapshotRow { Code = new ExitCode(Isa.Vmx, 30), Level = ExitLevel.L1, Vm = Sample.Web, Count = exits, Timed = exits, TotalNs = 1000 * exits, Qualifier = qualifier };
        var other = new SnapshotRow { Code = new ExitCode(Isa.Vmx, 10), Level = ExitLevel.L1, Vm = Sample.Web, Count = exits, Timed = exits, TotalNs = 3000 * exits };
        var now = new Snapshot(Sample.Started, 25_000_000_000, qualifier == default ? [] : [row, other], new Trust { Exits = exits }) { Times = [new VcpuTime(Sample.Web, null, 10_000, parts)] };
        Answer answer = Delta.Between("time", Sample.Started, null, now, 0);
        return Advice.Of(ReportBuilder.Build(answer, new ReportRequest { Kind = ReportKind.Time, Command = "time", Split = qualifier == default }));
    }

    [Theory]
    [InlineData(TimePart.Runq, 2130, "web-1 waited for a CPU 21.3 % of its time")]
    [InlineData(TimePart.Poll, 1200, "halt polling burnt 12.0 %")]
    [InlineData(TimePart.Vmm, 4000, "was in its VMM 40.0 %")]
    [InlineData(TimePart.Sleep, 900, "slept in the kernel 9.0 %")]
    public void A_large_part_is_said(TimePart part, ulong ns, string says) => Assert.Contains(says, Assert.Single(Of(part, ns)), StringComparison.Ordinal);

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
    public void A_port_that_stands_out_is_named_with_its_mend()
    {
        var pm = new SnapshotRow { Code = new ExitCode(Isa.Vmx, 30), Level = ExitLevel.L1, Count = 1200, Timed = 1200, TotalNs = 1200 * 16_000, Qualifier = Qualifier.Of(0x1_0000_0608) };
        var rest = new SnapshotRow { Code = new ExitCode(Isa.Vmx, 30), Level = ExitLevel.L1, Count = 92, Timed = 92, TotalNs = 92 * 16_000, Qualifier = Qualifier.Of(0x1_0000_0060) };
        var now = new Snapshot(Sample.Started, 25_000_000_000, [pm, rest], new Trust { Exits = 1292 });
        Report report = ReportBuilder.Build(Delta.Between("time", Sample.Started, null, now, 0), new ReportRequest { Kind = ReportKind.Time, Command = "time" });
        string line = Assert.Single(Advice.Of(report));
        Assert.Contains("IO_INSTRUCTION took 100.0 % of the busy time, 16.0 µs each, and 1200 of 1292 were 0x608 in (ACPI PM timer)", line, StringComparison.Ordinal);
        Assert.Contains("clocksource", line, StringComparison.Ordinal);
    }
}
