namespace Kvmscope.Core.Rules;

/// <summary>What became of a rule.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Measured">What was measured, in <see cref="Unit"/>; null where nothing was. Where the rule says why it is not certain, a bound.</param>
/// <param name="Holds">Whether it holds; null where that could not be measured.</param>
/// <param name="Why">One sentence: what was measured and whose it was, or why it could not be measured.</param>
public sealed record RuleResult(Rule Rule, double? Measured, bool? Holds, string Why)
{
    /// <summary>What was measured as people read it, <c>&gt;=</c> before a lower bound and <c>&lt;=</c> before an upper one; <c>-</c> where nothing was.</summary>
    public string MeasuredText { get; init; } = "-";

    /// <summary>The unit of <see cref="Measured"/>: <c>ns</c>, <c>per_second</c>, <c>fraction</c> (0 to 1) or <c>count</c>.</summary>
    public string Unit => RuleUnit.BaseOf(Rule.Quantity);

    /// <summary><see cref="Why"/> without the value, for where that stands beside it.</summary>
    internal string Detail { get; init; } = Why;
}
