using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Summaries;

/// <summary>What is grouped, and which exits.</summary>
public readonly record struct SummaryRequest
{
    /// <summary>
    /// What has its own row: Vm, Vcpu, Reason, Level, Qualifier, Page, Rip, or some of them. As in reports, Vcpu includes Vm, and the last
    /// three include Reason.
    /// </summary>
    public GroupBy By { get; init; }

    /// <summary>Only exits of these.</summary>
    public SummaryScope Scope { get; init; }

    /// <summary>
    /// Whether the interval lacks exits because of filters, so that wall clocks cannot be split: VMs and vCPUs have the time of their exits
    /// then.
    /// </summary>
    public bool LacksExits { get; init; }
}

/// <summary>Which exits of an interval; what is null is not looked at.</summary>
public readonly record struct SummaryScope
{
    /// <summary>The VM's number.</summary>
    public int? Vm { get; init; }

    /// <summary>The vCPU's id; with <see cref="Vm"/>.</summary>
    public int? Vcpu { get; init; }

    /// <summary>The reason.</summary>
    public ExitCode? Code { get; init; }

    /// <summary>The level.</summary>
    public ExitLevel? Level { get; init; }

    /// <summary>The reason's argument; with <see cref="Code"/>.</summary>
    public Qualifier? Qualifier { get; init; }

    /// <summary>Whether it has all exits of the vCPUs that it has.</summary>
    internal bool IsOfVcpus => Code is null && Level is null && Qualifier is null;

    /// <summary>Whether it has this vCPU, or this VM where vCPUs are together.</summary>
    internal bool HasVcpu(in GroupKey key) => (Vm is not { } vm || key.Vm == vm) && (Vcpu is not { } vcpu || key.Vcpu == vcpu);

    /// <summary>Whether it has these exits.</summary>
    internal bool Has(in GroupKey key) => HasVcpu(key) && (Code is not { } code || key.Code == code)
        && (Level is not { } level || key.Level == level) && (Qualifier is not { } qualifier || key.Qualifier == qualifier);
}
