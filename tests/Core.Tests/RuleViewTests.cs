using System.Text.Json;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Analysis.Rules;

namespace Kvmscope.Core.Tests;

/// <summary>How results are written, and the status that follows from them.</summary>
public sealed class RuleViewTests
{
    private static readonly string[] s_rules =
    [
        "max(exit)<50us", "p99(exit)<42us", "count(any, level=l2)==0", "rate(NPF, vm=db-1)<100/s", "share(runq, vm=web-1)<5%",
        "max(MSR)<20us", "count(any, vm=mail)==0",
    ];

    private static IReadOnlyList<RuleResult> Results(params string[] rules) =>
        [.. rules.Select(r => RuleSample.Evaluate(r, RuleSample.SplitInput()))];

    private static string Text(IReadOnlyList<RuleResult> results, ViewStyle style, OutputFormat format = OutputFormat.Table, int times = 1)
    {
        var output = new StringWriter();
        IOutputWriter<IReadOnlyList<RuleResult>> writer = OutputKinds.RuleResults.In(format)(new Destination(output, style));
        for (int i = 0; i < times; i++) writer.Write(results);
        return output.ToString();
    }

    [Theory]
    [InlineData(100)]
    [InlineData(80)]
    [InlineData(40)]
    public void Rules_fit_the_width(int width)
    {
        string text = Text(Results(s_rules), new ViewStyle(width));
        Golden.FitsIn(width, text);
        Golden.Check($"rules-{width}", text);
    }

    [Fact]
    public void Losses_are_said()
    {
        RuleInput input = RuleSample.Input(new Accounting { DroppedExits = 1204 }, RuleSample.Rows());
        Golden.Check("rules-losses", Text([.. new[] { "max(exit)<50us", "max(exit)<40us", "count(exit)>=1000", "p99(exit)<1ms" }
            .Select(r => RuleSample.Evaluate(r, input))], new ViewStyle()));
    }

    [Fact]
    public void No_width_is_too_small_and_no_text_harms_a_terminal()
    {
        string rule = "count(any, vm=\"a\tb\nc\")==0";
        for (int width = 1; width < 120; width++)
        {
            string text = Text(Results([.. s_rules, rule]), new ViewStyle(width));
            Assert.DoesNotContain('\t', text);
            Assert.DoesNotContain(text.Split('\n'), line => line.EndsWith(' '));
            if (width >= 40) Golden.FitsIn(width, text);
        }
    }

    [Fact]
    public void Without_Unicode_it_is_ASCII() =>
        Assert.True(System.Text.Ascii.IsValid(Text(Results(s_rules), new ViewStyle(Unicode: false))));

    [Fact]
    public void Colour_marks_what_does_not_hold()
    {
        string text = Text(Results(s_rules), new ViewStyle(Color: true));
        Assert.StartsWith("ok ", text, StringComparison.Ordinal);
        Assert.Contains("\n\e[1mFAIL  count", text, StringComparison.Ordinal);
        Assert.Contains("\n\e[33m?     max(MSR)", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1 rule: holds", "count(any)>0")]
    [InlineData("2 rules: all hold", "count(any)>0", "count(any)>1")]
    [InlineData("2 rules: 1 failed", "count(any)>0", "count(any)==0")]
    [InlineData("2 rules: 1 not measured", "count(any)>0", "max(MSR)<1s")]
    [InlineData("2 rules: 1 failed, 1 not measured", "count(any)==0", "max(MSR)<1s")]
    public void The_last_line_sums_up(string says, params string[] rules) =>
        Assert.EndsWith($"\n{says}\n", Text(Results(rules), new ViewStyle()), StringComparison.Ordinal);

    [Fact]
    public void Json_is_an_object_a_rule()
    {
        string text = Text(Results(s_rules), new ViewStyle(), OutputFormat.Json);
        Golden.Check("rules-json", text);
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            using JsonDocument json = JsonDocument.Parse(line);
            Assert.Equal(["schema", "command", "rule", "measured", "unit", "holds", "why"],
                json.RootElement.EnumerateObject().Select(p => p.Name));
        }
    }

    [Fact]
    public void Csv_has_one_header() =>
        Golden.Check("rules-csv", Text(
            Results("max(exit)<50us", "count(any, vm=\"x, y\")==0", "rate(exit)<1/s"), new ViewStyle(), OutputFormat.Csv, times: 2));

    [Theory]
    [InlineData(ExitStatus.Fine)]
    [InlineData(ExitStatus.Fine, "count(any)>0", "count(any)>1")]
    [InlineData(ExitStatus.Failed, "count(any)>0", "count(any)==0")]
    [InlineData(ExitStatus.Unmeasured, "max(MSR)<1s", "count(any)>0")]
    [InlineData(ExitStatus.Failed, "max(MSR)<1s", "count(any)==0")]
    [InlineData(ExitStatus.Failed, "count(any)==0", "max(MSR)<1s")]
    public void One_that_fails_counts_more_than_one_that_was_not_measured(ExitStatus status, params string[] rules) =>
        Assert.Equal(status, RuleVerdict.StatusOf(Results(rules)));

    [Fact]
    public void Statuses_are_the_numbers_that_scripts_know() =>
        Assert.Equal((0, 1, 5), ((int)ExitStatus.Fine, (int)ExitStatus.Failed, (int)ExitStatus.Unmeasured));
}
