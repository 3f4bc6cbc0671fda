using Kvmscope.Core.Exits;

namespace Kvmscope.Commands;

/// <summary>One reason and level of the demo's comparison.</summary>
/// <param name="Code">The reason, raw.</param>
/// <param name="Level">L1 or L2.</param>
/// <param name="Expected">How many exits the guest made; null where it cannot know.</param>
/// <param name="Seen">How many were traced.</param>
internal sealed record DemoRow(ExitCode Code, ExitLevel Level, ulong? Expected, ulong Seen)
{
    /// <summary>How they compare.</summary>
    public DemoVerdict Verdict => Expected is not { } expected ? DemoVerdict.Host : expected == Seen ? DemoVerdict.Equal : DemoVerdict.Differs;
}
