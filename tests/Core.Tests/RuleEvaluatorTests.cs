using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Rules;

namespace Kvmscope.Core.Tests;

/// <summary>What rules measure if nothing is missing, and if there is nothing to measure.</summary>
public sealed class RuleEvaluatorTests
{
    private static readonly RuleInput s_input = RuleSample.Input(RuleSample.Rows());

    private static RuleResult Of(string rule) => RuleSample.Evaluate(rule, s_input);

    [Theory]
    [InlineData("count(any)==1381", 1381)]
    [InlineData("count(exit)==1324", 1324)]
    [InlineData("count(idle)=57", 57)]
    [InlineData("count(CPUID)==1004", 1004)]
    [InlineData("count(0x72)<1005", 1004)]
    [InlineData("count(svm_exit_cpuid){level=l2}==4", 4)]
    [InlineData("count(CPUID, level=l1)==1000", 1000)]
    [InlineData("count(any, vm=web-1)==1074", 1074)]
    [InlineData("count(any, vm=4712)==307", 307)]
    [InlineData("count(any, vm=web-1, vcpu=1)==70", 70)]
    [InlineData("count(any, vm=web-1, vcpu=0-1)==1074", 1074)]
    [InlineData("count(any, vcpu=\"0,1\")==1381", 1381)]
    [InlineData("count(any, vm=*-1)==1381", 1381)]
    [InlineData("count(any, vm=w*)==1074", 1074)]
    [InlineData("count(N?F, vm=[d]b-?)==300", 300)]
    [InlineData("count(*)==1381", 1381)]
    [InlineData("count(any, vcpu=0)==1311", 1311)]
    [InlineData("count(IOIO, vm=db-1)==0", 0)]
    [InlineData("count(any, vm=db-1, level=l2)==0", 0)]
    [InlineData("count(exit)<=1324", 1324)]
    [InlineData("count(exit)>=1324", 1324)]
    [InlineData("count(exit)!=1325", 1324)]
    [InlineData("count(exit)>1323", 1324)]
    [InlineData("rate(exit)==132.4/s", 132.4)]
    [InlineData("rate(NPF)<=30", 30)]
    [InlineData("rate(NPF)==1800/min", 30)]
    [InlineData("rate(IOIO)==7200/h", 2)]
    [InlineData("rate(any, vm=db-1, level=l2)==0", 0)]
    [InlineData("max(exit)==43.2us", 43_200)]
    [InlineData("max(any)==800ms", 800_000_000)]
    [InlineData("max(idle, vm=web-1)==9 ms", 9_000_000)]
    [InlineData("total(IOIO)==864us", 864_000)]
    [InlineData("total(exit, level=l2)==80000ns", 80_000)]
    [InlineData("total(IOIO, vm=db-1)==0ns", 0)]
    [InlineData("avg(CPUID, level=l1)==1.2us", 1_200)]
    [InlineData("avg(any, vm=web-1, vcpu=1)<6.5s", (20 * 43_200 + 50 * 9_000_000.0) / 70)]
    public void What_is_measured_is_exact(string rule, double measured)
    {
        RuleResult result = Of(rule);
        Assert.Equal(measured, result.Measured);
        Assert.True(result.Holds, result.Why);
        Assert.Equal(rule, result.Rule.Text);
    }

    [Theory]
    [InlineData("max(exit)<43.2us")]
    [InlineData("max(exit)<=43199ns")]
    [InlineData("max(exit)>43.2us")]
    [InlineData("max(exit)!=43.2us")]
    [InlineData("count(any)==0")]
    [InlineData("count(any, level=l2)<4")]
    [InlineData("rate(NPF)<30/s")]
    [InlineData("rate(NPF)<1800/min")]
    [InlineData("avg(CPUID, level=l1)>1200ns")]
    public void What_is_not_so_fails(string rule) => Assert.False(Of(rule).Holds);

