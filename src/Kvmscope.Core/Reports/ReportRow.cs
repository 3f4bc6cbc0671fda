using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Reports;

/// <summary>One group of a report; a key that the report is not grouped by is null.</summary>
public sealed class ReportRow
{
    /// <summary>The VM.</summary>
    public VmIdentity? Vm { get; init; }

    /// <summary>The vCPU's id.</summary>
    public int? Vcpu { get; init; }

    /// <summary>The reason.</summary>
    public ExitCode? Code { get; init; }

    /// <summary>The level.</summary>
    public ExitLevel? Level { get; init; }

    /// <summary>Whether these exits are idle waiting; null where idle and busy exits are together.</summary>
    public bool? Idle { get; init; }

    /// <summary>Both levels.</summary>
    public Measure Total { get; } = new();

    /// <summary>Exits of L1.</summary>
    public Measure L1 { get; } = new();

    /// <summary>Exits of L2.</summary>
    public Measure L2 { get; } = new();

    internal void Add(Measure measure, ExitLevel level)
    {
        Total.Add(measure);
        (level == ExitLevel.L2 ? L2 : L1).Add(measure);
    }
}
