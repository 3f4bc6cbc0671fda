using Kvmscope.CommandLine;
using Kvmscope.Core;

namespace Kvmscope.Tests;

/// <summary>
/// No block of the documentation is unchecked: screens are compared by a test or say that they are illustrations, and commands are
/// accepted by the program.
/// </summary>
public sealed class DocsBlockTests
{
    private const string WhatToDo =
        "is not checked. A screen: ```console with '$ kvmscope ...' as its first line, which is run and compared (KVMSCOPE_UPDATE_DOCS=1 " +
        "writes it). A screen that no test can make: ```console illustration, and say above it where it is from. Commands without " +
        "output: ```sh, or four spaces. Output without a command: ```text illustration. See CONTRIBUTING.md";

    // Notations, which are not from a terminal.
    private static readonly string[] s_notations = ["ebnf", "synopsis", "rules", "json"];

    // What a shell has; the rest must be in the repository.
    private static readonly string[] s_programs = ["zcat", "jq", "awk", "sort", "install", "systemctl", "apt", "dnf"];

    public static TheoryData<string> Pages => new(DocsBlock.Pages());

    [Theory]
    [MemberData(nameof(Pages))]
    public void Each_block_is_compared_or_an_illustration(string page)
    {
        string[] loose = [.. DocsBlock.Of(page).Where(b => !IsChecked(b)).Select(b => b.Place)];
        Assert.True(loose.Length == 0, $"{string.Join(", ", loose)}: this block {WhatToDo}");
    }

    private static bool IsChecked(DocsBlock block) => block.Kind switch
    {
        _ when block.Info is null || block.IsIllustration => true,
        "console" => block.Lines is [var first, ..] && first.StartsWith("$ kvmscope ", StringComparison.Ordinal)
            && (DocsTests.Runs(block.Page) || DocsTests.OtherTests.ContainsKey((block.Page, "console"))),
        "sh" => true,
        var kind => s_notations.Contains(kind) || DocsTests.OtherTests.ContainsKey((block.Page, kind)),
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public void Each_command_is_accepted(string page)
    {
        foreach (DocsBlock block in DocsBlock.Of(page))
            foreach ((string line, bool isShell) in Lines(block))
                foreach (string[] words in ShellWords.Commands(line))
                {
                    string? fault = Fault(words, isShell);
                    Assert.True(fault is null, $"{block.Place}: '{line.Trim()}': {fault}. If it is no command, this block {WhatToDo}");
                }
    }

    // The lines with commands: all of an indented block, those after a prompt of a screen. A script may have any other command too.
    private static IEnumerable<(string Line, bool IsShell)> Lines(DocsBlock block) => block.Kind switch
    {
        "console" => block.Lines.Where(l => l.Length > 2 && l[..2] is "$ " or "# ").Select(l => (l[2..], true)),
        "sh" => block.Lines.Select(l => (l, true)),
        _ when block.Info is null => Joined(block.Lines).Select(l => (l, false)),
        _ => [],
    };

    // A line that ends with | goes on in the next one.
    private static IEnumerable<string> Joined(IReadOnlyList<string> lines)
    {
        string all = "";
        foreach (string line in lines)
        {
            all += line;
            if (all.EndsWith('|')) continue;
            yield return all;
            all = "";
        }
        yield return all;
    }

    private static string? Fault(string[] words, bool isShell)
    {
        words = [.. words.SkipWhile(IsVariable)];
        switch (words)
        {
            case []:
                return null;
            case ["kvmscope" or "out/kvmscope", .. var args]:
                try
                {
                    return new CommandLineParser(Application.Commands()).Parse(args).Kind == LineKind.Nothing ? "it has no command" : null;
                }
                catch (KvmscopeException error)
                {
                    return $"{error.Message}. {error.Hint}";
                }
            case ["make", .. var targets]:
                return targets.FirstOrDefault(t => !t.Contains('=', StringComparison.Ordinal) && !IsTarget(t)) is { } unknown
                    ? $"make has no target {unknown}" : null;
            case [var file, ..] when file.Contains('/', StringComparison.Ordinal):
                return File.Exists(Path.Combine(DocsBlock.Root, file)) ? null : $"the repository has no {file}";
            default:
                string program = words[0];
                return isShell || s_programs.Contains(program) ? null : $"'{program}' is not a program";
        }
    }

    // NAME=VALUE before a command.
    private static bool IsVariable(string word) =>
        word.Split('=') is [var name, _, ..] && name.All(c => c == '_' || char.IsAsciiLetterUpper(c));

    private static bool IsTarget(string name) =>
        File.ReadLines(Path.Combine(DocsBlock.Root, "Makefile")).Any(l => l.StartsWith(name + ":", StringComparison.Ordinal));

    [Fact]
    public void Tests_that_compare_other_blocks_exist()
    {
        foreach (((string page, string _), string test) in DocsTests.OtherTests)
        {
            string tests = Path.Combine(DocsBlock.Root, "tests");
            bool isNode = test.EndsWith(".js", StringComparison.Ordinal);
            // Not into the packages of Node.
            var near = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 };
            string file = Assert.Single(Directory.EnumerateFiles(tests, isNode ? test : test + ".cs", near));
            Assert.Contains(isNode ? page : $"\"{Path.GetFileName(page)}\"", File.ReadAllText(file));
        }
    }

    [Theory]
    [InlineData("a\n\n    one\n\n    two\n\nb\n    not one\n```console x\n$ y\n```\n", 2)]
    [InlineData("```\n    in a fence\n```\n", 1)]
    [InlineData("", 0)]
    public void Blocks_are_found(string text, int count) => Assert.Equal(count, DocsBlock.Of("page", text.Split('\n')).Count);

    [Theory]
    [InlineData("kvmscope assert 'max(exit)<50us' run.kvmscope # for CI", "kvmscope|assert|max(exit)<50us|run.kvmscope")]
    [InlineData("zcat < run.kvmscope | head -c 300", "zcat;head|-c|300")]
    [InlineData("echo \"a b\" >&2; exit 1", "echo|a b;exit|1")]
    [InlineData("kvmscope man > out/kvmscope.8", "kvmscope|man")]
    public void Shell_is_read(string line, string commands) =>
        Assert.Equal(commands, string.Join(';', ShellWords.Commands(line).Select(c => string.Join('|', c))));
}
