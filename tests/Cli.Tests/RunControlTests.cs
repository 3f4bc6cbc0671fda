using System.Text.Json;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>When a trace ends, and when it prints answers.</summary>
public sealed class RunControlTests
{
    [Theory]
    [InlineData("kvmscope", "count")]
    [InlineData("kvm_vmexit_count", null)]
    public void It_says_that_Ctrl_C_ends_it_only_when_Ctrl_C_gives_the_answer(string program, string? command)
    {
        const string Says = "Tracing... Hit Ctrl-C to end.";
        var output = new StringWriter();
        var world = new World { ErrorIsTerminal = true };
        string before = "";
        world.End = new FakeEnd(world.Clock, world.Log) { Listening = () => before = output.ToString() };
        Assert.Equal(0, Application.Run("/usr/bin/" + program, command is null ? [] : [command], world.Context(output, output)));
        Assert.DoesNotContain(Says, before, StringComparison.Ordinal);
        Assert.Contains(Says, output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_c_ends_with_the_result_so_far()
    {
        var world = new World { ErrorIsTerminal = true };
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(2.5), ByCtrlC = true };

        Outcome outcome = world.Run("count", "--format", "json");

        Assert.Equal((0, "Tracing... Hit Ctrl-C to end.\n\n"), (outcome.Status, outcome.Error));
        Assert.Equal(2.5, Seconds(outcome.Out).Single());
        Assert.True(world.Host.Session!.Disposed);
    }

    [Fact]
    public void Status_lines_are_for_people_only() => Assert.Equal("", new World().Run("count").Error);

    [Theory]
    [InlineData("1500ms", 1.5)]
    [InlineData("1", 1)]
    [InlineData("0.02m", 1.2)]
    public void Duration_ends_the_trace(string typed, double seconds)
    {
        Outcome outcome = new World().Run("time", "--duration", typed, "--format", "json");

        Assert.Equal(0, outcome.Status);
        Assert.Equal(seconds, Seconds(outcome.Out).Single(), 6);
    }

    [Fact]
    public void Intervals_are_differences_and_the_rest_is_given_at_the_end()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { GrowsEachSecond = true, Log = world.Log };
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromHours(1) };

        Outcome outcome = world.Run("count", "--interval", "3s", "--duration", "10s", "--format", "json");

