using System.Text.RegularExpressions;
using Kvmscope.CommandLine;

namespace Kvmscope.Tests.Deploy;

/// <summary>Options that the pages on metrics and fleets name are there, and those about metrics are named.</summary>
public sealed partial class OptionTests
{
    // Of Prometheus, kubectl and systemctl.
    private static readonly string[] s_others = ["--enable-feature", "--from-file", "--now"];

    private static ICommand Serve => Application.Commands().Single(command => command.Help.Name == "serve");

    [Theory]
    [InlineData("docs/metrics.md")]
    [InlineData("docs/serve.md")]
    [InlineData("docs/fleet.md")]
    [InlineData("deploy/kubernetes/README.md")]
    public void Options_of_a_page_are_there(string page)
    {
        HashSet<string> known = [.. Application.Commands().SelectMany(c => c.Groups).SelectMany(g => g.Options).Select(o => o.Name)];
        Assert.All(Options().Matches(File.ReadAllText(Path.Combine(DocsBlock.Root, page))).Select(m => m.Value), option =>
            Assert.True(known.Contains(option) || s_others.Contains(option), option));
    }

    [Fact]
    public void Options_about_metrics_are_on_their_page()
    {
        string page = File.ReadAllText(Path.Combine(DocsBlock.Root, "docs/metrics.md"));
        string[] options = [.. Serve.Groups.Where(g => g.Title is "Metrics" or "OTLP").SelectMany(g => g.Options).Select(o => o.Name)];
        Assert.True(options.Length >= 9);
        Assert.All(options, option => Assert.Contains($"`{option}", page));
    }

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z-]*[a-z]")]
    private static partial Regex Options();
}
