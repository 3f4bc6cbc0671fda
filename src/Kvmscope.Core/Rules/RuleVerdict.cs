namespace Kvmscope.Core.Rules;

/// <summary>From results to the status that the program leaves with.</summary>
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
