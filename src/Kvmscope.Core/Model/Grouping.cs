namespace Kvmscope.Core.Model;

/// <summary>Which vCPUs a snapshot keeps apart. Reason and level are always kept apart.</summary>
public enum Grouping
{
    /// <summary>All vCPUs together.</summary>
    Host = 0,

    /// <summary>One group a VM.</summary>
    Vm = 1,

    /// <summary>One group a vCPU.</summary>
    Vcpu = 2,
}
