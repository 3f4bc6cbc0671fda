using Kvmscope.Core.Model;

namespace Kvmscope.Core.Rules;

/// <summary>What has to be traced so that rules can be measured.</summary>
/// <param name="Time">Handling times.</param>
/// <param name="Split">The split of the wall clock.</param>
/// <param name="Grouping">How fine snapshots must be, at least.</param>
public sealed record RuleNeeds(bool Time, bool Split, Grouping Grouping)
{
    /// <summary>What all of these rules need together.</summary>
    public static RuleNeeds Of(IEnumerable<Rule> rules)
    {
        var all = new RuleNeeds(false, false, Grouping.Vm);
        foreach (Rule rule in rules)
        {
            RuleNeeds needs = rule.Needs;
            all = new RuleNeeds(all.Time || needs.Time, all.Split || needs.Split, needs.Grouping > all.Grouping ? needs.Grouping : all.Grouping);
        }
        return all;
    }
}
