using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Analysis.Rules;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Tests.Recordings;

namespace Kvmscope.Core.Tests;

/// <summary>Exits that are open at the end of an interval: their ages in sums, recordings, rules and answers.</summary>
public sealed class OpenAgeTests
{
    private const ulong Io = 0x7b, Hlt = 0x78, SecondNs = 1_000_000_000;

    private static OpenAge Age(ulong code, ulong ns, VmIdentity vm, int vcpu, ExitLevel level = ExitLevel.L1, bool atLeast = false) =>
        new(Keys.Of(new ExitCode(Isa.Svm, code), level, vm, vcpu), 1, ns, atLeast);

    private static RuleInput With(RuleInput input, params OpenAge[]? ages) =>
        input with { Interval = input.Interval with { OpenAges = ages } };

    // The longest that ended took 43.2 µs; the wall clocks are split or not.
    [Theory]
    [InlineData("max(exit)<1s", false, "8.10 s", "IOIO, web-1 vCPU 0, L1; it has not ended")]
    [InlineData("max(exit, vm=web-1, vcpu=0)<1s", false, "8.10 s", "IOIO, web-1 vCPU 0, L1; it has not ended")]
    [InlineData("max(exit, vm=web-1)>=8s", true, "8.10 s", "IOIO, web-1 vCPU 0, L1; it has not ended")]
    [InlineData("max(exit)<9s", null, "8.10 s", "IOIO, web-1 vCPU 0, L1; it has not ended")]
    [InlineData("max(any)<10s", false, "20.0 s", "HLT, db-1 vCPU 0, L1; it has not ended")]
    [InlineData("max(idle)<10s", false, "20.0 s", "HLT, db-1 vCPU 0, L1; it has not ended")]
    [InlineData("max(exit, vm=db-1)<50us", true, "2.00 µs", "NPF, db-1 vCPU 0, L1")]
    [InlineData("max(exit, level=l2)<50us", true, "20.0 µs", "CPUID, web-1 vCPU 0, L2")]
    [InlineData("max(NPF)<50us", true, "2.00 µs", "NPF, db-1 vCPU 0, L1")]
    public void Max_is_the_longest_or_the_age_of_the_oldest_open_exit(string rule, bool? holds, string measured, string detail)
    {
        foreach (RuleInput input in new[] { RuleSample.Input(RuleSample.Rows()), RuleSample.SplitInput() })
        {
            RuleResult result = RuleSample.Evaluate(rule,
                With(input, Age(Io, 8_100_000_000, RuleSample.Web, 0), Age(Hlt, 20 * SecondNs, RuleSample.Db, 0)));
            Assert.Equal(holds, result.Holds);
            Assert.Equal((measured, detail), (result.MeasuredText.TrimStart('>', '=', ' '), result.Detail));
        }
    }

    [Fact]
    public void A_vcpu_that_hangs_for_a_whole_interval_is_seen_and_fails()
    {
        RuleInput input = With(RuleSample.Input(), Age(Io, 3 * SecondNs, RuleSample.Web, 0));
        Assert.False(RuleSample.Evaluate("max(exit)<1s", input).Holds);
        Assert.False(RuleSample.Evaluate("max(exit, vm=web-1, vcpu=0)<1s", input).Holds);
        Assert.False(RuleSample.Evaluate("max(IOIO)<1s", input with { HasAllExits = false }).Holds);
        Assert.True(RuleSample.Evaluate("count(exit, vm=web-1)==0", input).Holds);
        Assert.Equal("no VM mail in the data, which has: web-1", RuleSample.Evaluate("max(exit, vm=mail)<1s", input).Why);
    }

    [Fact]
    public void An_age_that_is_less_than_the_longest_changes_nothing()
    {
        Row row = RuleSample.Row(Io, 10, 40_000, RuleSample.Web, 0, untimed: 1);
        RuleInput input = With(RuleSample.Input(new Accounting { Open = 1 }, row), Age(Io, 30_000, RuleSample.Web, 0));
        RuleResult result = RuleSample.Evaluate("max(exit)<50us", input);
        Assert.Equal((true, "max 40.0 µs (IOIO, web-1 vCPU 0, L1); 1 exit has not ended"), (result.Holds, result.Why));
    }

