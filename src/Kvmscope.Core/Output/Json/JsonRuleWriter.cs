using System.Text.Json;
using Kvmscope.Core.Analysis.Rules;

namespace Kvmscope.Core.Output.Json;

/// <summary>Results as JSON objects, one per rule and line: <c>rule</c>, <c>measured</c> and its <c>unit</c>, <c>holds</c>, <c>why</c>.
/// </summary>
internal sealed class JsonRuleWriter(TextWriter output) : IOutputWriter<IReadOnlyList<RuleResult>>
{
    private readonly JsonLines _lines = new(output);

    public void Write(in IReadOnlyList<RuleResult> results)
    {
        foreach (RuleResult result in results)
        {
            Utf8JsonWriter json = _lines.Begin("assert");
            json.WriteString("rule", result.Rule.Text);
            if (result.Measured is { } measured) json.WriteNumber("measured", Rounded.Measured(measured));
            else json.WriteNull("measured");
            json.WriteString("unit", result.Unit);
            if (result.Holds is { } holds) json.WriteBoolean("holds", holds);
            else json.WriteNull("holds");
            json.WriteString("why", result.Why);
            _lines.End();
        }
    }
}
