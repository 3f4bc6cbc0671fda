using Kvmscope.Core.Reports;
using Kvmscope.Core.Views;

namespace Kvmscope.Core.Rules;

/// <summary>Makes the writers of results.</summary>
public static class RuleWriters
{
    private sealed class TableRuleWriter(ViewStyle style, TextWriter output) : IRuleWriter
    {
        public void Write(IReadOnlyList<RuleResult> results) => RuleView.Write(output, results, style);
    }

    /// <summary>A writer of the format.</summary>
    /// <param name="format">How they are written.</param>
    /// <param name="style">How tables are laid out; other formats have no style.</param>
    /// <param name="output">Where they go; neither flushed nor closed.</param>
    public static IRuleWriter Create(OutputFormat format, ViewStyle style, TextWriter output) => format switch
    {
        OutputFormat.Table => new TableRuleWriter(style, output),
        OutputFormat.Json => new JsonRuleWriter(output),
        OutputFormat.Csv => new CsvRuleWriter(output),
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };
}
