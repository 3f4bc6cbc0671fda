using System.Reflection;
using System.Text.Json;
using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Tests;

/// <summary>What all machine formats promise: a schema on every object, rounded figures, sums, and columns that do not move.</summary>
public sealed class MachineSchemaTests
{
    private static readonly ExitCode s_cpuid = new(Isa.Svm, 0x72);

    private static readonly SlowExit s_slow = new(
        Sample.Started, Sample.Db, 3, 4720, 11, ExitLevel.L2, new ExitCode(Isa.Svm, 0x7b), 10_000_001)
    { Qualifier = Qualifier.Of(0x2_0000_0060) };

    private static readonly Interval s_odd = Sample.Svm.Lasting(1.0 / 3) with { Accounting = new Accounting { LostEvents = 3 } };

    // One example of each kind of output that has JSON.
    private static Dictionary<string, (string[] Kinds, Action<Destination> Write)> Examples => new()
    {
        [nameof(OutputKinds.Reports)] = (["count", "time", "hist", "vmm"], to =>
        {
            foreach (ReportKind kind in Enum.GetValues<ReportKind>())
                OutputKinds.Reports.In(OutputFormat.Json)(
                    to, new ReportRequest { Kind = kind, Command = kind.ToString().ToLowerInvariant() }).Write(s_odd);
            OutputKinds.Reports.In(OutputFormat.Json)(
                to, new ReportRequest { Kind = ReportKind.Time, Command = "time", By = GroupBy.Vmm }).Write(s_odd);
        }
        ),
        [nameof(OutputKinds.SlowExits)] = (["slower"], to => OutputKinds.SlowExits.In(OutputFormat.Json)(
            to, new SlowExitRequest(IsVerbose: false)).Write(s_slow)),
        [nameof(OutputKinds.Histories)] = (["last"], to => OutputKinds.Histories.In(OutputFormat.Json)(to).Write(
            new VcpuHistory(Sample.Db, 3, 4720, Sample.Started, HasEnded: true)
            {
                LastReturn = new VmmReturn(new VmmReason(9), Sample.Started, 33, 1500),
                Seen = 40,
                Exits = [new LastExit(40, Sample.Started, 900, ExitLevel.L1, s_cpuid) { HandlingNs = 800, Qualifier = Qualifier.Of(7) }],
            })),
        [nameof(OutputKinds.SlowLosses)] = (["losses"], to => OutputKinds.SlowLosses.In(OutputFormat.Json)(to, s_odd, true)),
        [nameof(OutputKinds.Comparisons)] =
            (["diff"], to => OutputKinds.Comparisons.In(OutputFormat.Json)(to, ComparisonSample.Upgrade)),
        [nameof(OutputKinds.RuleResults)] = (["assert"], to => OutputKinds.RuleResults.In(OutputFormat.Json)(to).Write(
            [
                RuleSample.Evaluate("max(exit)<50us", RuleSample.SplitInput()),
                RuleSample.Evaluate("rate(exit)<50/s", RuleSample.SplitInput()),
            ])),
        [nameof(OutputKinds.Machines)] = (["list"], to =>
            OutputKinds.Machines.In(OutputFormat.Json)(to, new MachineList([new VirtualMachine(1, "web", "qemu", 1, [0])]))),
        [nameof(OutputKinds.Checks)] = (["check"], to => OutputKinds.Checks.In(OutputFormat.Json)(to, [])),
        [nameof(OutputKinds.Demo)] = (["demo"], to =>
            OutputKinds.Demo.In(OutputFormat.Json)(to, new DemoComparison(s_odd, [new DemoRow(s_cpuid, ExitLevel.L1, 1, 1)], false))),
        [nameof(OutputKinds.Explanations)] = (["explain"], to =>
            OutputKinds.Explanations.In(OutputFormat.Json)(to, new Explanation([s_cpuid], [], IsList: false))),
    };

