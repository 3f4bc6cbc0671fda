using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>What users of perf, kvm_stat and bcc's tools type.</summary>
public sealed class HabitTests
{
    [Theory]
    [InlineData("time 10", "time --duration 10s")]
    [InlineData("count 1.5m", "count --duration 90s")]
    [InlineData("time -p 4242 -d 3", "time --vm 4242 --duration 3s")]
    [InlineData("count -a -i 1 2", "count --interval 1s --duration 2s")]
    [InlineData("hist -d 2 10", "hist --reason 10 --duration 2s")]
    [InlineData("slower 5 -d 1", "slower 5ms --duration 1s")]
    [InlineData("count --reason HLT 10", "count --duration 10s --reason HLT")] // an option takes one word
    public void Mean_the_same(string typed, string full)
    {
        World world = new(), other = new();
        Outcome outcome = world.Run(typed.Split(' '));

        Assert.Equal(0, outcome.Status);
        Assert.Equal(other.Run(full.Split(' ')), outcome);
        Assert.Equal(other.Log, world.Log);
        Assert.Equal(other.Clock.GetTimestamp(), world.Clock.GetTimestamp());
    }

    [Theory]
    [InlineData("time 10 --duration 5s", "TIME and --duration say the same thing")]
    [InlineData("time 10 -- ls", "TIME and -- COMMAND both say when to stop")]
    [InlineData("time 1 --interval 5s", "--interval is longer than TIME, so no interval would be complete")]
    [InlineData("time 0", "TIME '0' is out of range")]
    [InlineData("time HLT", "TIME 'HLT' is not a time")]
    [InlineData("time 1 2", "'2' is one argument too many for 'time'")]
    [InlineData("time -a --vm web1", "--all and --vm both say which VMs")]
    [InlineData("report -a x", "'report' has no option -a")]
    public void Are_refused_where_they_mean_nothing(string typed, string message)
    {
        Outcome outcome = new World().Run(typed.Split(' '));

        Assert.Equal(2, outcome.Status);
        Assert.StartsWith($"kvmscope: {message}\n  ", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_letter_is_one_option()
    {
        var options = Application.Commands().SelectMany(c => c.Groups).SelectMany(g => g.Options);
        Assert.All(options.SelectMany(o => o.Aliases.Select(letter => (letter, o.Name))).Distinct().GroupBy(pair => pair.letter),
            letter => Assert.Single(letter));
    }

    [Fact]
    public void Who_is_not_root_reads_what_to_type()
    {
        var world = new World { IsPrivileged = false };
        world.Host = new FakeHost(world.Clock) { Refusal = new KvmscopeException(ExitStatus.NotPermitted, "not permitted", "run as root") };

        Assert.Equal("kvmscope: not permitted\n  run as root\n  as root: sudo kvmscope time --exclude 'MSR*' --by vm,reason\n",
            world.RunAs("kvmscope", "time", "--exclude", "MSR*", "--by", "vm,reason").Error);
        world.IsPrivileged = true;
        Assert.DoesNotContain("sudo", world.RunAs("kvmscope", "time").Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("web-1")]
    [InlineData("")]
    [InlineData("it's $HOME")]
    [InlineData("*")]
    public void A_word_in_quotes_is_the_word(string word) => Assert.Equal(word, ShellWord.Plain(ShellWord.Of(word)));

    [Theory]
    [InlineData("web-1", "web-1")]
    [InlineData("", "''")]
    [InlineData("a b", "'a b'")]
    [InlineData("it's", "'it'\\''s'")]
    public void Only_a_word_that_needs_quotes_has_them(string word, string typed) => Assert.Equal(typed, ShellWord.Of(word));
}
