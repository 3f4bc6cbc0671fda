using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>The built-in guest, compared.</summary>
public sealed class DemoTests
{
    private static readonly ExpectedExits[] s_did =
        [new(Isa.Vmx, 12, ExitLevel.L1, 100), new(Isa.Vmx, 10, ExitLevel.L1, 40), new(Isa.Vmx, 10, ExitLevel.L2, 7)];

    [Fact]
    public void Equal_counts_give_status_0()
    {
        var world = new World { Guest = new FakeGuest { Did = s_did } };
        world.Host = new FakeHost(world.Clock) { Rows = [.. world.Host.Rows, FakeHost.Row(1, ExitLevel.L1, 3, 900)] };

        Outcome outcome = world.Run("demo", "--nested");

        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.True(world.Guest.Nested);
        Assert.Equal<int>([4242], world.Asked.Filter.Pids);
        Assert.EndsWith("""

            Reason              Level  guest did  kvmscope saw
            HLT                 L1           100           100  equal
            CPUID               L1            40            40  equal
            CPUID               L2             7             7  equal
            EXTERNAL_INTERRUPT  L1             -             3  host's own

            All counts are equal.

            """, outcome.Out);
    }

    [Theory]
    [InlineData(10UL, ExitLevel.L1, 41UL)]
    [InlineData(10UL, ExitLevel.L1, 39UL)]
    [InlineData(28UL, ExitLevel.L1, 1UL)]
    [InlineData(12UL, ExitLevel.L2, 100UL)]
    public void A_count_that_differs_gives_status_1(ulong code, ExitLevel level, ulong count)
    {
        var world = new World { Guest = new FakeGuest { Did = [new(Isa.Vmx, code, level, count)] } };

        Outcome outcome = world.Run("demo");

        Assert.Equal(1, outcome.Status);
        Assert.Contains("DIFFERS\n", outcome.Out);
        Assert.EndsWith("Some counts differ.\n", outcome.Out);
        Assert.False(JsonDocument.Parse(world.Run("demo", "--format", "json").Out).RootElement.GetProperty("equal").GetBoolean());
    }

    [Fact]
    public void A_guest_that_cannot_run_says_why()
    {
        var world = new World { Guest = new FakeGuest { WhyNot = "there is no /dev/kvm" } };

        Outcome outcome = world.Run("demo");

        Assert.Equal(new Outcome(3, "",
            "kvmscope: the built-in guest cannot run here: there is no /dev/kvm\n  'kvmscope check' shows what this host can do.\n"),
            outcome);
    }

    [Fact]
    public void A_nested_guest_that_cannot_run_says_why_and_the_plain_one_runs()
    {
        var world = new World { Guest = new FakeGuest { Did = s_did, WhyNotNested = "kvm_intel has nested=N" } };

        Outcome outcome = world.Run("demo", "--nested");

        Assert.Equal((3, ""), (outcome.Status, outcome.Out));
        Assert.StartsWith("kvmscope: a nested guest cannot run here: kvm_intel has nested=N\n", outcome.Error);
        Assert.Equal(0, world.Run("demo").Status);
    }

    [Fact]
    public void A_kvm_that_shows_no_exit_is_said()
    {
        var world = new World { Guest = new FakeGuest { Did = s_did } };
        world.Host = new FakeHost(world.Clock) { Rows = [] };

        Outcome outcome = world.Run("demo");

        Assert.Equal((3, ""), (outcome.Status, outcome.Out));
        Assert.Contains("never fired kvm_exit", outcome.Error);
        Assert.True(world.Host.Session!.Disposed);
    }

    [Fact]
    public void Json_has_both_counts()
    {
        var world = new World { Guest = new FakeGuest { Did = s_did[..1] } };

        JsonElement answer = JsonDocument.Parse(world.Run("demo", "--format", "json").Out).RootElement;

        Assert.Equal("demo", answer.GetProperty("command").GetString());
        Assert.Equal("2026-03-01T12:00:00.0000000Z", answer.GetProperty("started").GetString());
        JsonElement row = answer.GetProperty("rows")[0];
        Assert.Equal(("HLT", 100, 100, "equal"), (row.GetProperty("reason").GetString(), row.GetProperty("expected").GetInt32(),
            row.GetProperty("count").GetInt32(), row.GetProperty("verdict").GetString()));
        Assert.Equal("host", answer.GetProperty("rows")[1].GetProperty("verdict").GetString());
    }
}
