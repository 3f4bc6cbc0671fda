using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Rules;

namespace Kvmscope.Core.Tests;

/// <summary>What rules say if something was lost: what was seen may prove a result; else it is left open.</summary>
public sealed class RuleLossTests
{
    private static readonly Accounting s_dropped = new() { DroppedExits = 5 };

    public static TheoryData<Accounting, string> Losses => new()
    {
        { new Accounting { DroppedExits = 5, DroppedVcpus = 1 }, "5 exits were not counted (raise --max-vcpus)" },
        { new Accounting { DroppedVcpus = 1 }, "1 vCPU was not counted (raise --max-vcpus)" },
        { new Accounting { DroppedVcpus = 1023 }, "1023 vCPUs were not counted (raise --max-vcpus)" },
        { new Accounting { DroppedVcpus = 1024 }, "at least 1024 vCPUs were not counted (raise --max-vcpus)" },
        { new Accounting { DroppedCells = 2 }, "2 reasons of vCPUs did not fit (raise --max-vcpus)" },
    };

    [Theory]
    [InlineData("count(any, vm=db-1)<=1000000")]
    [InlineData("max(exit, vm=db-1)<1s")]
    [InlineData("p99(exit, vcpu=0)<1s")]
    public void What_ended_VMs_did_together_may_be_that_of_the_VM_that_is_meant(string rule)
    {
        RuleResult result = RuleSample.Evaluate(rule, RuleSample.Input(new Accounting { MergedVms = 3 }, RuleSample.Rows()));
        Assert.Null(result.Holds);
        Assert.Contains("3 VMs that ended are in 'ended VMs'", result.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rule_about_all_VMs_misses_nothing_of_those_that_are_together() => Assert.True(RuleSample.Evaluate(
        "max(exit)<50us", RuleSample.Input(new Accounting { MergedVms = 3 }, RuleSample.Rows())).Holds);

    // What was seen: 1324 busy exits, 132.4 per second, the longest 43.2 µs, 2.744 ms in total.
    [Theory]
    [InlineData("count(exit)<1324", false)]
    [InlineData("count(exit)<1325", null)]
    [InlineData("count(exit)<=1323", false)]
    [InlineData("count(exit)<=1324", null)]
    [InlineData("count(exit)==0", false)]
    [InlineData("count(exit)==1323", false)]
    [InlineData("count(exit)==1324", null)]
    [InlineData("count(exit)==1325", null)]
    [InlineData("count(exit)!=1323", true)]
    [InlineData("count(exit)!=1324", null)]
    [InlineData("count(exit)!=1325", null)]
    [InlineData("count(exit)>=1324", true)]
    [InlineData("count(exit)>=1325", null)]
    [InlineData("count(exit)>1323", true)]
    [InlineData("count(exit)>1324", null)]
    [InlineData("count(any, vm=db-1, level=l2)==0", null)]
    [InlineData("rate(exit)<132.4/s", false)]
    [InlineData("rate(exit)<132.5/s", null)]
    [InlineData("rate(exit)>=132.4/s", true)]
    [InlineData("max(exit)<43.2us", false)]
    [InlineData("max(exit)<50us", null)]
    [InlineData("max(exit)>=43.2us", true)]
    [InlineData("max(IOIO, vm=db-1)<50us", null)]
    [InlineData("total(exit)<1ms", false)]
    [InlineData("total(exit)<1s", null)]
    [InlineData("total(exit)>1ms", true)]
    [InlineData("avg(exit)<1ns", null)]
    [InlineData("avg(exit)<1s", null)]
    [InlineData("p99(exit)<1s", null)]
    [InlineData("p50(exit)<1ns", null)]
    public void A_lower_bound_proves_what_it_proves(string rule, bool? holds)
    {
        RuleResult result = RuleSample.Evaluate(rule, RuleSample.Input(s_dropped, RuleSample.Rows()));
        Assert.Equal(holds, result.Holds);
        Assert.Contains("5 exits were not counted", result.Why, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void Every_loss_is_named(Accounting accounting, string why)
    {
        RuleResult result = RuleSample.Evaluate("count(exit)<2000", RuleSample.Input(accounting, RuleSample.Rows()));
        Assert.Equal((null, 1324.0, ">= 1324"), (result.Holds, result.Measured, result.MeasuredText));
        Assert.Equal($"count at least 1324 (most: CPUID, web-1 vCPU 0, L1); {why}", result.Why);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_counter_that_began_again_is_a_loss(int counters)
    {
        RuleInput input = RuleSample.Input(RuleSample.Rows());
        input = input with { Interval = input.Interval with { RestartedRows = counters } };
        Assert.Null(RuleSample.Evaluate("count(exit)==1324", input).Holds);
        Assert.False(RuleSample.Evaluate("count(exit)==0", input).Holds);
    }

    [Fact]
    public void What_was_lost_of_events_and_qualifiers_is_no_loss_here()
    {
        var accounting = new Accounting { LostEvents = 3, OtherQualifiers = 4, UnpairedEntries = 5, Open = 6 };
        Assert.True(RuleSample.Evaluate("max(exit)==43.2us", RuleSample.Input(accounting, RuleSample.Rows())).Holds);
        Assert.True(RuleSample.Evaluate("p99(exit)<50us", RuleSample.Input(accounting, RuleSample.Rows())).Holds);
    }

    // Seven exits of web-1 have no known reason: busy or idle, CPUID or not.
    [Theory]
    [InlineData("count(any)==1388", true)]
    [InlineData("max(any)==800ms", true)]
    [InlineData("count(exit)==1324", null)]
    [InlineData("count(exit)<1000", false)]
    [InlineData("count(idle)>=57", true)]
    [InlineData("count(CPUID)==1004", null)]
    [InlineData("count(CPUID)>1000", true)]
    [InlineData("max(exit)<50us", null)]
    [InlineData("max(exit)<40us", false)]
    [InlineData("avg(IOIO)<50us", null)]
    [InlineData("p99(IOIO)<50us", null)]
    [InlineData("count(NPF, vm=db-1)==300", true)]
    [InlineData("count(MSR, vm=web-1)==0", null)]
    public void An_unread_reason_may_be_any(string rule, bool? holds)
    {
        Row unread = RuleSample.Row(0, 7, 90_000, RuleSample.Web, 0, isa: Isa.None);
        RuleInput input = RuleSample.Input(new Accounting { UnreadReasons = 7 }, [.. RuleSample.Rows(), unread]);
        RuleResult result = RuleSample.Evaluate(rule, input);
        Assert.Equal(holds, result.Holds);
        if (holds is null) Assert.Contains("the reason of 7 exits could not be read", result.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Unread_reasons_without_a_row_may_be_anybodys() =>
        Assert.Null(RuleSample.Evaluate(
            "count(NPF, vm=db-1)==300", RuleSample.Input(new Accounting { UnreadReasons = 1 }, RuleSample.Rows())).Holds);

    // One exit per vCPU may be open when the data are read, which is not a loss; an exit that was followed by another is.
    [Theory]
    [InlineData(1, 0, 1, true, "1 exit has not ended")]
    [InlineData(1, 0, 0, true, "1 exit has not ended")]
    [InlineData(3, 0, 3, true, "3 exits have not ended")]
    [InlineData(3, 0, 0, null, "3 exits have no measured time")]
    [InlineData(1, 1, 1, null, "1 exit has no measured time")]
    [InlineData(2, 9, 0, null, "2 exits have no measured time")]
    public void Exits_that_were_not_timed_are_open_or_lost(ulong untimed, ulong unpaired, ulong open, bool? holds, string why)
    {
        var accounting = new Accounting { UnpairedExits = unpaired, Open = open };
        RuleInput input = RuleSample.Input(accounting, RuleSample.Row(0x7b, 10, 40_000, RuleSample.Web, 0, untimed: untimed),
            RuleSample.Row(0x72, 9, 70_000, RuleSample.Web, 1));
        foreach (string rule in new[] { "max(IOIO)<50us", "p99(IOIO)<50us", "total(IOIO)<1s", "avg(IOIO)<=40us" })
        {
            RuleResult result = RuleSample.Evaluate(rule, input);
            Assert.Equal(holds, result.Holds);
            Assert.EndsWith(why, result.Why, StringComparison.Ordinal);
        }
        Assert.False(RuleSample.Evaluate("max(IOIO)<30us", input).Holds);
        RuleInput cut = RuleSample.Input(accounting with { UnpairedExits = 0, CutExits = unpaired }, [.. input.Interval.Rows]);
        Assert.Equal(holds, RuleSample.Evaluate("max(IOIO)<50us", cut).Holds);
        // Counts are complete, and so are targets with all their times.
        Assert.Equal("count 10 (IOIO, web-1 vCPU 0, L1)", RuleSample.Evaluate("count(IOIO)==10", input).Why);
        Assert.Equal("max 70.0 µs (CPUID, web-1 vCPU 1, L1)", RuleSample.Evaluate("max(CPUID)<80us", input).Why);
    }

    [Fact]
    public void Each_vCPU_may_have_an_open_exit()
    {
        RuleInput input = RuleSample.Input(RuleSample.Row(0x7b, 10, 40_000, RuleSample.Web, 0, untimed: 1),
            RuleSample.Row(0x7b, 10, 40_000, RuleSample.Web, 1, untimed: 1));
        Assert.True(RuleSample.Evaluate("max(IOIO)<50us", input).Holds);
    }

    [Fact]
    public void An_exit_that_ended_in_this_interval_and_began_before_it_is_no_loss()
    {
        Row row = RuleSample.Row(0x7b, 10, 40_000, RuleSample.Web, 0);
        row.Count = 9;
        Assert.Equal("max 40.0 µs (IOIO, web-1 vCPU 0, L1)", RuleSample.Evaluate("max(IOIO)<50us", RuleSample.Input(row)).Why);
    }

    [Theory]
    [InlineData("max(IOIO)<50us")]
    [InlineData("avg(IOIO)<50us")]
    [InlineData("total(IOIO)<50us")]
    [InlineData("p50(IOIO)<50us")]
    public void Of_open_exits_alone_there_is_no_time(string rule)
    {
        RuleResult result = RuleSample.Evaluate(
            rule, RuleSample.Input(new Accounting { Open = 1 }, RuleSample.Row(0x7b, 1, 0, RuleSample.Web, 0, untimed: 1)));
        Assert.Equal((null, null, "no exit of IOIO was timed; 1 exit has not ended"), (result.Measured, result.Holds, result.Why));
    }

    [Theory]
    [InlineData(RuleBound.Exact)]
    [InlineData(RuleBound.AtLeast)]
    [InlineData(RuleBound.AtMost)]
    internal void A_bound_decides_what_all_values_beyond_it_agree_on(RuleBound bound)
    {
        foreach (RuleComparison comparison in Enum.GetValues<RuleComparison>())
            for (int seen = -3; seen <= 3; seen++)
            {
                // The threshold is 0; the true value is anything on the open side of what was seen.
                bool?[] possible =
                [
                    .. Enumerable.Range(-9, 19)
                        .Where(v => bound switch { RuleBound.AtLeast => v >= seen, RuleBound.AtMost => v <= seen, _ => v == seen })
                        .Select(v => RuleComparisons.Decide(comparison, v, RuleBound.Exact)).Distinct(),
                ];
                Assert.Equal(possible.Length == 1 ? possible[0] : null, RuleComparisons.Decide(comparison, seen, bound));
            }
    }

    // Traced with --level l1: there may be any number of exits of L2.
    [Theory]
    [InlineData("count(CPUID)<2000", null)]
    [InlineData("count(CPUID)>=1000", true)]
    [InlineData("count(CPUID)<1000", false)]
    [InlineData("max(CPUID)<50us", null)]
    [InlineData("avg(CPUID)<50us", null)]
    [InlineData("count(CPUID, level=l1)<2000", true)]
    [InlineData("count(exit)<2000", true)]
    public void A_level_that_was_not_traced_may_have_had_more(string rule, bool? holds)
    {
        Row[] rows = [.. RuleSample.Rows().Where(r => r.Key.Level == ExitLevel.L1)];
        RuleInput input = RuleSample.Input(rows) with { HasAllExits = false, Level = ExitLevel.L1 };
        RuleResult result = RuleSample.Evaluate(rule, input);
        Assert.Equal(holds, result.Holds);
        if (holds is null) Assert.Contains("exits of L2 were not traced", result.Why, StringComparison.Ordinal);
        Assert.NotNull(RuleSample.Evaluate(rule, input with { Level = null }).Holds);
    }

    // An exit that was open at the start adds a time, another has none: counts and times are equal.
    [Fact]
    public void Times_that_came_from_before_hide_no_exit_without_a_time()
    {
        RuleInput input = RuleSample.Input(new Accounting { UnpairedExits = 2, CutExits = 1 }, RuleSample.Rows());
        Assert.True(RuleSample.Evaluate("max(exit)<50us", input).Holds);
        RuleResult result = RuleSample.Evaluate("max(exit)<50us", input with { IsContinued = true });
        Assert.Null(result.Holds);
        Assert.Contains("3 exits of all have no measured time", result.Why, StringComparison.Ordinal);
        Assert.False(RuleSample.Evaluate("max(exit)<40us", input with { IsContinued = true }).Holds);
        Assert.True(RuleSample.Evaluate("max(exit)<50us", RuleSample.Input(RuleSample.Rows()) with { IsContinued = true }).Holds);
    }
}
