using System.Collections.Immutable;
using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Selections;

/// <summary>
/// A selection after its names were looked up: what a trace gets before it is loaded, and what recorded rows are compared with.
/// </summary>
public sealed record ExitFilter
{
    /// <summary>Processes (thread groups) whose VMs are traced; empty traces all.</summary>
    public ImmutableArray<int> Pids { get; init; } = [];

    /// <summary>vCPU ids that pass; empty passes all.</summary>
    public ImmutableArray<int> VcpuIds { get; init; } = [];

    /// <summary>Codes that pass, of the host's ISA; empty passes all.</summary>
    public ImmutableArray<ulong> Codes { get; init; } = [];

    /// <summary>Codes that do not pass, of the host's ISA.</summary>
    public ImmutableArray<ulong> ExcludedCodes { get; init; } = [];

    /// <summary>The level that passes; null passes both.</summary>
    public ExitLevel? Level { get; init; }

    /// <summary>Whether exits of all reasons and levels pass: without them there is no wall clock to split.</summary>
    public bool PassesAllExits => Codes.IsEmpty && ExcludedCodes.IsEmpty && Level is null;

    /// <summary>Whether the exits of a vCPU pass.</summary>
    public bool PassesVcpu(int vcpu) => VcpuIds.IsEmpty || VcpuIds.Contains(vcpu);

    /// <summary>Whether exits of this reason and level pass.</summary>
    public bool PassesExit(ulong code, ExitLevel level) =>
        (Codes.IsEmpty || Codes.Contains(code)) && !ExcludedCodes.Contains(code) && (Level is null || Level == level);
}
