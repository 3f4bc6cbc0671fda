using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Tests;

/// <summary>The split, qualifiers and reflected rounds: from snapshots to what is printed.</summary>
public class InsideExitTests
{
    private static readonly ExitCode s_cpuid = new(Isa.Svm, 0x72), s_ioio = new(Isa.Svm, 0x7b), s_hlt = new(Isa.Svm, 0x78);

    private static TimeParts Parts(params (TimePart Part, ulong Ns)[] parts)
    {
        TimeParts all = default;
        foreach ((TimePart part, ulong ns) in parts) all[part] = ns;
        return all;
    }

    private static Row Row(
        ExitCode code, ulong count, ulong ns, Qualifier qualifier = default, TimeParts? parts = null, ExitLevel level = ExitLevel.L1)
    {
        var row = new Row(Keys.Of(code, level, Sample.Web, qualifier: qualifier))
        { Parts = parts, Count = count, Timed = count, TotalNs = count * ns, MaxNs = ns };
        row.Bins.Add(HistogramLayout.BinOf(ns), count);
        return row;
    }

    private static Interval Between(Snapshot? before, Snapshot now) => now.Since(before, Sample.Started, 15_000_000_000);

    private static Snapshot Take(IReadOnlyList<VcpuTime> times, params Row[] rows) =>
        new(Sample.Started.AddSeconds(10), 25_000_000_000, rows, new Accounting { Exits = 1 }) { Times = times };

    private static string Text(Interval interval, ReportRequest request, OutputFormat format = OutputFormat.Table)
    {
        var output = new StringWriter();
        OutputKinds.Reports.In(format)(new Destination(output, new ViewStyle(80)), request).Write(interval);
        return output.ToString();
    }

    private static ReportRequest Request(
        bool split = false, bool nested = false, GroupBy? by = null, int top = 10, ReportKind kind = ReportKind.Time)
    {
        var request = new ReportRequest { Kind = kind, Command = "time", Split = split, Nested = nested, Top = top };
        return by is { } keys ? request with { By = keys } : request;
    }

    private static Snapshot Split { get; } = Take(
        [new VcpuTime(Keys.Of(Sample.Web, null), 10_000_000_000, Parts((TimePart.Guest, 6_000_000_000), (TimePart.Runq, 100_000_000)))],
        Row(s_ioio, 1000, 1_500_000, parts: Parts(
            (TimePart.Kvm, 300_000_000), (TimePart.Vmm, 1_000_000_000), (TimePart.Runq, 200_000_000))),
        Row(s_hlt, 100, 24_000_000, parts: Parts(
            (TimePart.Halt, 2_000_000_000), (TimePart.Poll, 300_000_000), (TimePart.Kvm, 100_000_000))));

    [Fact]
    public void The_parts_of_a_vm_add_up_to_its_wall_clock()
    {
        Report report = ReportBuilder.Build(Between(null, Split), Request(split: true));
        WallRow wall = Assert.Single(report.Walls);
        Assert.Equal((10_000_000_000UL, 10_000_000_000UL), (wall.WallNs, wall.Parts.Sum));
        Assert.Equal((300_000_000UL, 0UL), (wall.Parts[TimePart.Runq], wall.Parts[TimePart.Unattributed]));
    }

    [Fact]
    public void What_no_part_holds_is_unattributed_and_what_is_too_much_is_taken_back()
    {
        Snapshot less = Take([new VcpuTime(Keys.Of(Sample.Web, null), 1000, Parts((TimePart.Guest, 600)))],
            Row(s_ioio, 1, 300, parts: Parts((TimePart.Kvm, 300))));
        Assert.Equal(100UL, ReportBuilder.Build(Between(null, less), Request(split: true)).Walls[0].Parts[TimePart.Unattributed]);
        Snapshot more = Take([new VcpuTime(Keys.Of(Sample.Web, null), 1000, Parts((TimePart.Guest, 900)))],
            Row(s_ioio, 1, 300, parts: Parts((TimePart.Kvm, 300))));
        Assert.Equal(1000UL, ReportBuilder.Build(Between(null, more), Request(split: true)).Walls[0].Parts.Sum);
    }