    [Theory]
    [InlineData("max(exit)<50us", "max 43.2 µs (IOIO, web-1 vCPU 1, L1)")]
    [InlineData("max(CPUID)<50us", "max 20.0 µs (CPUID, web-1 vCPU 0, L2)")]
    [InlineData("p99(exit)<45us", "p99 41.7 µs (IOIO, web-1 vCPU 1, L1); an estimate within the bin 41.0µs..43.2µs")]
    [InlineData("count(any, level=l2)==0", "count 4 (CPUID, web-1 vCPU 0, L2)")]
    [InlineData("count(exit)==0", "count 1324 (most: CPUID, web-1 vCPU 0, L1)")]
    [InlineData("total(any)<1s", "total 6.05 s (most: HLT, db-1 vCPU 0, L1)")]
    [InlineData("avg(IOIO)<50us", "avg 43.2 µs (of 20 exits)")]
    [InlineData("rate(any, level=l2)<1/s", "rate 0.4/s (4 exits in 10.0 s)")]
    [InlineData("rate(NPF)<100/min", "rate 1800/min (300 exits in 10.0 s)")]
    [InlineData("count(IOIO, vm=db-1)==0", "count 0")]
    public void It_says_whose_it_was(string rule, string why) => Assert.StartsWith(why, Of(rule).Why, StringComparison.Ordinal);

    [Fact]
    public void It_says_nothing_of_what_was_not_there_and_writes_numbers_out()
    {
        Assert.Equal("count 0", Of("count(IOIO, vm=db-1)==0").Why);
        RuleResult Sum(string rule, ulong count) =>
            RuleSample.Evaluate(rule, RuleSample.Input(RuleSample.Row(0x72, count, 1, RuleSample.Web, 0)));
        Assert.Equal("2000000000000000", Sum("count(any)>0", 2_000_000_000_000_000).MeasuredText);
        Assert.Equal("9.9/s", Sum("rate(any)>0", 99).MeasuredText);
        Assert.Equal("10/s", Sum("rate(any)>0", 100).MeasuredText);
    }

    [Theory]
    [InlineData("max(exit)<43.204us", 43_204, "43.2 µs")]
    [InlineData("max(exit)<43.2us", 43_204, "43204 ns")]
    [InlineData("max(exit)<43.2us", 43_200, "43.2 µs")]
    public void Rounding_hides_no_difference(string rule, ulong ns, string text) =>
        Assert.Equal(text, RuleSample.Evaluate(rule, RuleSample.Input(RuleSample.Row(0x7b, 1, ns, RuleSample.Web, 0))).MeasuredText);

    [Fact]
    public void Rounding_hides_no_difference_of_averages_and_rates()
    {
        Row row = RuleSample.Row(0x7b, 3, 50_000, RuleSample.Web, 0);
        row.TotalNs = 150_001;
        Assert.Equal("50000.3 ns", RuleSample.Evaluate("avg(IOIO)<=50us", RuleSample.Input(row)).MeasuredText);
        Assert.Equal("0.30/s", RuleSample.Evaluate("rate(IOIO)<0.31", RuleSample.Input(row)).MeasuredText);
        Assert.Equal("0.3/s", RuleSample.Evaluate("rate(IOIO)<0.4", RuleSample.Input(row)).MeasuredText);
    }

    [Fact]
    public void Decimals_are_no_binary_fractions()
    {
        // 0.1 + 0.2 seconds of 3 exits, and a third of them: in doubles neither is equal.
        Interval interval = Sample.IntervalOf(RuleSample.Row(0x7b, 3, 1_000, RuleSample.Web, 0)).Lasting(0.3);
        Assert.True(RuleSample.Evaluate("rate(any)==10/s", new RuleInput(interval, Isa.Svm)).Holds);
        Assert.True(RuleSample.Evaluate("rate(any)==100/min", new RuleInput(interval.Lasting(1.8), Isa.Svm)).Holds);
        Assert.False(RuleSample.Evaluate("rate(any)<0.3", new RuleInput(interval.Lasting(10), Isa.Svm)).Holds);
    }

    [Fact]
    public void Counts_beyond_what_a_double_holds_are_still_compared_exactly()
    {
        Row row = RuleSample.Row(0x7b, 999_999_999_999_999, 1, RuleSample.Web, 0);
        row.Count = row.Timed = (1UL << 53) + 1;
        row.TotalNs = row.MaxNs = 999_999_999_999_999_001;
        RuleInput input = RuleSample.Input(row);
        Assert.True(RuleSample.Evaluate("max(any)>999999999999.999us", input).Holds);
        Assert.True(RuleSample.Evaluate("max(any)==999999999999999.001us", input).Holds);
        Assert.False(RuleSample.Evaluate("total(any)<=999999999999999us", input).Holds);
    }

