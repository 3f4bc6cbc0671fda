namespace Kvmscope.Core.Analysis.Reports;

/// <summary>What has a row (or a block) of its own.</summary>
[Flags]
public enum GroupBy
{
    /// <summary>Nothing: all together.</summary>
    None = 0,

    /// <summary>Each exit reason.</summary>
    Reason = 1,

    /// <summary>Each VM.</summary>
    Vm = 2,

    /// <summary>Each vCPU of each VM; includes <see cref="Vm"/>.</summary>
    Vcpu = 4,

    /// <summary>L1 and L2.</summary>
    Level = 8,

    /// <summary>Each argument of each reason; includes <see cref="Reason"/>.</summary>
    Qualifier = 16,
}
