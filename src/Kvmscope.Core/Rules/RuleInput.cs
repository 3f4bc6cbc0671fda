using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Rules;

/// <summary>What rules are measured on.</summary>
/// <param name="Interval">What happened, in one interval or the whole run; as fine as <see cref="RuleNeeds.Grouping"/> or finer.</param>
/// <param name="Isa">What the exits are of; None where it is not known.</param>
public sealed record RuleInput(Interval Interval, Isa Isa)
{
    /// <summary>Whether handling times were measured.</summary>
    public bool HasTime { get; init; } = true;

    /// <summary>Whether the wall clock was split.</summary>
    public bool HasSplit { get; init; }

    /// <summary>Whether exits of all reasons and levels were traced; VMs and vCPUs may have been chosen.</summary>
    public bool HasAllExits { get; init; } = true;

    /// <summary>Whether the recorder had all exits, where this is of a recording.</summary>
    public bool WasAllRecorded { get; init; } = true;

    /// <summary>The only level that was traced; null for both.</summary>
    public ExitLevel? Level { get; init; }

    /// <summary>Whether exits may have been open when it began: their times are in it, and they were counted before.</summary>
    public bool IsContinued { get; init; }

    /// <summary>The VMs that were traced, those too that had no exit: a rule about them is measured, one about any other is not.</summary>
    public IReadOnlyCollection<VirtualMachine> Machines { get; init; } = [];
}
