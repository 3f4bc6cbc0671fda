namespace Kvmscope.Core.Analysis.Timelines;

/// <summary>What has a row of its own in a <see cref="Timeline"/>.</summary>
public enum TimelineBy
{
    /// <summary>Each exit reason.</summary>
    Reason,

    /// <summary>Each VM.</summary>
    Vm,

    /// <summary>Each vCPU of each VM.</summary>
    Vcpu,
}
