using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Tests;

public sealed class MachineFormatTests
{
    private static readonly SlowExit s_slow = new(
        new DateTimeOffset(2026, 3, 1, 14, 34, 56, TimeSpan.FromHours(2)).AddTicks(1_234_567), Sample.Db, 3, 4720, 11, ExitLevel.L2,
        new ExitCode(Isa.Svm, 0x7b), 10_000_001);

    [Theory]
    [InlineData(ReportKind.Count)]
    [InlineData(ReportKind.Time)]
    [InlineData(ReportKind.Hist)]
    public void Answers(ReportKind kind)
    {
        string name = kind.ToString().ToLowerInvariant();
        foreach (GroupBy by in (GroupBy[])[GroupBy.Reason, GroupBy.Vm, GroupBy.Vcpu])
        {
            string suffix = by == GroupBy.Reason ? "" : "-" + by.ToString().ToLowerInvariant();
            string json = Sample.Text(Machines, kind, by: by, format: OutputFormat.Json);
            Assert.Equal(json.Length - 1, json.IndexOf('\n', StringComparison.Ordinal));
            Golden.Check($"json-{name}{suffix}", Pretty(json));
            Golden.Check($"csv-{name}{suffix}", Sample.Text(Machines, kind, by: by, format: OutputFormat.Csv));
        }
    }

