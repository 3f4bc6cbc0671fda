using Kvmscope.Core;
using Kvmscope.Live.Keys;
using Kvmscope.Live.Screen;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests.Live;

/// <summary><c>kvmscope top</c> with a user in front of a terminal, on a host and on a recording.</summary>
public sealed class TopCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-top").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void It_draws_at_once_and_then_each_interval_until_q()
    {
        World world = Host((4.25, LiveInput.Of('q')));
        Assert.Equal(0, world.Run("top").Status);
        Assert.Equal([0, 1, 2, 3, 4], world.Terminal!.Screens.Select(s => s.Second));
        Assert.Contains("waiting for the first interval", world.Terminal.Screens[0].Text, StringComparison.Ordinal);
        Assert.All(world.Terminal.Screens.Skip(1), s => Assert.Contains("VMs by ", s.Text, StringComparison.Ordinal));
        Assert.True(world.Terminal.IsFree);
    }

    [Fact]
    public void A_key_is_answered_at_once()
    {
        World world = Host((2.5, LiveInput.Of('3')), (2.75, LiveInput.Of('q')));
        Assert.Equal(0, world.Run("top", "--interval", "1s").Status);
        Assert.Equal([0, 1, 2, 2.5], world.Terminal!.Screens.Select(s => s.Second));
        Assert.Contains("reasons by", world.Terminal.Screens[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_that_came_together_are_one_drawing()
    {
        World world = Host((1.5, LiveInput.Of('3')), (1.5, LiveInput.Of('2')), (1.5, LiveInput.Of('1')), (1.75, LiveInput.Of('q')));
        world.Run("top");
        Assert.Equal([0, 1, 1.5], world.Terminal!.Screens.Select(s => s.Second));
    }

    [Fact]
    public void A_signal_ends_it_and_gives_the_terminal_back()
    {
        World world = Host();
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(3.5) };
        Assert.Equal(0, world.Run("top").Status);
        Assert.Equal([0, 1, 2, 3], world.Terminal!.Screens.Select(s => s.Second));
        Assert.True(world.Terminal.IsFree);
    }

    [Fact]
    public void A_duration_ends_it()
    {
        World world = Host();
        Assert.Equal(0, world.Run("top", "--duration", "2s").Status);
        Assert.Equal(2, world.Clock.Now.TotalSeconds);
        Assert.True(world.Terminal!.IsFree);
    }

    [Fact]
    public void The_terminal_is_checked_before_the_host_is_traced_and_taken_after()
    {
        World world = Host((0.5, LiveInput.Of('q')));
        world.Run("top");
        string[] steps = [.. world.Log.Where(line => line is "terminal checked" or "attach" or "terminal taken" or "terminal given back")];
        Assert.Equal(["terminal checked", "attach", "terminal taken", "terminal given back"], steps);
    }

    [Fact]
    public void A_host_that_cannot_be_traced_says_why_and_leaves_the_terminal_alone()
    {
        World world = Host();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, Refusal = new KvmscopeException(ExitStatus.HostUnsupported, "no KVM") };
        Outcome outcome = world.Run("top");
        Assert.Equal((3, ""), (outcome.Status, outcome.Out));
        Assert.Contains("no KVM", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("terminal taken", world.Log);
    }

    [Fact]
    public void Once_needs_no_terminal_and_has_one_interval()
    {
        World world = Host();
        Outcome outcome = world.Run("top", "--once");
        Assert.Equal(0, outcome.Status);
        Assert.Equal(1, world.Clock.Now.TotalSeconds);
        Assert.Contains("VMs by ", outcome.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("terminal checked", world.Log);
    }

    [Fact]
    public void A_recording_shows_its_end_and_its_keys_lead_through_it()
    {
        string file = Record();
        var world = new World();
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromHours(1) };
        world.Terminal = Terminal(world, (1, new LiveInput(LiveKey.Home)), (2, LiveInput.Of('3')), (3, LiveInput.Of('q')));
        Assert.Equal(0, world.Run("top", file).Status);
        Assert.Equal([0, 1, 2], world.Terminal.Screens.Select(s => s.Second));
        Assert.Contains("12:00:05", world.Terminal.Screens[0].Text, StringComparison.Ordinal);
        Assert.Contains("12:00:01", world.Terminal.Screens[1].Text, StringComparison.Ordinal);
        Assert.Contains("reasons by", world.Terminal.Screens[2].Text, StringComparison.Ordinal);
        Assert.Null(world.Host.Asked);
        Assert.True(world.Terminal.IsFree);
    }

    [Theory]
    [InlineData("top --from 12:00", "--from and --to are for recordings")]
    [InlineData("top FILE --light", "--light is for this host, and not for recordings")]
    [InlineData("top FILE --sort height", "--sort 'height' is not known")]
    [InlineData("top --view x", "--view 'x' is not known")]
    public void What_does_not_fit_together_is_said(string line, string message)
    {
        var world = new World();
        Outcome outcome = world.Run(line.Replace("FILE", Record(), StringComparison.Ordinal).Split(' '));
        Assert.Equal(2, outcome.Status);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("terminal taken", world.Log);
    }

    [Theory]
    [InlineData("top", "--help")]
    [InlineData("man", "top")]
    public void Its_keys_are_in_its_help_and_in_the_manual_page(params string[] words)
    {
        string text = new World().Run(words).Out.Replace("\\-", "-", StringComparison.Ordinal);
        Assert.All(LiveActions.Listed, action => Assert.Contains(action.Keys, text, StringComparison.Ordinal));
    }

    private static World Host(params (double, LiveInput)[] inputs)
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, GrowsEachSecond = true };
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(60) };
        world.Terminal = Terminal(world, inputs);
        return world;
    }

    private static FakeTerminal Terminal(World world, params (double, LiveInput)[] inputs) =>
        new(world.Clock, world.Log) { Inputs = new Queue<(double, LiveInput)>(inputs) };

    private string Record()
    {
        string file = Path.Join(_folder, "x.kvmscope");
        World world = Host();
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(5) };
        Assert.Equal(0, world.Run("record", "-o", file).Status);
        return file;
    }
}
