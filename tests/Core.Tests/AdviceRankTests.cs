using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

/// <summary>The order of advice is that of the time lost, and each cause is said once.</summary>
public sealed class AdviceRankTests
{
    private const ulong Second = 1_000_000_000;

    private static readonly ReportRequest s_request = new() { Kind = ReportKind.Time, Command = "time", Explain = true };

    private static Row Exits(ulong code, ulong count, ulong eachNs, TimeParts? parts = null, ExitLevel level = ExitLevel.L1,
        Isa isa = Isa.Vmx, ulong raw = 0) =>
        new(Keys.Of(new ExitCode(isa, code), level, Sample.Web, qualifier: raw == 0 ? default : Qualifier.Of(raw)))
        { Count = count, Timed = count, TotalNs = count * eachNs, Parts = parts };

    private static TimeParts Parts(params (TimePart Part, ulong Ns)[] parts)
    {
        TimeParts all = default;
        foreach ((TimePart part, ulong ns) in parts) all[part] = ns;
        return all;
    }

    // Of one vCPU of web-1, 10 s long; what the rows do not take was in the guest or, as said, elsewhere.
    private static Interval Interval(TimeParts outside, params Row[] rows)
    {
        ulong wall = 10 * Second;
        outside[TimePart.Guest] += wall - outside.Sum - rows.Aggregate(0UL, (sum, r) => sum + (r.Parts?.Sum ?? 0));
        var now = new Snapshot(Sample.Started.AddSeconds(10), (long)wall, rows,
            new Accounting { Exits = rows.Aggregate(0UL, (sum, r) => sum + r.Count) })
        { Times = [new VcpuTime(Keys.Of(Sample.Web, 0), wall, outside)] };
        return now.Since(null, Sample.Started);
    }

    private static IReadOnlyList<string> Lines(Interval interval, ReportRequest? request = null) =>
        Advice.Of(ReportBuilder.Build(interval, request ?? s_request));

    [Fact]
    public void The_wall_clock_counts_whatever_table_is_shown()
    {
        Interval interval = Interval(Parts((TimePart.Runq, 3 * Second)), Exits(10, 1000, 1000, Parts((TimePart.Kvm, 1_000_000))));
        foreach (ReportRequest request in (ReportRequest[])[s_request, s_request with { Split = true }, s_request with { Stats = true }])
            Assert.StartsWith("web-1 waited for a CPU 30.0 % of its time", Lines(interval, request)[0], StringComparison.Ordinal);
    }

    [Fact]
    public void What_loses_most_time_comes_first()
    {
        Row ports = Exits(30, 1000, 3_000_000, Parts((TimePart.Kvm, 3 * Second)));
        Assert.StartsWith("IO_INSTRUCTION", Lines(Interval(Parts((TimePart.Runq, Second)), ports))[0], StringComparison.Ordinal);
        Assert.StartsWith("web-1 waited", Lines(Interval(Parts((TimePart.Runq, 5 * Second)), ports))[0], StringComparison.Ordinal);
    }

    // The handling time of a preempted vCPU is its wait.
    [Fact]
    public void A_reason_that_only_waited_is_not_a_cause()
    {
        IReadOnlyList<string> lines =
            Lines(Interval(default, Exits(1, 1000, 3_000_000, Parts((TimePart.Runq, 29 * Second / 10), (TimePart.Kvm, Second / 10)))));
        Assert.StartsWith("web-1 waited for a CPU 29.0 % of its time", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Time_in_the_VMM_and_the_reason_that_goes_there_are_one_cause()
    {
        IReadOnlyList<string> lines = Lines(Interval(default,
            Exits(30, 1000, 4_000_000, Parts((TimePart.Vmm, 39 * Second / 10), (TimePart.Kvm, Second / 10)), raw: 0x2_0000_03f8)));
        string line = Assert.Single(lines);
        Assert.Contains("IO_INSTRUCTION", line, StringComparison.Ordinal);
        Assert.Contains("1000 of 1000 were 0x3f8 out", line, StringComparison.Ordinal);
    }

    private static Row Reflected(ulong code, ulong rounds, ulong roundNs)
    {
        Row row = Exits(code, rounds, 5_000, Parts((TimePart.Kvm, rounds * 5_000)), ExitLevel.L2);
        row.Rounds = new ReflectedRounds
        {
            Reflected = rounds,
            Timed = rounds,
            TotalNs = rounds * roundNs,
            HandlingNs = rounds * roundNs / 2,
            L1Exits = rounds * 8,
            MaxNs = roundNs,
        };
        return row;
    }

    [Fact]
    public void Rounds_that_cost_little_are_not_said()
    {
        Row ports = Exits(30, 1000, 3_000_000, Parts((TimePart.Kvm, 3 * Second)));
        Assert.StartsWith("IO_INSTRUCTION", Assert.Single(Lines(Interval(default, ports, Reflected(10, 200, 50_000)))),
            StringComparison.Ordinal);
        Assert.Contains(Lines(Interval(default, ports, Reflected(10, 20_000, 50_000))), l => l.StartsWith("each reflected CPUID of L2",
            StringComparison.Ordinal));
    }

    // An idle L2 waits in its round.
    [Fact]
    public void Rounds_of_an_idle_guest_are_not_lost() =>
        Assert.Empty(Lines(Interval(default, Reflected(12, 2_000, 4_000_000))));

    // VMRESUME is what the rounds consist of.
    [Fact]
    public void Nesting_is_one_cause() => Assert.StartsWith("each reflected CPUID of L2 cost 8.0 exits of L1",
        Assert.Single(Lines(Interval(
            default, Reflected(10, 20_000, 150_000), Exits(24, 20_000, 100_000, Parts((TimePart.Kvm, 2 * Second)))))),
        StringComparison.Ordinal);
}