    [Fact]
    public void The_split_for_people() => Assert.Equal(
        """
                                      % of the wall clock
        VM       Wall  Guest  KVM   VMM  RunQ  Halt  Poll
        web-1  10.0 s   60.0  4.0  10.0   3.0  20.0   3.0

        Reason  Count  Wall%     KVM     VMM    RunQ    Halt    Poll
        HLT       100   24.0  100 ms    0 ns    0 ns  2.00 s  300 ms
        IOIO     1000   15.0  300 ms  1.00 s  200 ms    0 ns    0 ns

        1100 exits in 10.0 s (110/s), from 12:34:56

        """, Trimmed(Text(Between(null, Split), Request(split: true))));

    // Nothing slept; a part that cannot be measured is not 0, and one that was shown before stays.
    [Fact]
    public void Columns_of_zeros_are_left_out()
    {
        Assert.DoesNotContain("Sleep", Text(Between(null, Split), Request(split: true)), StringComparison.Ordinal);
        Interval unknown = Between(null, Split) with { Missing = [new(TimePart.Sleep, "sleep: nothing to see")] };
        Assert.Contains(" Sleep", Text(unknown, Request(split: true)), StringComparison.Ordinal);

        Snapshot slept = Take([new VcpuTime(Keys.Of(Sample.Web, null), 10_000_000, Parts((TimePart.Guest, 10_000_000)))],
            Row(s_ioio, 1, 300, parts: Parts((TimePart.Sleep, 1))));
        var output = new StringWriter();
        IOutputWriter<Interval> writer =
            OutputKinds.Reports.In(OutputFormat.Table)(new Destination(output, new ViewStyle()), Request(split: true));
        foreach (Snapshot snapshot in (Snapshot[])[slept, Split]) writer.Write(Between(null, snapshot));
        // A nanosecond is shown as 0.0 % and is not nothing: both tables of both answers have the column.
        Assert.Equal(4, output.ToString().Split('\n').Count(line => line.Contains("Sleep", StringComparison.Ordinal)));
    }

    private static string Trimmed(string text) => string.Join('\n', text.Split('\n').Select(l => l.TrimEnd()));

    [Fact]
    public void The_split_in_json_has_a_row_a_vm_and_one_a_reason_without_guest()
    {
        using JsonDocument json = JsonDocument.Parse(Text(Between(null, Split), Request(split: true), OutputFormat.Json));
        JsonElement[] rows = [.. json.RootElement.GetProperty("rows").EnumerateArray()];
        Assert.Equal(JsonValueKind.Null, rows[0].GetProperty("reason").ValueKind);
        Assert.Equal(10_000_000_000UL, rows[0].GetProperty("wall_ns").GetUInt64());
        Assert.Equal(6_000_000_000UL, rows[0].GetProperty("parts_ns").GetProperty("guest").GetUInt64());
        Assert.All(rows.Skip(1), row => Assert.False(row.GetProperty("parts_ns").TryGetProperty("guest", out _)));
        Assert.All(rows.Skip(1), row => Assert.False(row.TryGetProperty("vm", out _)));
        Assert.Equal(["wall", "reason", "reason", "group", "group", "total", "busy"],
            rows.Select(row => row.GetProperty("row").GetString()));
    }

