using System.Diagnostics;
using System.Text.RegularExpressions;
using Kvmscope.Core.Tests;

namespace Kvmscope.Tests;

/// <summary>What the documentation says besides its blocks, where it can be checked without a trace.</summary>
public sealed partial class DocsFactsTests
{
    // Folders with what reads variables.
    private static readonly string[] s_sources = ["src", "tests", "eng", "bench"];

    [Fact]
    public void Variables_that_are_named_are_read_somewhere()
    {
        string[] named = [.. DocsBlock.Pages().SelectMany(p => Variable().Matches(Read(p))).Select(m => m.Value).Distinct().Order()];
        Assert.Contains("LAB_JOBS", named);
        HashSet<string> sources = [];
        foreach (string file in s_sources.SelectMany(Files)) sources.UnionWith(Variable().Matches(Read(file)).Select(m => m.Value));
        Assert.Empty(named.Except(sources));
    }

    // What a page claims with the name of a test is only as good as that test.
    [Theory]
    [InlineData("docs/security.md", 70)]
    [InlineData("docs/testing.md", 0)]
    public void Tests_that_are_named_exist(string page, int least)
    {
        string text = Read(page), sources = string.Join('\n', Files("tests").Select(Read));
        string[] methods = [.. Method().Matches(text).Select(m => m.Groups[1].Value).Where(m => m.Any(char.IsLower)).Distinct()];
        string[] missing = [.. methods.Where(m => !Regex.IsMatch(sources, $@"\b(?:void|Task) {m}\("))];
        Assert.Empty(missing);
        string[] groups = [.. LabCase().Matches(sources).Select(m => m.Groups[1].Value.Split('/')[0]).Distinct()];
        HashSet<string> cases = [.. LabCase().Matches(sources).Select(m => m.Groups[1].Value)];
        string[] named =
            [.. LabName().Matches(text).Select(m => m.Groups[1].Value).Where(c => groups.Contains(c.Split('/')[0])).Distinct()];
        Assert.Empty(named.Except(cases));
        Assert.InRange(methods.Length + named.Length, least, int.MaxValue);
    }

    // Examples that are cut have the members of the schema; whole ones are valid.
    [Fact]
    public void Answers_that_are_shown_are_as_the_schemas_say()
    {
        int shown = 0, whole = 0;
        foreach (DocsBlock block in DocsBlock.Pages().SelectMany(DocsBlock.Of))
        {
            string text = string.Join('\n', block.Lines);
            whole += PublishedSchemas.CheckLines(text.Contains('…', StringComparison.Ordinal) ? "" : text);
            foreach (Match answer in Shown().Matches(text))
            {
                string name = answer.Groups[1].Success ? answer.Groups[1].Value : "problem";
                IEnumerable<string> members = Member().Matches(answer.Value).Select(m => m.Groups[1].Value);
                Assert.Equal((block.Place, ""), (block.Place, string.Join(' ', members.Except(PublishedSchemas.Members(name)))));
                shown++;
            }
        }
        Assert.True(whole > 5 && shown > whole, $"{whole} of {shown}");
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(Path.Combine(DocsBlock.Root, folder), "*", new EnumerationOptions { RecurseSubdirectories = true })
            .Where(f => !BuildOutput().IsMatch(f) && Path.GetExtension(f) is ".cs" or ".sh" or "")
            .Where(f => Path.GetFileName(f) != nameof(DocsFactsTests) + ".cs");

    private static string Read(string file) => File.ReadAllText(Path.Combine(DocsBlock.Root, file));

    // awk writes large sums as 4.9e+09 unless it is told otherwise.
    [Theory]
    [InlineData("EXTERNAL_INTERRUPT\t4900000000\nEXTERNAL_INTERRUPT\t123\n", "4900000123 EXTERNAL_INTERRUPT\n", "{for (r in n)")]
    [InlineData("2048\t4900000000\n2048\t123\n", "2048 4900000123\n", "{for (l in n)")]
    public void Sums_over_a_recording_are_whole_numbers(string input, string output, string begin)
    {
        string[] scripts = [.. Awk().Matches(Read("docs/recording.md")).Select(m => m.Value)];
        string[] these = [.. scripts.Where(s => s.Contains(begin, StringComparison.Ordinal))];
        Assert.NotEmpty(these);
        foreach (string script in these)
        {
            using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script])
            { RedirectStandardInput = true, RedirectStandardOutput = true })!;
            shell.StandardInput.Write(input);
            shell.StandardInput.Close();
            Assert.Equal(output, shell.StandardOutput.ReadToEnd());
        }
    }

    [GeneratedRegex("""(?:\{"schema":"kvmscope/([a-z]+)/1"|\{"type":"urn:kvmscope:problem:)(?:.|\n(?!\{"schema))*""")]
    private static partial Regex Shown();

    [GeneratedRegex("\"([a-z0-9_]+)\":")]
    private static partial Regex Member();

    [GeneratedRegex(@"\b(?:KVMSCOPE|LAB)_[A-Z0-9_]+\b")]
    private static partial Regex Variable();

    [GeneratedRegex("`([A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+)`")]
    private static partial Regex Method();

    [GeneratedRegex("`([a-z-]+/[a-z0-9-]+)`")]
    private static partial Regex LabName();

    [GeneratedRegex("new\\(\"([a-z-]+/[a-z0-9-]+)\"")]
    private static partial Regex LabCase();

    [GeneratedRegex("awk (?:-F'[^']*' )?'[^']*'")]
    private static partial Regex Awk();

    [GeneratedRegex("/(?:bin|obj)/")]
    private static partial Regex BuildOutput();
}
