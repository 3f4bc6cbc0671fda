using System.Globalization;
using Kvmscope.Core.Analysis.Rules;

namespace Kvmscope.Core.Output.Text;

/// <summary>Results for people: one line per rule, with what was measured and on which VM, and a line that sums them up.</summary>
internal sealed class RuleView(Destination to) : IOutputWriter<IReadOnlyList<RuleResult>>
{
    private const string Gap = "  ";

    // With less room the words would become a column of single words.
    private const int MinWords = 24;

    private static readonly string s_indent = new(' ', "FAIL".Length + Gap.Length);

    public void Write(in IReadOnlyList<RuleResult> results)
    {
        (TextWriter output, ViewStyle style) = (to.Writer, to.Style);
        int rule = 0, value = 0;
        foreach (RuleResult result in results)
        {
            rule = Math.Max(rule, TextWidth.Of(ForeignText.OneLine(result.Rule.Text)));
            value = Math.Max(value, result.MeasuredText.Length);
        }
        int aligned = s_indent.Length + rule + Gap.Length + value + Gap.Length;
        foreach (RuleResult result in results)
        {
            string sign = result.Holds switch { true => "ok", false => "FAIL", null => "?" };
            RowTone tone = result.Holds switch { true => RowTone.Plain, false => RowTone.Bold, null => RowTone.Warning };
            string text = Text(result.Rule.Text, style), measured = Text(result.MeasuredText, style), words = Text(result.Detail, style);
            string head = $"{sign.PadRight(s_indent.Length)}{TextWidth.PadRight(text, rule)}{Gap}{measured.PadLeft(value)}";
            if (aligned + MinWords <= style.Width || aligned + TextWidth.Of(words) <= style.Width)
            {
                FootNotes.WriteWrapped(output, head + Gap, words, new string(' ', aligned), tone, style);
                continue;
            }
            head = TextWidth.Of(head) <= style.Width ? head.TrimEnd() : $"{sign.PadRight(s_indent.Length)}{text}{Gap}{measured}";
            FootNotes.WriteWrapped(output, head[..s_indent.Length], head[s_indent.Length..], s_indent, tone, style);
            if (words.Length > 0) FootNotes.WriteWrapped(output, s_indent, words, s_indent, tone, style);
        }
        FootNotes.WriteWrapped(output, Summary(results), RowTone.Plain, style);
    }

    private static string Summary(IReadOnlyList<RuleResult> results)
    {
        int failed = results.Count(r => r.Holds == false), open = results.Count(r => r.Holds is null);
        string verdict = (failed, open) switch
        {
            (0, 0) => results.Count == 1 ? "holds" : "all hold",
            (_, 0) => Number(failed, "failed"),
            (0, _) => Number(open, "not measured"),
            _ => $"{Number(failed, "failed")}, {Number(open, "not measured")}",
        };
        return $"{Plural.Of((ulong)results.Count, "rule", "rules")}: {verdict}";
    }

    private static string Number(int number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number} {what}");

    private static string Text(string text, ViewStyle style)
    {
        text = ForeignText.OneLine(text);
        return style.Unicode ? text : text.Replace("µs", "us", StringComparison.Ordinal);
    }
}