    [Fact]
    public void Qualifiers_and_levels_add_up()
    {
        Row Port(ulong port, ulong count, ulong ns, ExitLevel level) =>
            new Row(Keys.Of(new ExitCode(Isa.Svm, 0x7b), level, RuleSample.Web, 0, Qualifier.Of(port)))
            { Count = count, Timed = count, TotalNs = count * ns, MaxNs = ns };
        RuleInput input = RuleSample.Input(Port(0x1_0000_0608, 10, 4_000, ExitLevel.L1), Port(0x1_0000_0060, 5, 7_000, ExitLevel.L1),
            Port(0x1_0000_0060, 1, 9_000, ExitLevel.L2));
        Assert.True(RuleSample.Evaluate("count(IOIO)==16", input).Holds);
        Assert.True(RuleSample.Evaluate("count(IOIO, level=l1)==15", input).Holds);
        Assert.True(RuleSample.Evaluate("total(IOIO)==84us", input).Holds);
        Assert.StartsWith("max 9.00 µs (IOIO 0x60 in", RuleSample.Evaluate("max(IOIO)==9us", input).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reason_is_meant_with_any_flags()
    {
        RuleInput input = new(Sample.IntervalOf(
            RuleSample.Row(0x8000_0021, 1, 500, RuleSample.Web, 0, isa: Isa.Vmx),
            RuleSample.Row(48, 2, 500, RuleSample.Web, 0, isa: Isa.Vmx),
            RuleSample.Row(0x0400_0030, 3, 500, RuleSample.Web, 0, isa: Isa.Vmx),
            RuleSample.Row(0x8000_000c, 4, 500, RuleSample.Web, 0, isa: Isa.Vmx),
            RuleSample.Row(0xffff_ffff, 5, 500, RuleSample.Web, 0, isa: Isa.Vmx)), Isa.Vmx);
        Assert.Equal(1, RuleSample.Evaluate("count(INVALID_STATE)==0", input).Measured);
        Assert.Equal(5, RuleSample.Evaluate("count(EPT_VIOLATION)==0", input).Measured);
        Assert.Equal(3, RuleSample.Evaluate("count(\"EPT_VIOLATION (bus lock)\")==0", input).Measured);
        Assert.Equal(0, RuleSample.Evaluate("count(\"EPT_VIOLATION (failed entry)\")==0", input).Measured);
        Assert.Equal(0, RuleSample.Evaluate("count(65535)==0", input).Measured);
        Assert.Equal(5, RuleSample.Evaluate("count(0xffffffff)==0", input).Measured);
        // A failed entry of HLT is not idle.
        Assert.Equal(0, RuleSample.Evaluate("count(idle)==0", input).Measured);
    }

    [Theory]
    [InlineData("p50(exit)<1.3us", true)]
    [InlineData("p50(exit)<1024ns", false)]
    [InlineData("p50(exit)>1us", true)]
    [InlineData("p999(exit)<100us", true)]
    public void Quantiles_are_decided_by_their_bin(string rule, bool holds) => Assert.Equal(holds, Of(rule).Holds);

    [Fact]
    public void Within_its_bin_a_quantile_is_an_estimate_and_says_so()
    {
        // CPUID's 1.2 µs lie in the bin of 1.024 to 1.280 µs.
        RuleInput input =
            RuleSample.Input(RuleSample.Row(0x72, 100, 1_200, RuleSample.Web, 0), RuleSample.Row(0x7b, 1, 60_000, RuleSample.Web, 1));
        RuleResult inside = RuleSample.Evaluate("p50(exit)<1.25us", input), outside = RuleSample.Evaluate("p50(exit)<1.28us", input),
            exact = RuleSample.Evaluate("p999(exit)<61us", input);
        Assert.True(inside.Holds);
        Assert.EndsWith("; an estimate within the bin 1.02µs..1.28µs", inside.Why, StringComparison.Ordinal);
        Assert.DoesNotContain("estimate", outside.Why, StringComparison.Ordinal);
        Assert.Equal((60_000, "p999 60.0 µs (IOIO, web-1 vCPU 1, L1)"), (exact.Measured, exact.Why));
        Assert.False(RuleSample.Evaluate("p50(exit)<1.024us", input).Holds);
    }

    [Fact]
    public void A_quantile_names_who_has_most_of_the_slowest()
    {
        RuleInput input = RuleSample.Input(RuleSample.Row(0x72, 980, 1_200, RuleSample.Web, 0),
            RuleSample.Row(0x7b, 15, 60_000, RuleSample.Web, 1), RuleSample.Row(0x400, 5, 90_000, RuleSample.Db, 0));
        Assert.Contains(
            "(most of the slowest: IOIO, web-1 vCPU 1, L1)", RuleSample.Evaluate("p99(exit)<20us", input).Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("count(any, vm=mail)==0", "no VM mail in the data, which has: db-1, web-1")]
    [InlineData("max(any, vm=mail)<1s", "no VM mail in the data, which has: db-1, web-1")]
    [InlineData("count(any, vm=web-1, vcpu=7)==0", "no vCPU 7 in web-1, which has: 0-1")]
    [InlineData("count(any, vm=db-1, vcpu=1)==0", "no vCPU 1 in db-1, which has: 0")]
    [InlineData("count(any, vcpu=9)==0", "no vCPU 9 in the data, which has: 0-1")]
    [InlineData("max(any, vm=web-1, vcpu=0-3)<1s", "no vCPU 2-3 in web-1, which has: 0-1")]
    [InlineData("max(any, vm=mail*)<1s", "no VM mail* in the data, which has: db-1, web-1")]
    [InlineData("max(IOIO, vm=db-1)<1s", "no exit of IOIO was seen")]
    [InlineData("avg(exit, vm=db-1, level=l2)<1s", "no exit was seen")]
    [InlineData("p99(idle, level=l2)<1s", "no idle exit was seen")]
    [InlineData("share(exit)<1%", "the wall clock was not split (record without '--without split')")]
    public void What_was_not_there_is_not_measured(string rule, string why)
    {
        RuleResult result = Of(rule);
        Assert.Equal((null, null, why, "-"), (result.Measured, result.Holds, result.Why, result.MeasuredText));
    }

    [Fact]
    public void A_known_VM_without_exits_has_zero()
    {
        RuleInput input = RuleSample.Input() with { Machines = [RuleSample.Machine("idle-1", 99, 2, 0, 1)] };
        Assert.True(RuleSample.Evaluate("count(any)==0", input).Holds);
        Assert.True(RuleSample.Evaluate("count(any, vm=idle-1)==0", input).Holds);
        Assert.True(RuleSample.Evaluate("count(any, vm=99, vcpu=1)==0", input).Holds);
        Assert.True(RuleSample.Evaluate("count(any, vm=idle-1#2)==0", input).Holds);
        Assert.True(RuleSample.Evaluate("rate(any, vm=idle-1)<1", input).Holds);
        Assert.True(RuleSample.Evaluate("total(any, vm=idle-1)<1s", input).Holds);
        Assert.Equal("no exit was seen", RuleSample.Evaluate("max(any, vm=idle-1)<1s", input).Why);
        Assert.Equal("no vCPU 2 in idle-1, which has: 0-1", RuleSample.Evaluate("count(any, vm=idle-1, vcpu=2)==0", input).Why);
        Assert.Equal("no VM idle-1#3 in the data, which has: idle-1", RuleSample.Evaluate("count(any, vm=idle-1#3)==0", input).Why);
    }

    [Theory]
    [InlineData("count(any, vm=web-1)==111", true)]
    [InlineData("max(any, vm=web-1)<50us", false)]
    [InlineData("count(any, vm=web-1#2)==10", true)]
    [InlineData("max(any, vm=web-1, vcpu=0)<50us", true)]
    [InlineData("max(any, vm=web-1, vcpu=1)<50us", false)]
    [InlineData("count(any, vm=4711)==11", true)]
    [InlineData("count(any, vm=4712)==100", true)]
    public void A_name_means_all_VMs_of_that_name(string rule, bool holds)
    {
        VmIdentity second = new(7, 4711, "web-1#2"), other = new(8, 4712, "web-1");
        RuleInput input = RuleSample.Input(
            RuleSample.Row(0x72, 1, 1_200, RuleSample.Web, 0), RuleSample.Row(0x72, 10, 60_000, second, 1),
            RuleSample.Row(0x72, 100, 1_200, other, 0)).Naming(RuleSample.Web, second, other);
        Assert.Equal(holds, RuleSample.Evaluate(rule, input).Holds);
    }

    [Fact]
    public void A_number_that_came_to_be_a_name_and_a_pid_is_not_measured()
    {
        var named = new VmIdentity(7, 1, "4711");
        RuleInput input = RuleSample.Input(RuleSample.Row(0x72, 1, 1_200, RuleSample.Web, 0), RuleSample.Row(0x72, 10, 1_200, named, 0))
            .Naming(RuleSample.Web, named);
        RuleResult result = RuleSample.Evaluate("count(any, vm=4711)==10", input);
        Assert.Equal((null, "'4711' is the name of one VM and the pid of another"), (result.Holds, result.Why));
    }

    [Theory]
    [InlineData("count(any)==0", "no VM was seen")]
    [InlineData("count(any, vm=web-1)==0", "no VM was seen, so there is no web-1")]
    public void Without_any_VM_nothing_is_measured(string rule, string why) =>
        Assert.Equal((null, why), (RuleSample.Evaluate(rule, RuleSample.Input()).Holds, RuleSample.Evaluate(rule, RuleSample.Input()).Why));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void An_empty_time_measures_nothing(double seconds)
    {
        foreach (string rule in new[] { "count(any)==0", "rate(any)<1", "max(any)<1s" })
        {
            RuleResult result = RuleSample.Evaluate(rule, s_input with { Interval = s_input.Interval.Lasting(seconds) });
            Assert.Equal((null, "nothing was observed: the time is empty"), (result.Holds, result.Why));
        }
    }

    [Theory]
    [InlineData("max(exit)<1s")]
    [InlineData("avg(exit)<1s")]
    [InlineData("total(exit)<1s")]
    [InlineData("p99(exit)<1s")]
    public void Without_times_only_counts_are_measured(string rule)
    {
        RuleInput input = s_input with { HasTime = false };
        Assert.Equal(
            (null, "handling times were not measured"), (RuleSample.Evaluate(rule, input).Holds, RuleSample.Evaluate(rule, input).Why));
        Assert.True(RuleSample.Evaluate("count(exit)==1324", input).Holds);
    }

    [Theory]
    [InlineData("count(exit)==1324", true)]
    [InlineData("max(IOIO)<50us", true)]
    [InlineData("count(MSR)==0", null)]
    [InlineData("total(MSR)<1s", null)]
    [InlineData("count(any, vm=db-1, level=l2)==0", null)]
    [InlineData("count(exit, vm=db-1, vcpu=0)==300", true)]
    public void Of_a_filtered_trace_only_what_was_seen_is_known(string rule, bool? holds) =>
        Assert.Equal(holds, RuleSample.Evaluate(rule, s_input with { HasAllExits = false }).Holds);

    [Theory]
    [InlineData("count(any, level=l2)==0")]
    [InlineData("max(any, level=l1)<1s")]
    public void Levels_that_are_not_told_apart_are_not_measured(string rule)
    {
        RuleInput input = new(Sample.IntervalOf(RuleSample.Row(0x201, 5, 100, RuleSample.Web, 0, isa: Isa.Arm64)), Isa.Arm64);
        Assert.Equal(
            (null, "levels are not told apart on arm64"), (RuleSample.Evaluate(rule, input).Holds, RuleSample.Evaluate(rule, input).Why));
        Assert.Equal("max 100 ns (WFx, web-1 vCPU 0)", RuleSample.Evaluate("max(any)<1s", input).Why);
    }

    [Fact]
    public void A_reason_that_the_ISA_does_not_have_is_an_error() =>
        Assert.Equal(ExitStatus.Usage, Assert.Throws<KvmscopeException>(() => Of("count(EPT_VIOLATION)==0")).Status);

    [Fact]
    public void Holding_is_monotone_in_the_threshold() =>
        Gen.Select(Gen.OneOf("count", "rate", "max", "avg", "total", "p50", "p99"), Gen.Int[0, 2_000_000], Gen.Int[0, 2_000_000],
            Gen.ULong[0, 3], Gen.Bool)
            .Sample((metric, a, b, dropped, filtered) =>
            {
                RuleInput input = RuleSample.Input(new Accounting { DroppedExits = dropped / 2 }, RuleSample.Rows());
                string unit = metric is "count" or "rate" ? "" : "ns", target = filtered ? "exit, vm=web-1" : "exit";
                int At(string comparison, int value) =>
                    RuleSample.Evaluate($"{metric}({target}){comparison}{value}{unit}", input).Holds
                        switch
                    { true => 2, null => 1, false => 0 };
                (int low, int high) = (Math.Min(a, b), Math.Max(a, b));
                // What could not be measured lies between what fails and what holds.
                return At("<", low) <= At("<", high) && At("<=", low) <= At("<=", high)
                    && At(">", low) >= At(">", high) && At(">=", low) >= At(">=", high)
                    && At("<", low) <= At("<=", low) && At(">", low) <= At(">=", low)
                    && At("<", low) + At(">=", low) == 2 && At("==", low) + At("!=", low) == 2;
            }, iter: 2_000);
}
