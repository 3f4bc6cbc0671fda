using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Kvmscope.Core.Analysis.Comparisons;

using static Kvmscope.Core.Tests.ComparisonSample;

namespace Kvmscope.Core.Tests;

/// <summary>The screens of docs/diff.md are comparisons of made-up guests. With KVMSCOPE_UPDATE_DOCS=1 they are rewritten.</summary>
public sealed partial class ComparisonDocsTests
{
    // What is compared in each, by the arguments of diff.
    private static Dictionary<string, Comparison> Screens()
    {
        ComparisonSide minutes = new NoisyGuest(4) { Rates = [35, 22, 9], Burst = 2 }.Record("", 120);
        return new()
        {
            ["before.kvmscope after.kvmscope"] = Upgrade,
            ["guest.kvmscope --a ..12:35:56 --b 12:35:56.."] = Compare(
                new ComparisonSide("guest.kvmscope ..12:35:56", [.. minutes.Samples.Take(60)]),
                new ComparisonSide("guest.kvmscope 12:35:56..", [.. minutes.Samples.Skip(60)])),
        };
    }

    [Fact]
    public void Screens_are_real()
    {
        string path = Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", "docs", "diff.md"), page = File.ReadAllText(path);
        Dictionary<string, Comparison> screens = Screens();
        string now = Block().Replace(page, block => $"{block.Groups[1].Value}{Text(screens[block.Groups[2].Value])}```\n");
        Assert.Equal(screens.Keys, Block().Matches(page).Select(m => m.Groups[2].Value));
        if (Environment.GetEnvironmentVariable("KVMSCOPE_UPDATE_DOCS") == "1") File.WriteAllText(path, now);
        else Assert.Equal(now, page);
    }

    [GeneratedRegex("(```console\n\\$ kvmscope diff (.*)\n)(?:(?!```).*\n)*```\n")]
    private static partial Regex Block();

    private static string Here([CallerFilePath] string here = "") => here;
}
