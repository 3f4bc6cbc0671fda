namespace Kvmscope.Core.Rules;

/// <summary>Says of rules whether they hold. What the data do not prove, in either direction, is left open.</summary>
public static class RuleEvaluator
{
    /// <summary>Evaluates a rule.</summary>
    /// <exception cref="KvmscopeException">The rule names a reason that the ISA does not have (status 2).</exception>
    public static RuleResult Evaluate(Rule rule, RuleInput input)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(input);
        RuleMeasurement measured = new RuleMeter(rule, input).Measure();
        if (measured.Value is not { } value) return new RuleResult(rule, null, null, measured.Caveat ?? "nothing was measured");
        bool? holds = RuleComparisons.Decide(rule.Comparison, value.CompareTo(rule.Value.Exact), measured.Bound);
        string text = RuleText.Value(value, rule.Value), caveat = measured.Caveat is null ? "" : "; " + measured.Caveat;
        string detail = (measured.Note + caveat).TrimStart(';', ' ');
        string note = measured.Note.Length > 0 ? $" ({measured.Note})" : "";
        return new RuleResult(rule, value.ToDouble(), holds, $"{RuleMetrics.Of(rule.Metric).Name} {Words(measured.Bound)}{text}{note}{caveat}")
        {
            MeasuredText = Sign(measured.Bound) + text,
            Detail = detail,
        };
    }

    private static string Words(RuleBound bound) => bound switch { RuleBound.AtLeast => "at least ", RuleBound.AtMost => "at most ", _ => "" };

    private static string Sign(RuleBound bound) => bound switch { RuleBound.AtLeast => ">= ", RuleBound.AtMost => "<= ", _ => "" };
}
