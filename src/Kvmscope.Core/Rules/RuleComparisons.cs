namespace Kvmscope.Core.Rules;

/// <summary>Comparisons, with what a bound proves.</summary>
internal static class RuleComparisons
{
    /// <summary>As a rule spells it.</summary>
    internal static string Text(RuleComparison comparison) => comparison switch
    {
        RuleComparison.Less => "<",
        RuleComparison.AtMost => "<=",
        RuleComparison.More => ">",
        RuleComparison.AtLeast => ">=",
        RuleComparison.Equal => "==",
        _ => "!=",
    };

    /// <summary>Whether the true value holds; null where what was seen leaves that open.</summary>
    /// <param name="comparison">How it is compared.</param>
    /// <param name="order">What was seen against the rule's value: negative, zero or positive.</param>
    /// <param name="bound">How what was seen stands to the true value.</param>
    internal static bool? Decide(RuleComparison comparison, int order, RuleBound bound)
    {
        order = Math.Sign(order);
        // All orders that the true value can have: from what was seen on, in the direction that is open.
        (int lowest, int highest) = bound switch
        {
            RuleBound.AtLeast => (order, 1),
            RuleBound.AtMost => (-1, order),
            _ => (order, order),
        };
        bool holds = Holds(comparison, lowest);
        for (int possible = lowest + 1; possible <= highest; possible++)
            if (Holds(comparison, possible) != holds) return null;
        return holds;
    }

    private static bool Holds(RuleComparison comparison, int order) => comparison switch
    {
        RuleComparison.Less => order < 0,
        RuleComparison.AtMost => order <= 0,
        RuleComparison.More => order > 0,
        RuleComparison.AtLeast => order >= 0,
        RuleComparison.Equal => order == 0,
        _ => order != 0,
    };
}