    [Fact]
    public void No_rows_are_an_answer_too()
    {
        using JsonDocument json = JsonDocument.Parse(Sample.Text(Sample.IntervalOf(), ReportKind.Hist, format: OutputFormat.Json));
        Assert.Equal(["total", "busy"],
            json.RootElement.GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("row").GetString()));
        Assert.Equal(
            """
            started,seconds,row,vm,vm_pid,vcpu,isa,code,reason,idle,level,qualifier,qualifier_raw,direction,count,page,rip,symbol,ret,ec
            2026-03-01T12:34:56.0000000Z,10,total,,,,,,,,,,,,0,,,,,
            2026-03-01T12:34:56.0000000Z,10,busy,,,,,,,false,,,,,0,,,,,

            """,
            Sample.Text(Sample.IntervalOf(), ReportKind.Count, format: OutputFormat.Csv));
    }

    [Fact]
    public void Answers_follow_one_another_a_line_each_with_one_header()
    {
        var request = new ReportRequest { Kind = ReportKind.Count, Command = "count" };
        var output = new StringWriter();
        IOutputWriter<Interval> json = OutputKinds.Reports.In(OutputFormat.Json)(new Destination(output, new ViewStyle()), request);
        for (int i = 0; i < 3; i++) json.Write(Sample.Svm);
        string[] lines = output.ToString().Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.All(lines.Take(3), line => JsonDocument.Parse(line).Dispose());
        Assert.Equal(lines[0], lines[2]);

        output = new StringWriter();
        IOutputWriter<Interval> csv = OutputKinds.Reports.In(OutputFormat.Csv)(new Destination(output, new ViewStyle()), request);
        csv.Write(Sample.Svm);
        csv.Write(Sample.Svm);
        Assert.Equal(25, output.ToString().TrimEnd('\n').Split('\n').Length);
    }

    [Fact]
    public void A_large_answer_is_whole()
    {
        var rows = new List<Row>();
        var vm = new VmIdentity(0, 1, "größer 😀\t\"x\"");
        for (int vcpu = 0; vcpu < 500; vcpu++) rows.Add(Sample.Row(Isa.Svm, 0x72, ExitLevel.L1, (ulong)vcpu + 1, 1000, vm, vcpu));
        using JsonDocument json = JsonDocument.Parse(
            Sample.Text(Sample.IntervalOf([.. rows]) with { Vms = [vm] }, ReportKind.Hist, by: GroupBy.Vcpu, format: OutputFormat.Json));
        JsonElement[] shown =
            [.. json.RootElement.GetProperty("rows").EnumerateArray().Where(r => r.GetProperty("row").GetString() == "reason")];
        Assert.Equal(500, shown.Length);
        Assert.All(shown, row =>
            Assert.Equal("größer 😀\t\"x\"", row.GetProperty("vm").GetString()));
    }

    [Fact]
    public void Slow_exits_as_json() => Assert.Equal(
        """{"schema":"kvmscope/slower/1","command":"slower","time":"2026-03-01T12:34:56.1234567Z","vm":"database, \"main\"","vm_pid":4712"""
        + ""","vcpu":3,"tid":4720,"cpu":11,"level":2"""
        + ""","isa":"svm","code":123,"reason":"IOIO","duration_ns":10000001,"qualifier":null,"qualifier_raw":null,"direction":null"""
        + ""","rip":null,"cpu_exit":null,"cpu_entry":11,"parts_ns":null,"ran_instead":null}"""
        + "\n", Slow(OutputFormat.Json, 80, s_slow));

    [Fact]
    public void Slow_exits_as_csv() => Assert.Equal(
        "time,vm,vm_pid,vcpu,tid,cpu,level,isa,code,reason,duration_ns,qualifier,qualifier_raw,direction,rip,cpu_exit,cpu_entry,"
        + "kvm_ns,vmm_ns,runq_ns,halt_ns,poll_ns,sleep_ns,unattributed_ns,ran_instead,ran_instead_pid,ret,ec\n"
        + """"
        2026-03-01T12:34:56.1234567Z,"database, ""main""",4712,3,4720,11,2,svm,123,IOIO,10000001,,,,,,11,,,,,,,,,,,
        2026-03-01T12:34:56.1234567Z,"database, ""main""",4712,3,4720,11,2,svm,123,IOIO,10000001,,,,,,11,,,,,,,,,,,

        """", Slow(OutputFormat.Csv, 80, s_slow, s_slow));

    [Fact]
    public void No_slow_exit_is_a_header_alone() =>
        Assert.StartsWith("time,vm,", Assert.Single(Slow(OutputFormat.Csv, 80).TrimEnd('\n').Split('\n')), StringComparison.Ordinal);

    // The class of both is 0.
    [Fact]
    public void Csv_tells_reasons_of_arm64_apart_as_json_does()
    {
        Interval interval =
            Sample.IntervalOf(Sample.Row(Isa.Arm64, 0x000, ExitLevel.L1, 3, 63), Sample.Row(Isa.Arm64, 0x200, ExitLevel.L1, 2, 63));
        string[] lines = Sample.Text(interval, ReportKind.Count, format: OutputFormat.Csv).TrimEnd('\n').Split('\n');
        Assert.EndsWith(",count,page,rip,symbol,ret,ec", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("arm64,0,IRQ,false,1,,,,3,,,,0,", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("arm64,0,UNKNOWN,false,1,,,,2,,,,2,0", lines[2], StringComparison.Ordinal);
        Assert.EndsWith(",0,", Slow(OutputFormat.Csv, 80, s_slow with { Code = new ExitCode(Isa.Arm64, 0x000) }).TrimEnd('\n'),
            StringComparison.Ordinal);
        Assert.EndsWith(",2,36", Slow(OutputFormat.Csv, 80, s_slow with { Code = new ExitCode(Isa.Arm64, 0x224) }).TrimEnd('\n'),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Every_line_of_csv_has_as_many_fields_as_the_header()
    {
        Row row = Sample.Row(Isa.Vmx, 10, ExitLevel.L2, 3, 63, Sample.Web, 1);
        var now = new Snapshot(Sample.Started, 25_000_000_000, [row], new Accounting())
        { Times = [new VcpuTime(Keys.Of(Sample.Web, 1), 1000, default)] };
        Interval interval = now.Since(null, Sample.Started);
        var request = new ReportRequest { Kind = ReportKind.Time, Command = "time" };
        foreach (GroupBy by in (GroupBy[])[GroupBy.Reason, GroupBy.Vm, GroupBy.Vcpu | GroupBy.Reason, GroupBy.Reason | GroupBy.Qualifier])
            foreach ((bool split, bool nested) in ((bool, bool)[])[(false, false), (true, false), (false, true)])
            {
                var output = new StringWriter();
                OutputKinds.Reports.In(OutputFormat.Csv)(
                    new Destination(output, new ViewStyle()), request with { By = by, Split = split, Nested = nested }).Write(interval);
                Assert.Single(output.ToString().TrimEnd('\n').Split('\n').Select(l => l.Count(c => c == ',')).Distinct());
            }
    }

    [Fact]
    public void Trust_in_json_is_all_that_is_said_under_a_table()
    {
        Interval interval = Sample.Svm with { RestartedRows = 3 };
        using JsonDocument plain = JsonDocument.Parse(Sample.Text(interval, ReportKind.Count, format: OutputFormat.Json));
        Assert.Equal(3, plain.RootElement.GetProperty("trust").GetProperty("restarted_counters").GetInt32());
        Assert.False(plain.RootElement.GetProperty("trust").TryGetProperty("other_qualifiers", out _));
        using JsonDocument json =
            JsonDocument.Parse(Sample.Text(interval, ReportKind.Count, by: GroupBy.Reason | GroupBy.Qualifier, format: OutputFormat.Json));
        Assert.Equal(0, json.RootElement.GetProperty("trust").GetProperty("other_qualifiers").GetInt32());
    }

    [Theory]
    [InlineData(80)]
    [InlineData(40)]
    public void Slow_exits_as_text(int width)
    {
        string text = Slow(
            OutputFormat.Table, width, s_slow, s_slow
                with
            { Vm = Sample.Web, Code = new ExitCode(Isa.Svm, 0x402), DurationNs = 9_999_999_999_999_999, Vcpu = 1023 },
            s_slow
                with
            { Vm = new VmIdentity(5, 1, "a-virtual-machine-with-a-very-long-name"), Level = ExitLevel.L1, DurationNs = 50_000 });
        Golden.FitsIn(width, text);
        Assert.Single(text.TrimEnd('\n').Split('\n').Select(line => line.Length).Distinct());
        Golden.Check($"slower-{width}", text);
    }

    [Fact]
    public void Lost_events_are_said()
    {
        static string? Line(ulong lost) => AccountingText.LostEvents(new Accounting { LostEvents = lost });
        Assert.StartsWith("1 slow exit was lost", Line(1), StringComparison.Ordinal);
        Assert.StartsWith("12 slow exits were lost", Line(12), StringComparison.Ordinal);
        Assert.Null(Line(0));
    }

    private static Interval Machines { get; } = Sample.IntervalOf(
        new Accounting
        {
            Exits = 1,
            Entries = 2,
            UnpairedExits = 3,
            UnpairedEntries = 4,
            Open = 5,
            LostEvents = 6,
            DroppedCells = 7,
            DroppedVcpus = 8,
            VcpuRoom = 128,
            DroppedExits = 9,
            UnreadReasons = 10,
        },
        Sample.Row(Isa.Svm, 0x72, ExitLevel.L1, 1000, 1_200, Sample.Web, 0),
        Sample.Row(Isa.Svm, 0x72, ExitLevel.L1, 23, 1_700, Sample.Web, 1),
        Sample.Row(Isa.Svm, 0x78, ExitLevel.L2, 5, 2_000_000_000_000, Sample.Db, 0),
        Sample.Row(Isa.Svm, 0x8f1, ExitLevel.L1, 4, 0, Sample.Web, 1, untimed: 4),
        Sample.Row(Isa.Svm, 0x7c, ExitLevel.L1, 3, 63, Sample.Web, 1, untimed: 1));

    [Theory]
    [InlineData(OutputFormat.Json, "\"vm\":\"ended VMs\",\"vm_pid\":null,\"isa\"")]
    [InlineData(OutputFormat.Csv, ",ended VMs,,")]
    [InlineData(OutputFormat.Table, "ended VMs     -  0x72  CPUID")]
    public void What_stands_for_several_VMs_has_no_pid(OutputFormat format, string expected)
    {
        VmIdentity[] vms = [Sample.Web, new(5, VmIdentity.SeveralPids, "ended VMs"), new(6, 7, "ended VMs")];
        Interval interval = Sample.Of(Sample.Started, 1,
            [.. vms.Select(vm => Sample.Row(Isa.Svm, 0x72, ExitLevel.L1, 3, 1_000, vm))], new Accounting { Exits = 9, MergedVms = 2 }, vms);
        var output = new StringWriter();
        OutputKinds.Reports.In(format)(new Destination(output, new ViewStyle(100)),
            new ReportRequest { Kind = ReportKind.Count, Command = "count", By = GroupBy.Vm | GroupBy.Reason }).Write(interval);
        Assert.Contains(expected, output.ToString(), StringComparison.Ordinal);
        if (format == OutputFormat.Json) Assert.Contains("\"merged_vms\":2", output.ToString(), StringComparison.Ordinal);
        if (format == OutputFormat.Table)
            Assert.Contains("2 VMs that ended are in 'ended VMs': no room to keep them apart; sums are exact", output.ToString(),
                StringComparison.Ordinal);
    }

    [Fact]
    public void Names_of_slow_exits_are_not_kept_for_ever()
    {
        var output = new StringWriter();
        long Kept(int vms)
        {
            IOutputWriter<SlowExit> writer = OutputKinds.SlowExits.In(OutputFormat.Table)(
                new Destination(output, new ViewStyle(100)), new SlowExitRequest(false));
            for (int i = 0; i < vms; i++)
            {
                VmIdentity vm = new(i, i, $"vm{i}");
                writer.Write(new SlowExit(Sample.Started, vm, 0, 1, 0, ExitLevel.L1, new ExitCode(Isa.Svm, 0x72), 1));
                output.GetStringBuilder().Clear();
            }
            return ((TextSlowExitWriter)writer).KnownNames;
        }
        Assert.Equal((10L, 1000L, 1000L), (Kept(10), Kept(1001), Kept(5000)));
    }

    private static string Slow(OutputFormat format, int width, params SlowExit[] exits)
    {
        var output = new StringWriter();
        IOutputWriter<SlowExit> writer = OutputKinds.SlowExits.In(format)(
            new Destination(output, new ViewStyle(width)), new SlowExitRequest(false));
        foreach (SlowExit exit in exits) writer.Write(exit);
        return output.ToString();
    }

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    internal static string Pretty(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return JsonSerializer.Serialize(document.RootElement, s_indented) + "\n";
    }
}
