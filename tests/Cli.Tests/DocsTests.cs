using System.Text;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>
/// The documentation's screens are what the program prints: each console block that begins with <c>$ kvmscope</c>, except illustrations,
/// is run against <see cref="DocsWorld"/>. With KVMSCOPE_UPDATE_DOCS=1 the pages are rewritten.
/// </summary>
public sealed class DocsTests
{
    private const string Open = "```console\n$ ";
    private const string Close = "```\n";

    /// <summary>Kinds of blocks of a page that another test makes and compares, because they need other data than this host's.</summary>
    internal static IReadOnlyDictionary<(string Page, string Kind), string> OtherTests { get; } = new Dictionary<(string, string), string>
    {
        [("docs/assert.md", "console")] = "RuleDocsTests",
        [("docs/diff.md", "console")] = "ComparisonDocsTests",
        [("docs/export.md", "sql")] = "export.test.js",
        [("docs/export.md", "text")] = "export.test.js",
        [("docs/fleet.md", "text")] = "FleetTests",
        [("docs/import.md", "console")] = "ImportDocsTests",
        [("docs/metrics.md", "promql")] = "DeployTests",
        [("docs/timeline.md", "text")] = "TimelineDocsTests",
        [("docs/top.md", "screen")] = "TopDocsTests",
    };

    public static TheoryData<string> Pages => new(DocsBlock.Pages().Where(Runs));

    /// <summary>Whether the screens of a page are run here.</summary>
    internal static bool Runs(string page) =>
        !OtherTests.ContainsKey((page, "console"))
        && DocsBlock.Of(page).Any(b => b.Kind == "console" && !b.IsIllustration);

    [Theory]
    [MemberData(nameof(Pages))]
    public void Screens_are_real(string page) => Compare(page, Screen);

    /// <summary>Compares the screens of a page with those that its lines have, or rewrites it.</summary>
    internal static void Compare(string page, Func<string, string> screenOf)
    {
        string path = Path.Combine(DocsBlock.Root, page);
        string text = File.ReadAllText(path);
        string now = WithRealScreens(text, screenOf);

        if (Environment.GetEnvironmentVariable("KVMSCOPE_UPDATE_DOCS") == "1") File.WriteAllText(path, now);
        else Assert.Equal(now, text);
    }

    private static string WithRealScreens(string text, Func<string, string> screenOf)
    {
        var result = new StringBuilder();
        int at = 0;
        for (int open; (open = text.IndexOf(Open, at, StringComparison.Ordinal)) >= 0;)
        {
            int line = open + Open.Length;
            int end = text.IndexOf('\n', line) + 1;
            result.Append(text, at, end - at).Append(screenOf(text[line..(end - 1)]));
            at = text.IndexOf(Close, end, StringComparison.Ordinal);
        }
        return result.Append(text, at, text.Length - at).ToString();
    }

    private static string Screen(string line)
    {
        string[] words = Assert.Single(ShellWords.Commands(line));
        Assert.Equal("kvmscope", words[0]);
        World world = words[1] == "demo" ? DocsWorld.MakeDemo() : DocsWorld.Make();
        Outcome outcome = world.Run(words[1..]);
        return outcome.Out + outcome.Error;
    }
}
