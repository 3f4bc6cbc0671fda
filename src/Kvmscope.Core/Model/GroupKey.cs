using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>
/// What a row is about: vCPUs, an exit reason, a level and the reason's argument. What is not kept apart is <see cref="None"/> or the
/// default.
/// </summary>
/// <param name="Vm">The VM's number in this trace or recording (<see cref="VmIdentity.Ordinal"/>).</param>
/// <param name="Vcpu">The vCPU's id as its VMM numbered it.</param>
/// <param name="Code">The reason, raw.</param>
/// <param name="Level">L1 or L2.</param>
/// <param name="Qualifier">The reason's argument.</param>
public readonly record struct GroupKey(int Vm, int Vcpu, ExitCode Code, ExitLevel Level, Qualifier Qualifier = default)
{
    /// <summary>The VM or vCPU of rows in which they are added up.</summary>
    public const int None = -1;

    /// <summary>The key of a vCPU's wall clock, which has no reason.</summary>
    public static GroupKey OfVcpu(int vm, int vcpu) => new(vm, vcpu, default, default);

    /// <summary>The vCPU's id, or null where vCPUs are added up.</summary>
    public int? VcpuId => Vcpu < 0 ? null : Vcpu;

    /// <summary>The row that this one is part of where vCPUs are grouped like this.</summary>
    public GroupKey At(Grouping grouping) => grouping switch
    {
        Grouping.Vcpu => this,
        Grouping.Vm => this with { Vcpu = None },
        _ => this with { Vm = None, Vcpu = None },
    };

    /// <summary>The row that this one is part of where arguments are added up.</summary>
    public GroupKey WithoutQualifier() => this with { Qualifier = default };
}

/// <summary>Which vCPUs a snapshot keeps apart. Reason and level are always kept apart.</summary>
public enum Grouping
{
    /// <summary>All vCPUs together.</summary>
    Host = 0,

    /// <summary>One group per VM.</summary>
    Vm = 1,

    /// <summary>One group per vCPU.</summary>
    Vcpu = 2,
}

/// <summary>What is known of an exit reason's own argument.</summary>
public enum QualifierState : byte
{
    /// <summary>The reason has none, it was not asked for, or it is not available.</summary>
    None = 0,

    /// <summary>Known: <see cref="Qualifier.Raw"/>.</summary>
    Known = 1,

    /// <summary>Known to KVM, but there was no room to keep it apart: exits with different qualifiers are together.</summary>
    Other = 2,
}

/// <summary>
/// The argument of an exit reason: which MSR, port, leaf, page. What Raw means depends on the reason (<see cref="Exits.Qualifiers"/>).
/// </summary>
/// <param name="State">What is known.</param>
/// <param name="Raw">As the kernel side packed it; 0 where not known.</param>
public readonly record struct Qualifier(QualifierState State, ulong Raw)
{
    /// <summary>No qualifier.</summary>
    public static Qualifier None => default;

    /// <summary>Those that found no room.</summary>
    public static Qualifier Other => new(QualifierState.Other, 0);

    /// <summary>A known one.</summary>
    public static Qualifier Of(ulong raw) => new(QualifierState.Known, raw);
}