    // A vCPU that ended within the data: its last exit has no time, whatever lasted until the VM was gone.
    [Theory]
    [InlineData("max(exit)<450ms", true)]
    [InlineData("avg(exit)<450ms", true)]
    [InlineData("p99(exit)<450ms", true)]
    [InlineData("total(exit)<450ms", true)]
    [InlineData("count(exit)==11", true)]
    [InlineData("max(IOIO)<450ms", true)]
    public void An_exit_with_which_a_vcpu_ended_has_no_time_and_decides_nothing(string rule, bool holds)
    {
        Row ended = RuleSample.Row(Io, 11, 40_000, RuleSample.Web, 0, untimed: 1);
        ended.Final = 1;
        ended.Parts = RuleSample.Part(TimePart.Vmm, 8 * SecondNs);
        foreach (ulong unpaired in new ulong[] { 0, 3 })
            foreach (bool continued in new[] { false, unpaired == 0 })
            {
                RuleInput input = RuleSample.Input(new Accounting { FinalExits = 1, UnpairedExits = unpaired }, ended) with
                {
                    HasSplit = true,
                    IsContinued = continued,
                };
                RuleResult result = RuleSample.Evaluate(rule, input);
                Assert.Equal(holds, result.Holds);
                Assert.DoesNotContain("ended", result.Why, StringComparison.Ordinal);
                Assert.DoesNotContain("measured", result.Why, StringComparison.Ordinal);
            }
    }

    [Fact]
    public void In_a_recording_without_ages_an_open_exit_may_be_the_longest()
    {
        Row row = RuleSample.Row(Io, 10, 40_000, RuleSample.Web, 0, untimed: 1);
        RuleInput input = With(RuleSample.Input(new Accounting { Open = 1 }, row), null);
        RuleResult result = RuleSample.Evaluate("max(exit)<50us", input);
        Assert.Null(result.Holds);
        Assert.Equal(
            "max at least 40.0 µs (IOIO, web-1 vCPU 0, L1); 1 exit has not ended, and this recording does not say for how long",
            result.Why);
        Assert.False(RuleSample.Evaluate("max(exit)<30us", input).Holds);
        Assert.True(RuleSample.Evaluate("max(exit)<50us", With(RuleSample.Input(RuleSample.Rows()), null)).Holds);
    }

    [Fact]
    public void A_sum_has_the_state_at_its_end_and_all_exits_with_which_vcpus_ended()
    {
        Interval At(ulong final, params OpenAge[]? ages) => Sample.IntervalOf(new Row(Keys.Of(new ExitCode(Isa.Svm, Io),
            ExitLevel.L1, RuleSample.Web, 0))
        { Count = 2, Timed = 1, Final = final }) with
        { OpenAges = ages, Vms = [RuleSample.Web] };
        OpenAge open = Age(Io, 5, RuleSample.Web, 0);
        Interval Sum(Func<GroupKey, bool>? wants, params Interval[] intervals)
        {
            IntervalSum sum = new(Grouping.Host, wants: wants);
            foreach (Interval interval in intervals) sum.Add(interval);
            return sum.ToInterval();
        }

        Interval both = Sum(null, At(1, open), At(1));
        Assert.Empty(both.OpenAges!);
        Assert.Equal(2UL, Assert.Single(both.Rows).Final);
        Assert.Equal(2UL, Sum(key => key.Vcpu == 0, At(1, open), At(1)).Accounting.FinalExits);
        // The vCPU is known, whatever rows are grouped by.
        Assert.Equal([open], Sum(null, At(0), At(0, open)).OpenAges!);
        for (int vcpu = 0; vcpu < 2; vcpu++)
        {
            Interval one = Sum(key => key.Vcpu == vcpu, At(0, open));
            Assert.Equal((1UL - (ulong)vcpu, 1 - vcpu), (one.Accounting.Open, one.OpenAges!.Count));
        }
        Assert.Null(Sum(null, At(0, open), At(0, null)).OpenAges);
        Assert.Empty(new IntervalSum(Grouping.Host).ToInterval().OpenAges!);
    }

    [Fact]
    public void A_recording_keeps_them_for_each_stretch()
    {
        var vm = new VmIdentity(0, 7, "x");
        OpenAge io = Age(Io, 2 * SecondNs, vm, 3, ExitLevel.L2);
        OpenAge grouped = new(Keys.Of(new ExitCode(Isa.Svm, Hlt), ExitLevel.L1, vm), 4, 9, true);
        Interval At(int second, ulong final, params OpenAge[]? ages) => new()
        {
            First = second,
            From = RandomTrace.Start.AddSeconds(second),
            To = RandomTrace.Start.AddSeconds(second + 1),
            FromNs = RandomTrace.StartNs + (second * 1_000_000_000L),
            ToNs = RandomTrace.StartNs + ((second + 1) * 1_000_000_000L),
            Vms = [vm],
            Changes = [new Row(Keys.Of(new ExitCode(Isa.Svm, Io), ExitLevel.L1, vm, 0)) { Count = 2, Timed = 1, Final = final }],
            OpenAges = ages,
            Accounting = new Accounting { Exits = 2, Entries = 1, FinalExits = final },
        };
        Recording recording = Tape.Open(Tape.RecordIntervals(At(0, 1, io, grouped), At(1, 0), At(2, 1, null)));
        Interval Of(int first, int count) => recording.Sum(new IntervalRange(first, count), Grouping.Vcpu).ToInterval();
        Assert.Equal([io, grouped], Of(0, 1).OpenAges!);
        Assert.Empty(Of(0, 2).OpenAges!);
        Assert.Null(Of(0, 3).OpenAges);
        Assert.Equal((2UL, 2UL), (Assert.Single(Of(0, 3).Rows).Final, Of(0, 3).Accounting.FinalExits));
        Assert.Equal("x", Of(0, 1).VmOf(io.Key)!.Name);
    }

