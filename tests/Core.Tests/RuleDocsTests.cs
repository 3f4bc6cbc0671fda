using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Analysis.Rules;

namespace Kvmscope.Core.Tests;

/// <summary>
/// The screens of docs/assert.md are what the rules give for <see cref="RuleSample"/>; with KVMSCOPE_UPDATE_DOCS=1 they are rewritten. All
/// rules in it are valid.
/// </summary>
public sealed partial class RuleDocsTests
{
    private static readonly string s_path = Path.Combine(Folder(), "assert.md");

    [Fact]
    public void Screens_are_real()
    {
        string page = File.ReadAllText(s_path);
        int screens = 0;
        string now = Block().Replace(page, block =>
        {
            screens++;
            return $"```console\n$ kvmscope assert {block.Groups[1].Value}\n{Screen(block.Groups[1].Value, page)}```\n";
        });
        if (Environment.GetEnvironmentVariable("KVMSCOPE_UPDATE_DOCS") == "1") File.WriteAllText(s_path, now);
        else Assert.Equal(now, page);
        Assert.Equal(5, screens);
    }

    [Fact]
    public void Rules_in_quotes_are_rules()
    {
        string[] rules =
            [.. QuotedRule().Matches(File.ReadAllText(s_path)).Select(m => m.Groups[1].Value).Where(r => r != "max(exit)<50/s")];
        Assert.True(rules.Length > 10);
        foreach (string rule in rules) Rule.Parse(rule);
    }

    private static string Screen(string line, string page)
    {
        List<Rule> rules = [];
        var format = OutputFormat.Table;
        RuleInput input = RuleSample.SplitInput();
        try
        {
            string[] words = [.. Word().Matches(line).Select(w => w.Value.Trim('\''))];
            for (int i = 0; i < words.Length; i++)
                switch (words[i])
                {
                    case "--rules":
                        rules.AddRange(RuleFile.Parse(FileBlock().Match(page).Groups[1].Value, words[++i]));
                        break;
                    case "--format":
                        format = Enum.Parse<OutputFormat>(words[++i], ignoreCase: true);
                        break;
                    case "run.kvmscope":
                        break;
                    case "lossy.kvmscope":
                        input = RuleSample.Input(new Accounting { DroppedExits = 1204 }, RuleSample.Rows());
                        break;
                    default:
                        rules.Add(Rule.Parse(words[i]));
                        break;
                }
        }
        catch (KvmscopeException error)
        {
            return $"kvmscope: {error.Shown()}\n  {error.Hint}\n";
        }
        var output = new StringWriter();
        OutputKinds.RuleResults.In(format)(new Destination(output, new ViewStyle()))
            .Write([.. rules.Select(r => RuleEvaluator.Evaluate(r, input))]);
        return output.ToString();
    }

    [GeneratedRegex("```console\n\\$ kvmscope assert (.*)\n(?:(?!```).*\n)*```\n")]
    private static partial Regex Block();

    [GeneratedRegex("```rules\n(# Acceptance(?:.*\n)+?)```\n")]
    private static partial Regex FileBlock();

    [GeneratedRegex("'[^']*'|[^ ]+")]
    private static partial Regex Word();

    [GeneratedRegex("[`'](\\w+\\([^`'()]*\\)[^`']+)[`']")]
    private static partial Regex QuotedRule();

    private static string Folder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "docs"));
}
