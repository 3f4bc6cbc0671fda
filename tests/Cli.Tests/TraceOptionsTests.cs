using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>What command lines ask of the kernel.</summary>
public sealed class TraceOptionsTests
{
    [Fact]
    public void Count_measures_no_time_and_time_does()
    {
        var count = new World();
        var time = new World();
        count.Run("count");
        time.Run("time");

        Assert.False(count.Asked.WantTime);
        Assert.True(time.Asked.WantTime);
        Assert.Equal(0UL, time.Asked.SlowNs);
    }

    [Theory]
    [InlineData("count", ExitParts.None, null)]
    [InlineData("time --by qualifier", ExitParts.Qualifier, null)]
    [InlineData("count --by page", ExitParts.Page, 12)]
    [InlineData("hist --by page,vm --page-size 2m", ExitParts.Page, 21)]
    [InlineData("time --by rip --split", ExitParts.Rip, null)]
    [InlineData("time --by rip,page --page-size 1G", ExitParts.Rip | ExitParts.Page, 30)]
    [InlineData("time --by page --explain", ExitParts.Qualifier | ExitParts.Page, 12)]
    public void Only_what_is_asked_for_is_kept_apart(string line, ExitParts parts, int? shift)
    {
        var world = new World();
        Outcome outcome = world.Run(line.Split(' '));
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.Equal((parts, shift), (world.Asked.Parts, world.Asked.PageShift));
    }

    [Fact]
    public void All_filters_arrive()
    {
        var world = new World();
        Outcome outcome = world.Run("time", "--vm", "web1", "--vm", "4711", "--vcpu", "0,1", "--reason", "hlt,10,", "--exclude", "CPUID",
            "--level", "L2", "--max-vcpus", "64");

        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        ExitFilter asked = world.Asked.Filter;
        Assert.Equal<int>([4242, 4711], asked.Pids);
        Assert.Equal<int>([0, 1], asked.VcpuIds);
        Assert.Equal<ulong>([12UL, 10UL], asked.Codes);
        Assert.Equal<ulong>([10UL], asked.ExcludedCodes);
        Assert.Equal(ExitLevel.L2, asked.Level);
        Assert.Equal(64, world.Asked.MaxVcpus);
    }

    [Theory]
    [InlineData("12,")]
    [InlineData("HLT")]
    [InlineData("EXIT_REASON_HLT")]
    [InlineData("0xc")]
    public void Hist_takes_a_reason_in_any_spelling(string reason)
    {
        var world = new World();
        Assert.Equal(0, world.Run("hist", reason).Status);
        Assert.Equal<ulong>([12UL], world.Asked.Filter.Codes);
    }

    [Theory]
    [InlineData(null, 10_000_000UL)]
    [InlineData("1", 1_000_000UL)]
    [InlineData("0.5", 500_000UL)]
    [InlineData("50us", 50_000UL)]
    [InlineData("2ms", 2_000_000UL)]
    [InlineData("1s", 1_000_000_000UL)]
    [InlineData("500ns", 500UL)]
    public void Slower_takes_a_threshold(string? typed, ulong ns)
    {
        var world = new World();
        Assert.Equal(0, world.Run(typed is null ? ["slower"] : ["slower", typed]).Status);
        Assert.Equal(ns, world.Asked.SlowNs);
    }

    [Fact]
    public void A_vcpu_that_a_started_command_may_bring_is_not_looked_for()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Vms = [], Log = world.Log };

        Assert.Equal(0, world.Run("count", "--vcpu", "5", "--", "qemu").Status);
        Assert.Equal<int>([5], world.Asked.Filter.VcpuIds);
    }

    [Fact]
    public void Two_vms_of_one_name_are_both_traced()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock)
        {
            Vms = [new(1, "a", "qemu", 1, [0]), new(2, "a", "qemu", 1, [0]), new(3, "b", "qemu", 1, [0])],
        };

        Assert.Equal(0, world.Run("count", "--vm", "a").Status);
        Assert.Equal<int>([1, 2], world.Asked.Filter.Pids);
    }
}