    public static TheoryData<string> JsonKinds => new(typeof(OutputKinds).GetProperties(BindingFlags.Public | BindingFlags.Static)
        .Where(p => ((IEnumerable<OutputFormat>)p.PropertyType.GetProperty("Formats")!.GetValue(p.GetValue(null))!)
            .Contains(OutputFormat.Json))
        .Select(p => p.Name));

    /// <summary>Answers of a kind.</summary>
    internal static string ExampleOf(string kind)
    {
        var output = new StringWriter();
        Examples[kind].Write(new Destination(output, new ViewStyle()));
        return output.ToString();
    }

    [Theory]
    [MemberData(nameof(JsonKinds))]
    public void Every_object_has_its_schema(string kind)
    {
        Assert.True(Examples.ContainsKey(kind), $"{kind} has JSON: give an example of it here");
        JsonElement[] objects = [.. ExampleOf(kind).TrimEnd('\n').Split('\n').Select(line => JsonElement.Parse(line))];
        Assert.Equal(
            Examples[kind].Kinds.Select(k => $"kvmscope/{k}/1"), objects.Select(o => o.GetProperty("schema").GetString()).Distinct());
        Assert.All(objects, o => Assert.Equal("schema", o.EnumerateObject().First().Name));
        Assert.All(objects, o => Assert.Equal(JsonValueKind.String, o.GetProperty("command").ValueKind));
    }

    [Theory]
    [MemberData(nameof(JsonKinds))]
    public void Figures_are_rounded_and_say_their_unit(string kind)
    {
        foreach (string line in ExampleOf(kind).TrimEnd('\n').Split('\n'))
            foreach ((string name, JsonElement number) in Numbers("", JsonElement.Parse(line)))
            {
                string text = number.GetRawText();
                int point = text.IndexOf('.', StringComparison.Ordinal);
                Assert.True(point < 0 || text.Length - point - 1 <= 6, $"{name}: {text}");
                Assert.DoesNotContain(name, (string[])["rate", "change", "duration", "time", "avg", "max", "share"]);
            }
    }