    [Fact]
    public void A_part_that_cannot_be_had_is_null_and_said()
    {
        Interval interval = Between(null, Split) with { Missing = [new(TimePart.Poll, "poll: nothing to see")] };
        using JsonDocument json = JsonDocument.Parse(Text(interval, Request(split: true), OutputFormat.Json));
        JsonElement parts = json.RootElement.GetProperty("rows")[0].GetProperty("parts_ns");
        Assert.Equal(JsonValueKind.Null, parts.GetProperty("poll").ValueKind);
        Assert.Equal("poll: nothing to see", json.RootElement.GetProperty("missing")[0].GetString());
        Assert.Contains("poll: nothing to see", Text(interval, Request(split: true)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_exit_that_is_open_all_the_while_keeps_its_time()
    {
        Snapshot before =
            Take([new VcpuTime(Keys.Of(Sample.Web, null), 1000, default)], Row(s_hlt, 1, 0, parts: Parts((TimePart.Halt, 400))));
        Snapshot now =
            Take([new VcpuTime(Keys.Of(Sample.Web, null), 3000, default)], Row(s_hlt, 1, 0, parts: Parts((TimePart.Halt, 2400))));
        Interval interval = Between(before, now);
        Assert.Equal(2000UL, Assert.Single(interval.Rows).Parts!.Value[TimePart.Halt]);
        Assert.Equal(2000UL, Assert.Single(interval.Times).WallNs);
    }

    [Fact]
    public void Differences_of_parts_are_never_negative_and_keep_their_sum()
    {
        var random = new Random(20261124);
        for (int run = 0; run < 2000; run++)
        {
            TimeParts before = default, now = default;
            foreach (TimePart part in Enum.GetValues<TimePart>())
            {
                before[part] = (ulong)random.Next(1000);
                now[part] = (ulong)random.Next(2000);
            }
            if (now.Sum < before.Sum) (before, now) = (now, before);
            TimeParts difference = now.Less(before).Settled();
            Assert.Equal(now.Sum - before.Sum, difference.Sum);
        }
    }

    [Fact]
    public void Qualifiers_beyond_the_first_are_other()
    {
        Interval interval = Between(null, Take(
            [], Row(s_cpuid, 50, 1000, Qualifier.Of(0)), Row(s_cpuid, 40, 1000, Qualifier.Of(1)), Row(s_cpuid, 30, 1000, Qualifier.Of(2)),
            Row(s_cpuid, 7, 1000, Qualifier.Other)));
        Report report = ReportBuilder.Build(interval, Request(by: GroupBy.Reason | GroupBy.Qualifier, top: 2));
        Assert.Equal(["0x0 (vendor):50", "0x1 (features):40", "other:37"],
            report.Rows.Select(r => $"{Qualifiers.Name(r.Code!.Value, r.Qualifier)}:{r.Total.Count}"));
    }

    [Fact]
    public void Qualifiers_are_summed_where_rows_are_not_by_them()
    {
        Interval interval = Between(null, Take([], Row(s_cpuid, 50, 1000, Qualifier.Of(0)), Row(s_cpuid, 40, 1000, Qualifier.Of(1))));
        Assert.Equal(90UL, Assert.Single(ReportBuilder.Build(interval, Request()).Rows).Total.Count);
    }

    [Fact]
    public void Rounds_say_what_a_reflected_exit_costs()
    {
        Row row = Row(s_cpuid, 2100, 5000, level: ExitLevel.L2);
        row.Rounds = new ReflectedRounds
        {
            Reflected = 2000,
            Timed = 2000,
            TotalNs = 2000 * 48_000,
            HandlingNs = 2000 * 36_000,
            L1Exits = 20_600,
            MaxNs = 48_000
        };
        row.Rounds.Bins.Add(HistogramLayout.BinOf(48_000), 2000);
        Interval interval = Between(null, Take([], row, Row(s_ioio, 5, 1000)));
        string text = Text(interval, Request(nested: true));
        Assert.Contains("CPUID (L2) reflected 2000, 1 round 48.0 µs, 10.3 L1 exits each", text, StringComparison.Ordinal);
        Assert.DoesNotContain("IOIO", text, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(Text(interval, Request(nested: true), OutputFormat.Json));
        JsonElement rounds = json.RootElement.GetProperty("rows")[0];
        Assert.Equal((100UL, 2000UL, 48_000UL), (rounds.GetProperty("handled").GetUInt64(), rounds.GetProperty("reflected").GetUInt64(),
            rounds.GetProperty("round_avg_ns").GetUInt64()));
        Assert.Equal(10.3, rounds.GetProperty("l1_exits_per_round").GetDouble());
    }

    // An idle L2 waits in its rounds (HLT), and a few cheap ones cost nothing that matters.
    [Theory]
    [InlineData(0x7b, 100, 50_000, true)]
    [InlineData(0x7b, 99, 50_000, false)]
    [InlineData(0x78, 1900, 9_000_000, false)]
    public void Only_rounds_that_cost_something_have_a_sentence(ulong code, ulong count, ulong ns, bool isSaid)
    {
        Row[] rows = [Reflected(s_cpuid, 1900, 50_000), Reflected(new ExitCode(Isa.Svm, code), count, ns)];
        string text = Text(Between(null, Take([], rows)), Request(nested: true));
        Assert.Contains("CPUID (L2) reflected 1900, 1 round 50.0 µs", text, StringComparison.Ordinal);
        Assert.Equal(isSaid ? 2 : 1, text.Split("(L2) reflected").Length - 1);

        static Row Reflected(ExitCode code, ulong count, ulong ns)
        {
            Row row = Row(code, count, 1000, level: ExitLevel.L2);
            row.Rounds = new ReflectedRounds { Reflected = count, Timed = count, TotalNs = count * ns, L1Exits = count, MaxNs = ns };
            return row;
        }
    }

    [Theory]
    [InlineData(GroupBy.Vm)]
    [InlineData(GroupBy.Vcpu)]
    [InlineData(GroupBy.Level)]
    public void Rounds_are_by_reason_too_whatever_they_are_grouped_by(GroupBy by)
    {
        Interval interval =
            Between(null, Take([], Row(s_cpuid, 50, 1000, level: ExitLevel.L2), Row(s_ioio, 40, 1000, level: ExitLevel.L2)));
        string text = Text(interval, Request(nested: true, by: by));
        Assert.Contains("CPUID", text, StringComparison.Ordinal);
        Assert.Contains("IOIO", text, StringComparison.Ordinal);
        Assert.DoesNotContain("UNREAD", text, StringComparison.Ordinal);
        Assert.Equal(by != GroupBy.Level, text.Contains("web-1", StringComparison.Ordinal));
    }

    [Fact]
    public void Reasons_of_the_split_are_sorted_as_asked()
    {
        Assert.Equal("CPUID,IOIO,HLT", Order(null));
        Assert.Equal("CPUID,IOIO,HLT", Order(SortKey.Time));
        Assert.Equal("IOIO,CPUID,HLT", Order(SortKey.Count));
        Assert.Equal("HLT,IOIO,CPUID", Order(SortKey.Average));
        Assert.Equal("CPUID,HLT,IOIO", Order(SortKey.Code));

        static string Order(SortKey? sort)
        {
            Interval interval = Between(null, Take(
                [new VcpuTime(Keys.Of(Sample.Web, null), 10_000, default)],
                Row(s_hlt, 10, 9000, parts: Parts((TimePart.Halt, 90_000))), Row(s_ioio, 1000, 100, parts: Parts((TimePart.Vmm, 100_000))),
                // An open exit has time in the split, but no measured time.
                Row(s_cpuid, 20, 50, parts: Parts((TimePart.Kvm, 200_000)))));
            string[] lines = Text(interval, Request(split: true) with { Sort = sort }).Split('\n');
            return string.Join(',', lines.SkipWhile(l => !l.StartsWith("Reason", StringComparison.Ordinal)).Skip(1)
                .TakeWhile(l => l.Length > 0).Select(l => l.Split(' ')[0]));
        }
    }

    [Fact]
    public void Every_table_fits_a_narrow_screen()
    {
        var names = new[] { new VmIdentity(0, 4_194_303, "a-vm-with-a-long-name"), new VmIdentity(1, 4_194_302, "a-vm-with-a-long-name") };
        var rows = new List<Row>();
        var times = new List<VcpuTime>();
        foreach (VmIdentity vm in names)
            for (int vcpu = 0; vcpu < 1025; vcpu += 512)
            {
                times.Add(new VcpuTime(Keys.Of(vm, vcpu), 1_234_567_890_123, Parts((TimePart.Guest, 600_000_000_000))));
                foreach (ulong code in (ulong[])[0x72, 0x7b, 0x400, 0x401])
                    foreach (ExitLevel level in (ExitLevel[])[ExitLevel.L1, ExitLevel.L2])
                        rows.Add(Wide(vm, vcpu, code, level));
            }
        Interval interval = Between(null, Take(times, [.. rows]));
        for (GroupBy by = GroupBy.Reason; by <= (GroupBy)31; by++)
            foreach ((bool split, bool nested) in ((bool, bool)[])[(true, false), (false, true), (false, false)])
                for (int width = 40; width <= 130; width += 10)
                {
                    if (nested && by.HasFlag(GroupBy.Qualifier)) continue;
                    var output = new StringWriter();
                    OutputKinds.Reports.In(OutputFormat.Table)(new Destination(output, new ViewStyle(width)), Request(split, nested, by))
                        .Write(interval);
                    Golden.FitsIn(width, output.ToString());
                    Assert.DoesNotContain("##", output.ToString(), StringComparison.Ordinal);
                }
    }

    private static Row Wide(VmIdentity vm, int vcpu, ulong code, ExitLevel level)
    {
        TimeParts parts = Parts([.. Enum.GetValues<TimePart>().Where(p => p is not (TimePart.Guest or TimePart.Unattributed))
            .Select((p, i) => (p, 12_345_678UL + (ulong)i))]);
        Row row = OnVcpu(Row(new ExitCode(Isa.Svm, code), 12_345_678_901, 10, Qualifier.Of(0x1_0000_0608), parts, level), vm, vcpu);
        if (level != ExitLevel.L2) return row;
        row.Rounds = new ReflectedRounds
        {
            Reflected = row.Count / 2,
            Timed = row.Count / 2,
            TotalNs = row.Count * 47_800,
            HandlingNs = row.Count * 30_000,
            L1Exits = row.Count * 600,
            MaxNs = 48_000
        };
        row.Rounds.Bins.Add(HistogramLayout.BinOf(95_600), row.Count / 2);
        return row;
    }

    private static Row OnVcpu(Row row, VmIdentity? vm, int vcpu) =>
        new Row(Keys.Of(row.Key.Code, row.Key.Level, vm, vcpu, row.Key.Qualifier))
        { Parts = row.Parts, Rounds = row.Rounds, Count = row.Count, Timed = row.Timed, TotalNs = row.TotalNs, MaxNs = row.MaxNs };

    [Theory]
    [InlineData(GroupBy.Reason, true, "split-40")]
    [InlineData(GroupBy.Vcpu, true, "split-vcpu-40")]
    [InlineData(GroupBy.Reason, false, "rounds-40")]
    [InlineData(GroupBy.Vcpu, false, "rounds-vcpu-40")]
    public void A_narrow_table_keeps_what_matters_most(GroupBy by, bool split, string name)
    {
        Row reflected = Row(s_cpuid, 2100, 5000, parts: Parts((TimePart.Kvm, 10_500_000)), level: ExitLevel.L2);
        reflected.Rounds = new ReflectedRounds
        {
            Reflected = 2000,
            Timed = 2000,
            TotalNs = 2000 * 48_000,
            HandlingNs = 2000 * 36_000,
            L1Exits = 20_600,
            MaxNs = 48_000
        };
        Interval interval = Between(null, Take(Split.Times, [.. Split.Rows, reflected]));
        if (by == GroupBy.Vcpu) interval = OfOneVcpu(interval);
        var output = new StringWriter();
        OutputKinds.Reports.In(OutputFormat.Table)(new Destination(output, new ViewStyle(40)), Request(split, !split, by)).Write(interval);
        Golden.Check(name, output.ToString());
    }

    private static Interval OfOneVcpu(Interval interval) => interval with
    {
        TimeChanges = [.. interval.Times.Select(t => t with { Key = t.Key with { Vcpu = 3 } })],
        Changes = [.. interval.Rows.Select(r => OnVcpu(r, interval.VmOf(r.Key), 3))],
    };

    [Fact]
    public void No_line_is_wider_than_the_screen()
    {
        foreach (int width in (int[])[80, 72, 60])
        {
            var output = new StringWriter();
            OutputKinds.Reports.In(OutputFormat.Table)(new Destination(output, new ViewStyle(width)), Request(split: true))
                .Write(Between(null, Split));
            Assert.All(output.ToString().Split('\n'), line => Assert.InRange(line.Length, 0, width));
        }
    }
}
