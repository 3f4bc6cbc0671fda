using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Rules;

namespace Kvmscope.Core.Tests;

/// <summary>Shares of the wall clock.</summary>
public sealed class RuleShareTests
{
    [Theory]
    [InlineData("share(runq)<7%", 2.0 / 30)]
    [InlineData("share(runq, vm=web-1)==10%", 0.1)]
    [InlineData("share(runq, vm=web-1, vcpu=1)==20%", 0.2)]
    [InlineData("share(RUNQ){vm=4711,vcpu=1}==0.2", 0.2)]
    [InlineData("share(runq, vm=db-1)==0", 0)]
    [InlineData("share(poll)==0%", 0)]
    [InlineData("share(kvm, vm=db-1)==0.006%", 0.00006)]
    [InlineData("share(halt, vm=db-1)==56%", 0.56)]
    [InlineData("share(NPF, vm=db-1)==0.006%", 0.00006)]
    [InlineData("share(idle, vm=db-1)==56%", 0.56)]
    [InlineData("share(any, vm=db-1)==56.006%", 0.56006)]
    [InlineData("share(exit, vm=db-1)==0.00006", 0.00006)]
    [InlineData("share(MSR)==0%", 0)]
    [InlineData("share(CPUID, level=l2, vm=web-1)==0.0004%", 0.000004)]
    [InlineData("share(unattributed)<1%", 0)]
    public void A_share_is_of_the_clocks_that_the_filters_leave(string rule, double share)
    {
        RuleResult result = RuleSample.Evaluate(rule, RuleSample.SplitInput());
        Assert.Equal(share, result.Measured!.Value, 12);
        Assert.True(result.Holds, result.Why);
    }

    // Poll time without an event is in KVM's part.
    [Theory]
    [InlineData("share(poll)<5%", null)]
    [InlineData("share(poll)>=0%", true)]
    [InlineData("share(kvm, vm=db-1)<57%", true)]
    [InlineData("share(kvm, vm=db-1)>0.001%", null)]
    [InlineData("share(runq)<7%", true)]
    public void Events_that_were_skipped_are_of_poll_times(string rule, bool? holds)
    {
        RuleInput input = RuleSample.SplitInput();
        input = input with { Interval = input.Interval with { Accounting = input.Interval.Accounting with { MissedEvents = 3 } } };
        RuleResult result = RuleSample.Evaluate(rule, input);
        Assert.Equal(holds, result.Holds);
        if (holds is null) Assert.Contains("3 events were skipped", result.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void It_says_of_how_much()
    {
        RuleResult result = RuleSample.Evaluate("share(runq)<5%", RuleSample.SplitInput());
        Assert.Equal((false, "share 6.67 % (2.00 s of 30.0 s)", "6.67 %"), (result.Holds, result.Why, result.MeasuredText));
        Assert.Equal("5.003 %", RuleSample.Evaluate("share(runq)<5%", With(RuleSample.SplitInput(), 1_501_000_000)).MeasuredText);
    }

    [Fact]
    public void An_open_exit_counts_as_far_as_it_has_come()
    {
        RuleInput input = RuleSample.SplitInput();
        Row io = input.Interval.Rows.Single(r => r.Key.Code.Code == 0x7b);
        io.Parts = RuleSample.Part(TimePart.Vmm, 3_000_000_000);
        Assert.True(RuleSample.Evaluate("share(IOIO)==10%", input).Holds);
    }

    [Fact]
    public void Without_the_split_or_all_exits_it_is_not_known()
    {
        Assert.Equal((null, "the wall clock was not split (record without '--without split')"),
            Short("share(runq)<5%", RuleSample.SplitInput() with { HasSplit = false }));
        Assert.Equal((null, "the wall clock needs all exits: leave out --reason, --exclude and --level"),
            Short("share(IOIO)<5%", RuleSample.SplitInput() with { HasAllExits = false }));
        Assert.Equal(
            (null, "the wall clock needs all exits, and the recording has only some: record without --reason, --exclude and --level"),
            Short("share(IOIO)<5%", RuleSample.SplitInput() with { HasAllExits = false, WasAllRecorded = false }));
        RuleInput input = RuleSample.SplitInput();
        Assert.Equal((null, "no wall clock was observed"),
            Short("share(runq)<5%", input with { Interval = input.Interval with { TimeChanges = [] } }));
    }

    [Theory]
    [InlineData("share(runq)<5%", null)]
    [InlineData("share(runq)<90%", null)]
    [InlineData("share(IOIO)<5%", null)]
    public void With_losses_no_share_is_known(string rule, bool? holds)
    {
        RuleResult result = RuleSample.Evaluate(rule, RuleSample.SplitInput(new Accounting { DroppedVcpus = 1 }));
        Assert.Equal(
            (holds, null, "share is not known: 1 vCPU was not counted (raise --max-vcpus)"), (result.Holds, result.Measured, result.Why));
    }

    [Theory]
    [InlineData("share(poll)<5%", null)]
    [InlineData("share(kvm)<90%", true)]
    [InlineData("share(kvm)<0.001%", null)]
    [InlineData("share(runq)>1%", null)]
    [InlineData("share(runq)>90%", false)]
    [InlineData("share(CPUID)<90%", true)]
    [InlineData("share(CPUID)>90%", false)]
    public void What_a_kernel_cannot_give_may_be_in_the_other_parts(string rule, bool? holds)
    {
        const string text = "poll: kvm_vcpu_wakeup cannot be traced here, so its time is in another column";
        RuleResult result = RuleSample.Evaluate(
            rule, RuleSample.SplitInput(null, new MissingSource(TimePart.Poll, text), new MissingSource(null, "qualifiers")));
        Assert.Equal(holds, result.Holds);
        Assert.Equal(!rule.Contains("CPUID", StringComparison.Ordinal), result.Why.EndsWith(text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("share(IOIO)<0.001%", false)]
    [InlineData("share(IOIO)<50%", null)]
    public void Exits_without_a_time_make_a_share_a_lower_bound(string rule, bool? holds)
    {
        RuleInput input = RuleSample.SplitInput(new Accounting { UnpairedExits = 3 });
        input.Interval.Rows.Single(r => r.Key.Code.Code == 0x7b).Count += 3;
        Assert.Equal(holds, RuleSample.Evaluate(rule, input).Holds);
    }

    private static RuleInput With(RuleInput input, ulong runqNs) => input with
    {
        Interval = input.Interval with
        {
            TimeChanges = [.. input.Interval.Times.Select(t =>
            {
                TimeParts parts = t.Parts;
                if (parts[TimePart.Runq] > 0)
                    (parts[TimePart.Guest], parts[TimePart.Runq]) = (parts[TimePart.Guest] + parts[TimePart.Runq] - runqNs, runqNs);
                return t with { Parts = parts };
            })],
        },
    };

    private static (bool?, string) Short(string rule, RuleInput input) =>
        (RuleSample.Evaluate(rule, input).Holds, RuleSample.Evaluate(rule, input).Why);
}
