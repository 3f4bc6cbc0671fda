using Kvmscope.Core.Model;

namespace Kvmscope.Core.Rules;

/// <summary>A rule's target.</summary>
/// <param name="Kind">Which of them.</param>
/// <param name="Text">As typed, without quotes; a reason is looked up only when it is known of which ISA.</param>
/// <param name="Part">The part, where it is one.</param>
/// <param name="Column">Where it stands, for errors.</param>
internal sealed record RuleTarget(RuleTargetKind Kind, string Text, TimePart Part, int Column)
{
    /// <summary>How a sentence names its exits.</summary>
    internal string Exits => Kind switch
    {
        RuleTargetKind.Exit or RuleTargetKind.Any => "exit",
        RuleTargetKind.Idle => "idle exit",
        _ => $"exit of {Text}",
    };
}
