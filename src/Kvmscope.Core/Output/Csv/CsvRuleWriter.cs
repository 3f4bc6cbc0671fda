using Kvmscope.Core.Analysis.Rules;

namespace Kvmscope.Core.Output.Csv;

/// <summary>
/// Results as comma-separated values, under the names of the JSON objects; the header comes once. What is null there is empty here.
/// </summary>
internal sealed class CsvRuleWriter(TextWriter output) : IOutputWriter<IReadOnlyList<RuleResult>>
{
    private readonly CsvLine _line = new(output);
    private bool _hasHeader;

    public void Write(in IReadOnlyList<RuleResult> results)
    {
        if (!_hasHeader) _line.Text("rule").Text("measured").Text("unit").Text("holds").Text("why").End();
        _hasHeader = true;
        foreach (RuleResult result in results)
        {
            _line.Text(result.Rule.Text).Number(result.Measured is { } measured ? Rounded.Measured(measured) : null).Text(result.Unit);
            _line.Text(result.Holds switch { true => "true", false => "false", null => "" }).Text(result.Why).End();
        }
    }
}
