using Kvmscope.CommandLine;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>What the program says about itself.</summary>
public sealed class HelpTests
{
    public static TheoryData<string> Names => new(Application.Commands().Select(c => c.Help.Name));

    [Fact]
    public void The_programs_help_lists_the_commands()
    {
        Outcome outcome = new World().Run("--help");

        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        foreach (ICommand command in Application.Commands().Where(c => !c.Hidden))
            Assert.Contains($"\n  {command.Help.Name} ", outcome.Out);
        Assert.DoesNotContain("\n  man", outcome.Out);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_command_has_a_description_options_and_examples_that_parse(string name)
    {
        Outcome outcome = new World().Run(name, "--help");

        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.Equal(outcome, new World().Run("help", name));
        ICommand command = Application.Commands().Single(c => c.Help.Name == name);
        Assert.NotEmpty(command.Help.Examples);
        Assert.All(command.Groups.SelectMany(g => g.Entries()), e => Assert.NotEmpty(e.Says));
        Assert.All(command.Groups.SelectMany(g => g.Options), o => Assert.Contains(o.Name, outcome.Out));
        Assert.All(command.Help.Examples.Concat(ProgramHelp.Examples), Parses);
    }

    [Theory]
    [InlineData("hist", "--nonsense", "-h")]
    [InlineData("--help")]
    [InlineData("help")]
    public void Help_wins_over_errors(params string[] args) => Assert.Equal(0, new World().Run(args).Status);

    [Fact]
    public void Help_after_dashes_belongs_to_the_started_command()
    {
        var world = new World();
        world.Run("count", "--", "ls", "--help");
        Assert.Contains("start ls --help", world.Log);
    }

    [Fact]
    public void Help_about_no_command_is_an_error() => Assert.Equal(2, new World().Run("help", "tim").Status);

    [Fact]
    public void Options_and_second_arguments_are_in_the_synopsis()
    {
        string all = new World().Run("--help").Out;
        Assert.Contains("\n  diff A [B] ", all);
        Assert.Contains("\n  assert RULE... [FILE...]\n", all);
        Assert.Contains("\n  report FILE... ", all);
        Assert.All(Application.Commands().Where(c => c.Groups.Count > 0), c => Assert.Contains("[options]", c.Help.Arguments));
        string time = new World().Run("time", "--help").Out;
        Assert.All(new[] { "time --split", "time --by qualifier", "time --nested" }, example =>
            Assert.Contains($"kvmscope {example}", time));
        Assert.DoesNotContain("exit with its status", OneLine("assert"));
        Assert.Contains("exit with its status", OneLine("count"));

        static string OneLine(string command) =>
            string.Join(' ', new World().Run(command, "--help").Out.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Help_and_man_page_have_what_is_said_of_examples_statuses_and_variables()
    {
        string help = Words(new World().Run("--help").Out), man = Words(new World().Run("man").Out.Replace("\\-", "-"));
        Assert.Equal(["0", "1", "2", "3", "4", "5", "130", "COMMAND's"], ProgramHelp.ExitStatuses.Select(s => s.Status));
        Assert.Equal(["NO_COLOR"], ProgramHelp.Environment.Select(v => v.Name));
        IEnumerable<(string Form, string Says)> said =
            [
                .. ProgramHelp.Examples.Select(e => (e.Line, e.Says)), .. ProgramHelp.ExitStatuses, .. ProgramHelp.Environment,
                .. ProgramHelp.Options,
            ];
        Assert.All(said, entry =>
        {
            Assert.EndsWith(".", entry.Says, StringComparison.Ordinal);
            Assert.Contains(entry.Form, help + man, StringComparison.Ordinal);
            Assert.Contains(entry.Says, help + man, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void An_option_has_its_short_name_first_and_its_value_last()
    {
        string help = Words(new World().Run("count", "--help").Out);
        Assert.Contains(" -o, --output FILE Write to FILE instead of standard output.", help, StringComparison.Ordinal);
        Assert.Contains(
            " --color WHEN auto (colour on a terminal unless NO_COLOR is set), always or never.", help, StringComparison.Ordinal);
        Assert.Contains(" Output: ", help, StringComparison.Ordinal);
    }

    private static string Words(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    [Fact]
    public void Version_is_one_line() => Assert.Matches(@"^kvmscope \d+\.\d+\.\d+\n$", new World().Run("--version").Out);

    [Fact]
    public void Licences_are_those_of_all_that_the_program_contains()
    {
        string[][] components = [.. File.ReadLines(Path.Combine(DocsBlock.Root, "packaging/licences/components.tsv"))
            .Where(line => !line.StartsWith('#')).Select(line => line.Split('\t'))];
        string licences = new World().Run("--licenses").Out;

        Assert.NotEmpty(components);
        Assert.All(components, component =>
            Assert.Contains($"{component[0]}\n    {component[2]}\n    {component[5]}\n\n", licences, StringComparison.Ordinal));
        Assert.All(components.SelectMany(component => component[3].Split(' ')).Where(text => text != "page"), text =>
        {
            string path = Path.Combine(DocsBlock.Root, $"packaging/licences/texts/{text}.txt");
            Assert.Contains(File.ReadAllText(path), licences, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void The_man_page_names_the_pages_of_the_commands()
    {
        string page = ManPageOf();
        Assert.StartsWith(".TH KVMSCOPE 8 ", page, StringComparison.Ordinal);
        Assert.All(Application.Commands().Where(c => !c.Hidden), command =>
            Assert.Contains($"\n.BR kvmscope\\-{command.Help.Name} (8)\n{command.Help.Summary.Replace("-", "\\-")}.\n",
                page, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_command_has_a_man_page(string name)
    {
        ICommand command = Application.Commands().Single(c => c.Help.Name == name);
        if (command.Hidden)
        {
            Assert.Equal(2, new World().Run("man", name).Status);
            return;
        }
        string page = ManPageOf(name), words = Words(page.Replace("\\-", "-"));
        Assert.StartsWith($".TH KVMSCOPE\\-{name.ToUpperInvariant()} 8 ", page, StringComparison.Ordinal);
        Assert.Contains($"kvmscope-{name} - {command.Help.Summary}", words, StringComparison.Ordinal);
        foreach ((string form, string says) in command.Groups.SelectMany(g => g.Entries()))
            Assert.Contains($".B {Words(form)} {Words(says)}", words, StringComparison.Ordinal);
        Assert.All(command.Help.Examples, example => Assert.Contains($".B {Words(example.Line)}", words, StringComparison.Ordinal));
    }

    private static string ManPageOf(params string[] command)
    {
        Outcome outcome = new World().Run(["man", .. command]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.All(outcome.Out.Split('\n').Where(l => l.StartsWith('.')), l => Assert.Matches(@"^\.(TH|SH|SS|B|BR|TP|br)( |$)", l));
        return outcome.Out;
    }

    private static void Parses(CommandExample example)
    {
        string[] words = example.Line.Split(' ');
        Assert.Equal("kvmscope", words[0]);
        string[] args = [.. words.Skip(1).TakeWhile(w => w != ">")];
        Assert.Equal(LineKind.Command, new CommandLineParser(Application.Commands()).Parse(args).Kind);
    }
}
