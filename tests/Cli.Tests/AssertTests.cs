using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>Rules that hold, fail and cannot be measured; live and on a recording.</summary>
public sealed class AssertTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static World World(Accounting? trust = null)
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, GrowsEachSecond = true, Accounting = trust ?? new Accounting() };
        return world;
    }

    // HLT 100/s of 1 ms, CPUID 40/s of 1.5 us in L1 and 7/s of 20 us in L2, for two seconds.
    [Theory]
    [InlineData("max(exit)<50us", 0)]
    [InlineData("max(exit)<10us", 1)]
    [InlineData("max(any)<50us", 1)]
    [InlineData("rate(CPUID)<=47/s", 0)]
    [InlineData("rate(CPUID, level=l2)<7/s", 1)]
    [InlineData("count(EPT_VIOLATION)==0", 0)]
    [InlineData("avg(CPUID){level=l1}<=1500ns", 0)]
    [InlineData("p99(EPT_VIOLATION)<1ms", 5)]
    [InlineData("count(any, vm=nobody)==0", 5)]
    public void A_rule_is_the_same_live_and_recorded(string rule, int status)
    {
        Outcome live = World().Run("assert", rule);
        Assert.Equal((status, ""), (live.Status, live.Error));
        string file = Path.Combine(_folder, "x.kvmscope");
        Assert.Equal(0, World().Run("record", "-o", file).Status);
        Outcome recorded = new World().Run("assert", rule, file);
        Assert.Equal((status, ""), (recorded.Status, recorded.Error));
        Assert.Equal(live.Out, recorded.Out);
    }

    // A vCPU of db1, which has no other exit, hangs in its VMM: with and without the split beside, live, recorded, and in a stretch.
    [Theory]
    [InlineData("max(exit)<1s", 1)]
    [InlineData("max(exit, vm=db1)<1s", 1)]
    [InlineData("max(exit, vm=web1)<1s", 0)]
    [InlineData("max(exit)<9s", 5)]
    public void An_exit_that_hangs_fails_live_and_recorded(string rule, int status)
    {
        World Hung()
        {
            World world = new();
            world.Host = new FakeHost(world.Clock)
            {
                Log = world.Log,
                GrowsEachSecond = true,
                OpenAges = [new(new GroupKey(1, 0, new ExitCode(Isa.Vmx, 30), ExitLevel.L1), 1, 8_100_000_000)],
            };
            return world;
        }

        Assert.Equal(status, Hung().Run("assert", rule).Status);
        string file = Path.Combine(_folder, "x.kvmscope");
        Assert.Equal(0, Hung().Run("record", "-o", file).Status);
        Assert.Equal(status, new World().Run("assert", rule, file).Status);
        Assert.Equal(status, new World().Run("assert", rule, file, "--to", "+1s").Status);
        Assert.Contains("open: IO_INSTRUCTION of db1 vCPU 0 for 8.10 s", new World().Run("report", file, "count").Out);
    }

    // Exits without an entry (the fast path) leave a time that is not known; what was open before a stretch may hide one.
    [Fact]
    public void A_stretch_that_goes_on_from_another_may_hide_an_exit_without_a_time()
    {
        string file = Path.Combine(_folder, "x.kvmscope");
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, GrowsEachSecond = true, UnpairedExits = seconds => (ulong)seconds };
        Assert.Equal(0, world.Run("record", "-o", file, "--interval", "1s").Status);
        int Status(params string[] window) => new World().Run(["assert", "max(exit)<50us", file, .. window]).Status;
        Assert.Equal((0, 0), (Status(), Status("--to", "+1s")));
        Assert.Equal(5, Status("--from", "+1s"));
    }

    [Fact]
    public void A_failure_is_more_than_what_could_not_be_measured()
    {
        Assert.Equal(1, World().Run("assert", "p99(EPT_VIOLATION)<1ms", "max(any)<1us").Status);
        Assert.Equal(5, World().Run("assert", "p99(EPT_VIOLATION)<1ms", "max(any)<3600s").Status);
    }

    [Fact]
    public void What_losses_may_have_changed_is_not_measured()
    {
        Outcome outcome = World(new Accounting { DroppedExits = 3 })
            .Run("assert", "max(exit)<50us", "max(any)<10us", "count(any)>=1", "--format", "json");
        Assert.Equal(1, outcome.Status);
        JsonElement[] rules = [.. outcome.Out.TrimEnd().Split('\n').Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal(["max(exit)<50us", "max(any)<10us", "count(any)>=1"], rules.Select(r => r.GetProperty("rule").GetString()));
        Assert.Equal([JsonValueKind.Null, JsonValueKind.False, JsonValueKind.True], rules.Select(r => r.GetProperty("holds").ValueKind));
        Assert.Equal([20_000, 1_000_000, 294], rules.Select(r => r.GetProperty("measured").GetDouble()));
        Assert.All(rules, r => Assert.NotEqual("", r.GetProperty("why").GetString()));
    }

    [Fact]
    public void Rules_come_from_a_file_too()
    {
        string file = Path.Combine(_folder, "ci.rules");
        File.WriteAllText(file, "# idle is not meant\nmax(exit) < 50us\n\nrate(CPUID) < 10/s # too many\n");
        Outcome outcome = World().Run("assert", "--rules", file, "count(any)>0");
        Assert.Equal(1, outcome.Status);
        Assert.Equal(3, World().Run("assert", "--rules", file, "count(any)>0", "--format", "json").Out.Count(c => c == '\n'));
        File.WriteAllText(file, "max(exit) < 50us\nmax(exit < 50us\n");
        Outcome wrong = World().Run("assert", "--rules", file);
        Assert.Equal(2, wrong.Status);
        Assert.Contains($"{file}:2:", wrong.Error);
    }

    [Fact]
    public void Only_the_rules_decide_the_status_and_that_of_the_command_is_printed()
    {
        foreach ((string rule, int status) in new[] { ("max(exit)<3600s", 0), ("max(exit)<1ns", 1), ("p99(EPT_VIOLATION)<1ms", 5) })
        {
            foreach (int own in new[] { 0, 1, 5 })
            {
                World world = World();
                world.End = new FakeEnd(world.Clock, world.Log) { CommandStatus = own };
                Outcome outcome = world.Run("assert", rule, "--", "test");
                Assert.Equal(status, outcome.Status);
                string note = $"kvmscope: the command exited with status {own}; only the rules decide the status of assert\n";
                Assert.Equal(own == 0 ? "" : note, outcome.Error);
            }
        }
    }

    [Fact]
    public void A_recording_without_vms_answers_rules_that_name_none()
    {
        string file = Path.Combine(_folder, "x.kvmscope");
        Assert.Equal(0, World().Run("record", "-o", file, "--by", "host").Status);
        Outcome some = new World().Run("assert", "count(any)==294", "max(exit)<50us", file);
        Assert.Equal((0, ""), (some.Status, some.Error));
        Outcome named = new World().Run("assert", "count(any,vm=web1)>0", file);
        Assert.Equal(2, named.Status);
        Assert.Contains("vm= needs a recording that keeps VMs apart", named.Error);
        Assert.Contains("leave vm= out", named.Error);
    }

    [Theory]
    [InlineData("assert", "needs a rule")]
    [InlineData("assert FILE", "needs a rule")]
    [InlineData("assert max(exit)<50", "^")]
    [InlineData("assert max(exut)<50us", "'exut'")]
    [InlineData("assert max(exit)<50us nofile", "there is no file 'nofile'")]
    [InlineData("assert max(exit)<50us FILE --duration 1s", "a recording and a live run")]
    [InlineData("assert max(exit)<50us FILE --max-vcpus 5", "--max-vcpus needs a live run")]
    [InlineData("assert max(exit)<50us --from +1s", "need a recording")]
    [InlineData("assert --rules nofile", "there is no such file")]
    [InlineData("assert max(exit,vcpu=0)<50us FILE", "vcpu= needs a recording that keeps vCPUs apart")]
    public void Mistakes_name_the_fix(string command, string says)
    {
        string file = Path.Combine(_folder, "x.kvmscope");
        Assert.Equal(0, World().Run("record", "-o", file, "--by", "vm").Status);
        World world = World();
        Outcome outcome = world.Run(command.Replace("FILE", file).Split(' '));
        Assert.Equal(2, outcome.Status);
        Assert.Contains(says, outcome.Error);
        Assert.Equal("", outcome.Out);
        Assert.DoesNotContain("attach", world.Log);
    }

    [Fact]
    public void Times_are_measured_only_where_a_rule_needs_them()
    {
        World world = World();
        world.Run("assert", "count(any)>0");
        Assert.False(world.Asked.WantTime);
        world.Run("assert", "max(any)>0ns");
        Assert.True(world.Asked is { WantTime: true, WantSplit: false });
        world.Run("assert", "share(runq)<5%");
        Assert.True(world.Asked.WantSplit);
    }
}
