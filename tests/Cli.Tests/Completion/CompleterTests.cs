using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.Core.Sources;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests.Completion;

/// <summary>What may stand where a command line is being typed.</summary>
public sealed class CompleterTests
{
    [Theory]
    [InlineData("ti", "time")]
    [InlineData("--v", "--version")]
    [InlineData("help ti", "time")]
    [InlineData("man", "")]
    [InlineData("complete", "")]
    [InlineData("time --sp", "--split")]
    [InlineData("time --split --sp", "")]
    [InlineData("time --vm web1 --v", "--vm --vcpu")]
    [InlineData("time --duration", "--duration")]
    [InlineData("time --duration ", "")]
    [InlineData("time --level ", "l1 l2")]
    [InlineData("time --level=l", "--level=l1 --level=l2")]
    [InlineData("time --page-size 2", "2M")]
    [InlineData("time --by reason,v", "reason,vm reason,vcpu reason,vmm")]
    [InlineData("time --by vm,v", "vm,vcpu vm,vmm")]
    [InlineData("count --sort ", "count code")]
    [InlineData("slower --part r", "runq")]
    [InlineData("record --without s,", "s,time s,split s,qualifiers s,nested")]
    [InlineData("top --with ", "page rip")]
    [InlineData("serve --with ", "page rip vmm")]
    [InlineData("top --view re", "reasons")]
    [InlineData("time --color n", "never")]
    [InlineData("list --format ", "table json csv")]
    [InlineData("hist EPT_M", "EPT_MISCONFIG")]
    [InlineData("hist ept_m", "ept_misconfig")]
    [InlineData("time --reason HLT,EPT_M", "HLT,EPT_MISCONFIG")]
    [InlineData("time --exclude=EPT_M", "--exclude=EPT_MISCONFIG")]
    [InlineData("explain runq", "runq")]
    [InlineData("explain HLT H", "")]
    [InlineData("report ", ":files")]
    [InlineData("report a.kvmscope h", "hist :files")]
    [InlineData("report --vm web1 h", ":files")]
    [InlineData("diff a.kvmscope ", ":files")]
    [InlineData("time -o ", ":files")]
    [InlineData("time --symbols=x", ":files")]
    [InlineData("time -- ", ":programs")]
    [InlineData("time -- ls ", ":files")]
    [InlineData("list -- ", "")]
    [InlineData("completion z", "zsh")]
    [InlineData("nonsense ", "")]
    [InlineData("slower 1ms 2", "")]
    public void Fits(string line, string expected) => Assert.Equal(expected, Complete(line.Split(' ')));

    [Fact]
    public void Offers_commands_first_and_options_where_no_argument_is_due()
    {
        Assert.StartsWith("count time hist slower ", Complete([""]), StringComparison.Ordinal);
        Assert.EndsWith("help --help --version --licenses", Complete([""]), StringComparison.Ordinal);
        Assert.StartsWith("--vm --all --vcpu --reason ", Complete(["time", ""]), StringComparison.Ordinal);
        Assert.Equal("", Complete([]));
    }

    [Fact]
    public void Offers_the_VMs_of_the_host()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock)
        {
            Vms =
            [
                new VirtualMachine(10, "web one", "qemu", 2, [0]), new VirtualMachine(11, "db;rm", "qemu", 1, [0]),
                new VirtualMachine(12, "web\u001b[31m", "qemu", 1, [0]),
            ],
        };

        Assert.Equal("web one\tqemu, pid 10\nweb one#2\tqemu, pid 10\n", world.Run("complete", "zsh", "--", "time", "--vm", "we").Out);
        Assert.Equal("db;rm\tqemu, pid 11\n", world.Run("complete", "bash", "--", "time", "--vm", "'db;").Out);
        Assert.Equal("", world.Run("complete", "zsh", "--", "time", "--vm", "WE").Out);
    }

    /// <summary>What is offered for an option is not refused as being none of its values.</summary>
    [Fact]
    public void What_is_offered_is_accepted()
    {
        int values = 0;
        // Those that neither write a file nor listen.
        foreach (ICommand command in Application.Commands().Where(c => !c.Hidden && c.Help.Name is not ("record" or "serve")))
            foreach (Option option in command.Groups.SelectMany(group => group.Options).Where(o => o.Arity.MaximumNumberOfValues > 0))
                foreach (string value in Complete([command.Help.Name, option.Name, ""]).Split(' ').Where(v => v is not ("" or ":files")))
                {
                    string error = new World().Run([command.Help.Name, option.Name, value, .. Files(command)]).Error;
                    Assert.DoesNotContain($"'{value}' is not", error, StringComparison.Ordinal);
                    values++;
                }
        Assert.InRange(values, 100, 10_000);
    }

    [Theory]
    [InlineData("web", "web")]
    [InlineData("'a b", "a b")]
    [InlineData("'a\\b'", "a\\b")]
    [InlineData("\"a'b\\\"c\\d\"", "a'b\"c\\d")]
    [InlineData("a\\ b\\'", "a b'")]
    [InlineData("--vm='web*'x", "--vm=web*x")]
    [InlineData("\\", "\\")]
    [InlineData("$(id)`id`", "$(id)`id`")]
    public void Words_are_taken_without_their_quotes(string typed, string plain) => Assert.Equal(plain, ShellWord.Plain(typed));

    private static string[] Files(ICommand command) => command.Words is { Name: "FILE" or "A" } ? ["none.kvmscope"] : [];

    private static string Complete(string[] words)
    {
        string[] lines = new World().Run(["complete", "zsh", "--", .. words]).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return string.Join(' ', lines.Select(line => line.Split('\t')[0]));
    }
}