    [Fact]
    public void Total_and_Busy_have_rows_with_their_percentiles()
    {
        JsonElement[] rows = Rows(Sample.Nested, new ReportRequest { Kind = ReportKind.Time, Command = "time" });
        JsonElement total = rows.Single(r => RowOf(r) == "total"), busy = rows.Single(r => RowOf(r) == "busy");
        Report report = ReportBuilder.Build(Sample.Nested, new ReportRequest { Kind = ReportKind.Time, Command = "time" });
        Assert.Equal((9195UL, report.Total.Total.Quantile(0.99)), (Number(total, "count"), Number(total, "p99_ns")));
        Assert.Equal((6408UL, report.Busy.Total.Quantile(0.999)), (Number(busy, "count"), Number(busy, "p999_ns")));
        foreach (string key in (string[])["isa", "code", "reason", "level"])
            Assert.All([total, busy], row => Assert.Equal(JsonValueKind.Null, row.GetProperty(key).ValueKind));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.False), (total.GetProperty("idle").ValueKind, busy.GetProperty("idle").ValueKind));
        Assert.Equal(9195UL, Sum(rows.Where(r => RowOf(r) == "reason")));
    }

    // A row of the table: HLT of both levels together.
    [Fact]
    public void A_group_has_its_percentiles()
    {
        var request = new ReportRequest { Kind = ReportKind.Time, Command = "time" };
        JsonElement[] rows = Rows(Sample.Nested, request);
        JsonElement hlt = rows.Single(r => RowOf(r) == "group" && r.GetProperty("reason").GetString() == "HLT");
        ReportRow row = ReportBuilder.Build(Sample.Nested, request).Rows.Single(r => r.Code == new ExitCode(Isa.Vmx, 12));
        Assert.Equal((2965UL, row.Total.Quantile(0.5), JsonValueKind.Null),
            (Number(hlt, "count"), Number(hlt, "p50_ns"), hlt.GetProperty("level").ValueKind));
        Assert.Equal(2, rows.Count(r => RowOf(r) == "reason" && r.GetProperty("reason").GetString() == "HLT"));
        Assert.Equal(9195UL, Sum(rows.Where(r => RowOf(r) == "group")));

        JsonElement[] byVm = Rows(Sample.Nested, request with { By = GroupBy.Vm });
        Assert.Equal([(6408UL, false), (2787UL, true)],
            byVm.Where(r => RowOf(r) == "group").Select(r => (Number(r, "count") ?? 0, r.GetProperty("idle").GetBoolean())));
        // These rows are the groups.
        Assert.DoesNotContain(Rows(Sample.Nested, request with { By = GroupBy.Reason | GroupBy.Level }), r => RowOf(r) == "group");
    }

    [Fact]
    public void The_time_of_L1_in_a_round_is_a_share()
    {
        Row row = Sample.Row(Isa.Svm, 0x72, ExitLevel.L2, 2000, 5000);
        row.Rounds = new ReflectedRounds
        { Reflected = 2000, Timed = 2000, TotalNs = 90_000_000, HandlingNs = 60_000_000, L1Exits = 20_600, MaxNs = 1 };
        row.Rounds.Bins.Add(0, 2000);
        var request = new ReportRequest { Kind = ReportKind.Time, Command = "time", Nested = true };
        foreach (JsonElement json in Rows(Sample.IntervalOf(row), request))
            Assert.Equal(0.333333, json.GetProperty("l1_time_share").GetDouble());
        JsonElement none = Rows(Sample.IntervalOf(Sample.Row(Isa.Svm, 0x72, ExitLevel.L2, 1, 1)), request)[0];
        Assert.Equal(JsonValueKind.Null, none.GetProperty("l1_time_share").ValueKind);
    }

    [Theory]
    [InlineData(Isa.Svm, 0x7c, 0x1_0000_0010, "read")]
    [InlineData(Isa.Svm, 0x7c, 0x2_0000_0010, "write")]
    [InlineData(Isa.Svm, 0x7c, 0x3_0000_0010, null)]
    [InlineData(Isa.Vmx, 31, 0x10, "read")]
    [InlineData(Isa.Vmx, 32, 0x10, "write")]
    [InlineData(Isa.Vmx, 84, 0x10, "read")]
    [InlineData(Isa.Vmx, 85, 0x10, "write")]
    [InlineData(Isa.Vmx, 30, 0x1_0000_0060, "in")]
    [InlineData(Isa.Svm, 0x7b, 0x2_0000_0060, "out")]
    [InlineData(Isa.Svm, 0x7b, 0x60, null)]
    [InlineData(Isa.Svm, 0x400, 2, "write")]
    [InlineData(Isa.Svm, 0x400, 4, "fetch")]
    [InlineData(Isa.Svm, 0x400, 0xfec0_0100, null)]
    [InlineData(Isa.Vmx, 28, 0x13, "read")]
    [InlineData(Isa.Vmx, 28, 0x03, "write")]
    [InlineData(Isa.Vmx, 29, 0x17, "read")]
    [InlineData(Isa.Vmx, 29, 0x07, "write")]
    [InlineData(Isa.Vmx, 44, 0x2_0000_00b0, "write")]
    [InlineData(Isa.Vmx, 44, 0xb0, null)]
    [InlineData(Isa.Vmx, 10, 1, null)]
    [InlineData(Isa.Arm64, 0x218, 0x2_0000_0000, "write")]
    [InlineData(Isa.Arm64, 0x224, 0x0a00_1102, "write")]
    [InlineData(Isa.Riscv64, 23, 0x1000_0102, "write")]
    [InlineData(Isa.Riscv64, 22, 0x1_0000_0c01, "read")]
    [InlineData(Isa.Riscv64, 22, 0x1050_0073, null)]
    public void Directions_are_said(Isa isa, ulong code, ulong raw, string? direction)
    {
        Row row = new(Keys.Of(new ExitCode(isa, code), ExitLevel.L1, qualifier: Qualifier.Of(raw))) { Count = 1 };
        var request = new ReportRequest { Kind = ReportKind.Count, Command = "count", By = GroupBy.Qualifier };
        Assert.Equal(direction, Rows(Sample.IntervalOf(row), request)[0].GetProperty("direction").GetString());
        // From the end: a name may have a comma.
        string[][] csv = [.. Csv(Sample.IntervalOf(row), request).Split('\n').Select(line => line.Split(','))];
        Assert.Equal("direction", csv[0][^7]);
        Assert.Equal(direction ?? "", csv[1][^7]);
    }

    [Theory]
    [InlineData(ReportKind.Count, "count,page,rip,symbol,ret,ec")]
    [InlineData(ReportKind.Time, "count,total_ns,avg_ns,p50_ns,p90_ns,p99_ns,p999_ns,max_ns,wall_ns,guest_ns,kvm_ns,vmm_ns,runq_ns,halt_ns,"
        + "poll_ns,sleep_ns,unattributed_ns,handled,reflected,round_avg_ns,round_p99_ns,l1_exits_per_round,l1_time_share,"
        + "page,rip,symbol,ret,ec")]
    [InlineData(ReportKind.Hist, "count,total_ns,avg_ns,p50_ns,p90_ns,p99_ns,p999_ns,max_ns,buckets_ns,page,rip,symbol,ret,ec")]
    public void Columns_of_csv_do_not_move(ReportKind kind, string figures)
    {
        string expected = "started,seconds,row,vm,vm_pid,vcpu,isa,code,reason,idle,level,qualifier,qualifier_raw,direction," + figures;
        for (var by = GroupBy.None; by <= (GroupBy.Reason | GroupBy.Vm | GroupBy.Vcpu | GroupBy.Level | GroupBy.Qualifier); by++)
            foreach ((bool split, bool nested, bool levels) in
                ((bool, bool, bool)[])[(false, false, false), (true, false, false), (false, true, false), (false, false, true)])
            {
                bool time = kind == ReportKind.Time;
                var request = new ReportRequest
                { Kind = kind, Command = "x", By = by, Stats = levels, Split = split && time, Nested = nested && time, Levels = levels };
                string[] lines = Csv(Whole, request).TrimEnd('\n').Split('\n');
                Assert.Equal(expected, lines[0]);
                Assert.All(lines, line => Assert.Equal(expected.Count(c => c == ','), line.Count(c => c == ',')));
            }
    }

    [Fact]
    public void Columns_of_diff_do_not_move()
    {
        var headers = new HashSet<string>();
        foreach (GroupBy by in (GroupBy[])[GroupBy.Reason, GroupBy.Vm, GroupBy.Vcpu | GroupBy.Level, GroupBy.Qualifier])
        {
            var output = new StringWriter();
            OutputKinds.Comparisons.In(OutputFormat.Csv)(new Destination(output, new ViewStyle()), Both(by));
            string[] lines = output.ToString().TrimEnd('\n').Split('\n');
            headers.Add(lines[0]);
            Assert.True(lines.Length > 1);
            Assert.All(lines, line => Assert.Equal(lines[0].Count(c => c == ','), line.Count(c => c == ',')));
        }
        Assert.Equal("vm,vcpu,isa,code,reason,idle,level,qualifier,qualifier_raw,direction,"
            + "a_rate_per_s,a_busy_share,a_avg_ns,a_p50_ns,a_p99_ns,"
            + "b_rate_per_s,b_busy_share,b_avg_ns,b_p50_ns,b_p99_ns,change_ns_per_s,marked,marks,ret,ec", Assert.Single(headers));
    }

    // The value of each column is that of the member of the same name in JSON.
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Csv_says_what_json_says(bool split, bool nested)
    {
        var request = new ReportRequest
        { Kind = ReportKind.Time, Command = "time", By = GroupBy.Vcpu | GroupBy.Qualifier, Split = split, Nested = nested };
        JsonElement[] rows = Rows(Whole, request);
        string[] lines = Csv(Whole, request).TrimEnd('\n').Split('\n'), heads = lines[0].Split(',');
        Assert.Equal(rows.Length, lines.Length - 1);
        for (int i = 0; i < rows.Length; i++)
        {
            string[] fields = lines[i + 1].Split(',');
            for (int column = 2; column < heads.Length; column++)
                Assert.Equal((i, heads[column], Json(rows[i], heads[column])), (i, heads[column], fields[column]));
        }
    }

    private static string Json(JsonElement row, string name)
    {
        JsonElement value = default;
        bool has = row.TryGetProperty(name, out value)
            || (row.TryGetProperty("parts_ns", out JsonElement parts) && name.EndsWith("_ns", StringComparison.Ordinal)
                && parts.TryGetProperty(name[..^3], out value));
        return has ? value.ToString().Replace("True", "true").Replace("False", "false") : "";
    }

    private static Comparison Both(GroupBy by)
    {
        ComparisonSample.Load load = new(32, 9, 1_400) { Vm = Sample.Web, Vcpu = 0, Qualifier = Qualifier.Of(1) };
        return ComparisonSample.Compare(ComparisonSample.Side("a", 12, load), ComparisonSample.Side("b", 12, load), by);
    }

    private static Interval Whole { get; } = MakeWhole();

    private static Interval MakeWhole()
    {
        Row cpuid = new(Keys.Of(s_cpuid, ExitLevel.L2, Sample.Web, 1, Qualifier.Of(1)))
        {
            Count = 30,
            Timed = 30,
            TotalNs = 3000,
            MaxNs = 100,
            Parts = new TimeParts { [TimePart.Kvm] = 2000, [TimePart.Vmm] = 1000 },
            Rounds = new ReflectedRounds { Reflected = 20, Timed = 20, TotalNs = 9000, HandlingNs = 3000, L1Exits = 77, MaxNs = 500 },
        };
        cpuid.Bins.Add(HistogramLayout.BinOf(100), 30);
        cpuid.Rounds.Bins.Add(HistogramLayout.BinOf(450), 20);
        Row port = new(Keys.Of(new ExitCode(Isa.Svm, 0x7b), ExitLevel.L1, Sample.Web, 0, Qualifier.Of(0x1_0000_0060)))
        { Count = 3, Timed = 2, TotalNs = 5000, MaxNs = 4000, Parts = new TimeParts { [TimePart.Kvm] = 5000 } };
        port.Bins.Add(HistogramLayout.BinOf(2500), 2);
        var now = new Snapshot(Sample.Started.AddSeconds(10), 25_000_000_000, [cpuid, port], new Accounting())
        {
            Times =
            [
                new VcpuTime(Keys.Of(Sample.Web, 0), 10_000, new TimeParts { [TimePart.Guest] = 5_000 }),
                new VcpuTime(Keys.Of(Sample.Web, 1), 10_000, new TimeParts { [TimePart.Guest] = 7_000 }),
            ],
        };
        return now.Since(null, Sample.Started, 15_000_000_000);
    }

    private static JsonElement[] Rows(Interval interval, ReportRequest request) =>
        [.. JsonElement.Parse(Write(OutputFormat.Json, interval, request)).GetProperty("rows").EnumerateArray()];

    private static string Csv(Interval interval, ReportRequest request) => Write(OutputFormat.Csv, interval, request);

    private static string Write(OutputFormat format, Interval interval, ReportRequest request)
    {
        var output = new StringWriter();
        OutputKinds.Reports.In(format)(new Destination(output, new ViewStyle()), request).Write(interval);
        return output.ToString();
    }

    private static string? RowOf(JsonElement row) => row.GetProperty("row").GetString();

    private static ulong? Number(JsonElement row, string name) =>
        row.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetUInt64() : null;

    private static ulong Sum(IEnumerable<JsonElement> rows) => rows.Aggregate(0UL, (sum, row) => sum + Number(row, "count")!.Value);

    private static IEnumerable<(string Name, JsonElement Number)> Numbers(string name, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Number => [(name, element)],
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p => Numbers(p.Name, p.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(e => Numbers(name, e)),
        _ => [],
    };
}