        Assert.Equal([3, 3, 3, 1], Seconds(outcome.Out));
        Assert.Equal([300L, 300, 300, 100], Answers(outcome.Out).Select(a => Count(a, "HLT")));
    }

    [Fact]
    public void Intervals_do_not_drift()
    {
        var world = new World();
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromHours(1), Late = TimeSpan.FromMilliseconds(30) };

        world.Run("count", "--interval", "1s", "--duration", "20s");

        string[] reads = [.. world.Log.Where(l => l.StartsWith("read", StringComparison.Ordinal))];
        Assert.Equal("read Host at 1.03", reads[0]);
        Assert.Equal("read Host at 19.03", reads[18]);
        Assert.Equal(20, reads.Length);
    }

    [Fact]
    public void A_stall_longer_than_an_interval_gives_one_answer_and_keeps_the_grid()
    {
        var world = new World();
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromHours(1), Late = TimeSpan.FromSeconds(2.5) };

        Outcome outcome = world.Run("count", "--interval", "1s", "--duration", "9s", "--format", "json");

        Assert.Equal([3.5, 3, 3], Seconds(outcome.Out));
    }

    [Fact]
    public void The_session_is_swept_each_second_and_before_an_answer()
    {
        var world = new World();
        world.Run("count", "--duration", "2500ms");

        Assert.Equal(["attach", "drop", "listen", "sweep at 1", "sweep at 2", "read Host at 2"], world.Log);
    }

    [Fact]
    public void A_command_is_started_once_attached_and_its_status_passed_on()
    {
        var world = new World { ErrorIsTerminal = true };
        world.End = new FakeEnd(world.Clock, world.Log) { CommandStatus = 42 };

        Outcome outcome = world.Run("count", "--", "sh", "-c", "exit 42", "--vm", "--", "x");

        Assert.Equal((42, ""), (outcome.Status, outcome.Error));
        Assert.Equal(["attach", "start sh -c exit 42 --vm -- x", "drop", "listen"], world.Log.Take(4));
        Assert.Contains("HLT", outcome.Out);
    }

    [Fact]
    public void A_command_that_is_not_found_gives_127()
    {
        var world = new World();
        var error = new KvmscopeException((ExitStatus)127, "command not found: nosuch", "It is not in any directory of PATH.");
        world.End = new FakeEnd(world.Clock, world.Log) { StartFails = error };

        Outcome outcome = world.Run("count", "--", "nosuch");

        Assert.Equal(new Outcome(127, "", "kvmscope: command not found: nosuch\n  It is not in any directory of PATH.\n"), outcome);
        Assert.True(world.Host.Session!.Disposed);
    }

    [Fact]
    public void Slower_prints_what_came_and_says_what_was_lost()
    {
        var world = new World();
        var at = new DateTimeOffset(2026, 3, 1, 12, 0, 1, TimeSpan.Zero);
        world.Host = new FakeHost(world.Clock)
        {
            Slow = [new SlowExit(at, new VmIdentity(0, 4242, "web1"), 0, 4250, 3, ExitLevel.L1, new ExitCode(Isa.Vmx, 30), 52_000_000)],
            Accounting = new Accounting { LostEvents = 5 },
            Log = world.Log,
        };

        Outcome outcome = world.Run("slower", "--duration", "3s");

        Assert.Equal(0, outcome.Status);
        Assert.Contains("IO_INSTRUCTION", outcome.Out);
        string lost = Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("5", lost);
    }

    // In the second in which it happened, and at the end for the whole trace; in a recording's view too.
    [Fact]
    public void Slower_says_what_was_lost_among_its_objects()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Accounting = new Accounting { LostEvents = 5 }, Log = world.Log };
        JsonElement[] objects = [.. Answers(world.Run("slower", "--duration", "3s", "--format", "json").Out)];
        Assert.All(objects, o => Assert.Equal("kvmscope/losses/1", o.GetProperty("schema").GetString()));
        Assert.Equal([(1.0, false, 5), (2.0, true, 5)], objects.Select(o => (o.GetProperty("seconds").GetDouble(),
            o.GetProperty("sum").GetBoolean(), o.GetProperty("lost_events").GetInt32())));
        Assert.Equal(5, objects[1].GetProperty("trust").GetProperty("lost_events").GetInt32());

        JsonElement none = Assert.Single(Answers(new World().Run("slower", "--duration", "3s", "--format", "json").Out));
        Assert.Equal((true, 0), (none.GetProperty("sum").GetBoolean(), none.GetProperty("lost_events").GetInt32()));
    }

    private static IEnumerable<JsonElement> Answers(string json) =>
        json.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement);

    private static IEnumerable<double> Seconds(string json) => Answers(json).Select(a => a.GetProperty("seconds").GetDouble());

    private static long Count(JsonElement answer, string reason) =>
        answer.GetProperty("rows").EnumerateArray()
            .Where(r => r.GetProperty("row").GetString() == "reason" && r.GetProperty("reason").GetString() == reason)
            .Sum(r => r.GetProperty("count").GetInt64());

    [Fact]
    public void Privileges_that_stay_are_said()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, Undropped = "it is still root (user 0)" };
        Outcome outcome = world.Run("count", "--duration", "2s");
        Assert.Equal(0, outcome.Status);
        Assert.Contains("kvmscope: privileges were not dropped: it is still root (user 0)", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Privileges_that_stay_are_an_error_with_require_drop()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, Undropped = "1 thread still has capabilities" };
        Outcome outcome = world.Run("time", "--require-drop", "--", "sleep", "10");
        Assert.Equal(4, outcome.Status);
        Assert.Contains("kvmscope: privileges cannot be dropped: 1 thread still has capabilities", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(outcome.Out);
        Assert.Equal(["attach", "start sleep 10", "drop", "stop the command"], world.Log);
    }

    [Fact]
    public void Tables_that_had_to_be_smaller_are_said()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Remark = "memory is short" };
        Outcome outcome = world.Run("count", "--duration", "2s", "--vm", "web1");
        Assert.Equal(0, outcome.Status);
        Assert.Contains("kvmscope: memory is short", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interval_may_be_as_long_as_the_trace()
    {
        Outcome outcome = new World().Run("count", "--duration", "2s", "--interval", "2s", "--format", "json");
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.Single(outcome.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
