using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Analysis.Rules;

/// <summary>Evaluates rules. What the data do not prove, in either direction, is left open.</summary>
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
        return new RuleResult(
            rule, value.ToDouble(), holds, $"{RuleMetrics.Of(rule.Metric).Name} {BoundWords(measured.Bound)}{text}{note}{caveat}")
        {
            MeasuredText = BoundSign(measured.Bound) + text,
            Detail = detail,
        };
    }

    private static string BoundWords(RuleBound bound) =>
        bound switch { RuleBound.AtLeast => "at least ", RuleBound.AtMost => "at most ", _ => "" };

    private static string BoundSign(RuleBound bound) => bound switch { RuleBound.AtLeast => ">= ", RuleBound.AtMost => "<= ", _ => "" };
}

/// <summary>What rules are measured on.</summary>
/// <param name="Interval">What happened, in one interval or the whole run; grouped by <see cref="RuleNeeds.Grouping"/> or finer.</param>
/// <param name="Isa">What the exits are of; None where it is not known.</param>
public sealed record RuleInput(Interval Interval, Isa Isa)
{
    /// <summary>Whether handling times were measured.</summary>
    public bool HasTime { get; init; } = true;

    /// <summary>Whether the wall clock was split.</summary>
    public bool HasSplit { get; init; }

    /// <summary>Whether exits of all reasons and levels were traced; VMs and vCPUs may have been chosen.</summary>
    public bool HasAllExits { get; init; } = true;

    /// <summary>Whether the recorder had all exits, for a recording.</summary>
    public bool WasAllRecorded { get; init; } = true;

    /// <summary>The only level that was traced; null for both.</summary>
    public ExitLevel? Level { get; init; }

    /// <summary>What of the time is missing, because a recording is damaged; null where nothing is known to be.</summary>
    public string? Damage { get; init; }

    /// <summary>Whether exits may have been open when it began: their times are in it, and they were counted before.</summary>
    public bool IsContinued { get; init; }

    /// <summary>The traced VMs, including those without exits: rules about them are measured, rules about others are not.</summary>
    public IReadOnlyCollection<VirtualMachine> Machines { get; init; } = [];
}

/// <summary>The result of a rule.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Measured">What was measured, in <see cref="Unit"/>; null where nothing was. It may be a bound; <see cref="Why"/> says
/// so.</param>
/// <param name="Holds">Whether it holds; null where that could not be measured.</param>
/// <param name="Why">One sentence: what was measured and on which VM, or why it could not be measured.</param>
public sealed record RuleResult(Rule Rule, double? Measured, bool? Holds, string Why)
{
    /// <summary>
    /// What was measured, for people: <c>&gt;=</c> before a lower bound and <c>&lt;=</c> before an upper one; <c>-</c> where nothing was.
    /// </summary>
    public string MeasuredText { get; init; } = "-";

    /// <summary>The unit of <see cref="Measured"/>: <c>ns</c>, <c>per_second</c>, <c>fraction</c> (0 to 1) or <c>count</c>.</summary>
    public string Unit => RuleUnit.BaseOf(Rule.Quantity);

    /// <summary><see cref="Why"/> without the value, for tables that show the value in a column.</summary>
    internal string Detail { get; init; } = Why;
}

/// <summary>From results to the exit status of the program.</summary>
public static class RuleVerdict
{
    /// <summary>1 where a rule fails, else 5 where one could not be measured, else 0.</summary>
    public static ExitStatus StatusOf(IEnumerable<RuleResult> results)
    {
        var status = ExitStatus.Fine;
        foreach (RuleResult result in results)
        {
            if (result.Holds == false) return ExitStatus.Failed;
            if (result.Holds is null) status = ExitStatus.Unmeasured;
        }
        return status;
    }
}
