using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;

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

    /// <summary>The same with the reasons of an argument.</summary>
    /// <exception cref="Core.KvmscopeException">It names none, or there are others (status 2).</exception>
    public FilterRequest OfReasons(string argument)
    {
        if (Reasons.Count > 0) throw UsageError.Of("REASON and --reason say the same thing", "Give one of them.");
        string[] reasons = OptionFactory.SplitList(argument);
        return reasons.Length > 0
            ? this with { Reasons = reasons }
            : throw UsageError.Of("REASON names no exit reason", "Give a name or a number: HLT, 12");
    }

    /// <summary>The VMs that pass, each with the vCPUs that do; one of which none does, or none is known to, is not among them.</summary>
    public IEnumerable<VirtualMachine> Traced(IEnumerable<VirtualMachine> machines)
    {
        machines = machines.Where(m => Vms.Count == 0 || Vms.Any(v => v == m.Name || v == m.Pid.ToString(CultureInfo.InvariantCulture)));
        return Vcpus.Count == 0
            ? machines
            : machines.Select(m => m with { VcpuIds = [.. m.VcpuIds.Where(Vcpus.Contains)] }).Where(m => m.VcpuIds.Length > 0);
    }

    /// <summary>The filters as words of a command line; empty where there are none.</summary>
    public IEnumerable<string> Words() =>
    [
        .. Vms.Select(v => $"--vm {v}"),
        .. Vcpus.Count > 0 ? [$"--vcpu {string.Join(',', Vcpus)}"] : Array.Empty<string>(),
        .. Reasons.Count > 0 ? [$"--reason {string.Join(',', Reasons)}"] : Array.Empty<string>(),
        .. Excludes.Count > 0 ? [$"--exclude {string.Join(',', Excludes)}"] : Array.Empty<string>(),
        .. Level is { } level ? [$"--level {(level == ExitLevel.L2 ? "l2" : "l1")}"] : Array.Empty<string>(),
    ];
}
