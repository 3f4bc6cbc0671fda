using Kvmscope.Core.Exits;

namespace Kvmscope.CommandLine;

/// <summary>The filters as typed, before the host has been asked which VMs, vCPUs and reasons it has.</summary>
internal sealed record FilterRequest
{
    /// <summary>Names or pids of VMs; empty for all.</summary>
    public IReadOnlyList<string> Vms { get; init; } = [];

    /// <summary>vCPU ids; empty for all.</summary>
    public IReadOnlyList<int> Vcpus { get; init; } = [];

    /// <summary>Names or numbers of the reasons to trace; empty for all.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>Names or numbers of the reasons not to trace.</summary>
    public IReadOnlyList<string> Excludes { get; init; } = [];

    /// <summary>The level to trace; null for both.</summary>
    public ExitLevel? Level { get; init; }

    /// <summary>How many vCPUs can be held at once; null to size it from the host.</summary>
    public int? MaxVcpus { get; init; }
}