    private static string Text(ReportRequest request, OutputFormat format, params OpenAge[] ages)
    {
        var output = new StringWriter();
        Interval interval = Sample.IntervalOf(
            new Accounting { Open = (ulong)ages.Length }, RuleSample.Row(Io, 20, 43_200, RuleSample.Web, 1));
        OutputKinds.Reports.In(format)(new Destination(output, new ViewStyle(80)), request).Write(
            interval with { OpenAges = ages, Vms = [RuleSample.Web, RuleSample.Db], TimeChanges = [] });
        return output.ToString();
    }

    private static readonly ReportRequest[] s_requests =
    [
        new() { Kind = ReportKind.Count, Command = "count" },
        new() { Kind = ReportKind.Time, Command = "time" },
        new() { Kind = ReportKind.Time, Command = "time", By = GroupBy.Vm },
        new() { Kind = ReportKind.Time, Command = "time", Split = true },
        new() { Kind = ReportKind.Time, Command = "time", Nested = true },
        new() { Kind = ReportKind.Hist, Command = "hist" },
    ];

    [Fact]
    public void Every_table_says_what_has_been_open_for_more_than_a_second()
    {
        foreach (ReportRequest request in s_requests)
        {
            string text = Text(request, OutputFormat.Table, Age(Io, 8_100_000_000, RuleSample.Web, 0),
                Age(Hlt, 90 * SecondNs, RuleSample.Db, 0), Age(0x72, SecondNs, RuleSample.Web, 1));
            Assert.EndsWith("\nopen: IOIO of web-1 vCPU 0 for 8.10 s\n", text, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("open:", Text(s_requests[0], OutputFormat.Table, Age(Hlt, 90 * SecondNs, RuleSample.Db, 0)),
            StringComparison.Ordinal);
        Assert.EndsWith("\nopen: IOIO of web-1 vCPU 0 (L2) for at least 2.00 s\n",
            Text(s_requests[0], OutputFormat.Table, Age(Io, 2 * SecondNs, RuleSample.Web, 0, ExitLevel.L2, atLeast: true)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Of_many_the_oldest_are_named()
    {
        OpenAge[] ages = [.. Enumerable.Range(0, 6).Select(i => Age(Io, (ulong)(2 + i) * SecondNs, RuleSample.Web, i))];
        Assert.EndsWith("""

            open: IOIO of web-1 vCPU 5 for 7.00 s
            open: IOIO of web-1 vCPU 4 for 6.00 s
            open: IOIO of web-1 vCPU 3 for 5.00 s
            open: and 3 more for over 1 s

            """.ReplaceLineEndings("\n"), Text(s_requests[1], OutputFormat.Table, ages), StringComparison.Ordinal);
        OpenAge together = new(Keys.Of(new ExitCode(Isa.Svm, Io), ExitLevel.L1, RuleSample.Web), 4, 3 * SecondNs);
        Assert.EndsWith(
            "\nopen: 4 IOIO of web-1 for up to 3.00 s\n", Text(s_requests[1], OutputFormat.Table, together), StringComparison.Ordinal);
    }

    [Fact]
    public void Json_has_them_as_objects()
    {
        string text = Text(
            s_requests[1], OutputFormat.Json, Age(Io, 8_100_000_000, RuleSample.Web, 0), Age(Hlt, 90 * SecondNs, RuleSample.Db, 0));
        const string keys = """{"vm":"web-1","vm_pid":4711,"vcpu":0,"isa":"svm","code":123,"reason":"IOIO","level":1,""";
        Assert.Contains(
            "\"open_exits\":[" + keys + "\"count\":1,\"age_ns\":8100000000,\"at_least\":false}]", text, StringComparison.Ordinal);
        text = Text(s_requests[1], OutputFormat.Json, Age(Io, SecondNs / 2, RuleSample.Web, 0));
        Assert.DoesNotContain("open_exits", text, StringComparison.Ordinal);
    }
}
