using System.Runtime.CompilerServices;
using System.Text;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>
/// The documentation's screens are what the program prints: each console block that begins with <c>$ kvmscope</c> is run against
/// <see cref="DocsWorld"/>. With KVMSCOPE_UPDATE_DOCS=1 the pages are rewritten.
/// </summary>
public sealed class DocsTests
{
    private const string Open = "```console\n$ ";
    private const string Close = "```\n";

    public static TheoryData<string> Pages =>
        new("command-line.md", "count.md", "time.md", "hist.md", "slower.md", "list.md", "check.md", "demo.md");

    [Theory]
    [MemberData(nameof(Pages))]
    public void Screens_are_real(string page)
    {
        string path = Path.Combine(Folder(), page);
        string text = File.ReadAllText(path);
        string now = WithRealScreens(text, out int screens);

        if (Environment.GetEnvironmentVariable("KVMSCOPE_UPDATE_DOCS") == "1") File.WriteAllText(path, now);
        else Assert.Equal(now, text);
        Assert.True(screens > 0, $"{page} shows no screen");
    }

    private static string WithRealScreens(string text, out int screens)
    {
        var result = new StringBuilder();
        int at = 0;
        screens = 0;
        for (int open; (open = text.IndexOf(Open, at, StringComparison.Ordinal)) >= 0; screens++)
        {
            int line = open + Open.Length;
            int end = text.IndexOf('\n', line) + 1;
            result.Append(text, at, end - at).Append(Screen(text[line..(end - 1)]));
            at = text.IndexOf(Close, end, StringComparison.Ordinal);
        }
        return result.Append(text, at, text.Length - at).ToString();
    }

    private static string Screen(string line)
    {
        string[] words = line.Split(' ');
        Assert.Equal("kvmscope", words[0]);
        World world = words[1] == "demo" ? DocsWorld.MakeDemo() : DocsWorld.Make();
        Outcome outcome = world.Run(words[1..]);
        return outcome.Out + outcome.Error;
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "docs"));
}
