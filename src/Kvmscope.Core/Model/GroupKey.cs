using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>
/// What a row is about: vCPUs, an exit reason, a level, the reason's argument, and where in the guest it was. What is not kept apart is
/// <see cref="None"/> or the default.
/// </summary>
/// <param name="Vm">The VM's number in this trace or recording (<see cref="VmIdentity.Ordinal"/>).</param>
/// <param name="Vcpu">The vCPU's id as its VMM numbered it.</param>
/// <param name="Code">The reason, raw.</param>
/// <param name="Level">L1 or L2.</param>
/// <param name="Qualifier">The reason's argument.</param>
/// <param name="Place">Page and instruction; null where neither is kept apart.</param>
public readonly record struct GroupKey(
    int Vm, int Vcpu, ExitCode Code, ExitLevel Level, Qualifier Qualifier = default, Place? Place = null)
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

    /// <summary>The row that this one is part of where arguments, pages and instructions are added up.</summary>
    public GroupKey WithoutQualifier() => this with { Qualifier = default, Place = null };

    /// <summary>The row that this one is part of where only these parts of exits are kept apart.</summary>
    public GroupKey Keep(ExitParts parts) => parts == ExitParts.All ? this : this with
    {
        Qualifier = parts.HasFlag(ExitParts.Qualifier) ? Qualifier : default,
        Place = Place?.Keep(parts),
    };

    /// <summary>The same key: compared field by field, because there are tens of thousands in an interval.</summary>
    public bool Equals(GroupKey other) =>
        Vm == other.Vm && Vcpu == other.Vcpu && Code.Code == other.Code.Code && Level == other.Level && Code.Isa == other.Code.Isa
        && Qualifier.Raw == other.Qualifier.Raw && Qualifier.State == other.Qualifier.State && Equals(Place, other.Place);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        // Multiplicative hashing; the upper half of the product is mixed best.
        ulong hash = ((ulong)(uint)Vm << 32 | (uint)Vcpu) * 0x9e3779b97f4a7c15;
        hash = (hash ^ hash >> 32 ^ Code.Code << 1 ^ (ulong)Level >> 1) * 0x9e3779b97f4a7c15;
        if (Qualifier.State != QualifierState.None) hash = (hash ^ hash >> 32 ^ Qualifier.Raw) * 0x9e3779b97f4a7c15;
        if (Place is not null) hash ^= (uint)Place.GetHashCode();
        return (int)(hash >> 32);
    }

    /// <summary>Whether a part of it found no room, so that exits with different ones are together.</summary>
    public bool IsOther => Qualifier.State == QualifierState.Other || Place is { IsOther: true };
}

/// <summary>Where in the guest exits were. What is not kept apart, or is not known, is <see cref="Qualifier.None"/>.</summary>
/// <param name="Page">The guest-physical address of the page that they are about; at L2 an address of the nested guest.</param>
/// <param name="Rip">The guest's instruction pointer at the exit: a virtual address of the guest.</param>
public sealed record Place(Qualifier Page, Qualifier Rip)
{
    /// <summary>Whether a part of it found no room.</summary>
    public bool IsOther => Page.State == QualifierState.Other || Rip.State == QualifierState.Other;

    /// <summary>It as part of a key; null where nothing is kept apart.</summary>
    public static Place? Of(Qualifier page, Qualifier rip) => page == default && rip == default ? null : new Place(page, rip);

    /// <summary>The same with the larger page, of this power of two, in which the page is.</summary>
    public Place WithPageOf(int shift) =>
        Page.State == QualifierState.Known ? this with { Page = Qualifier.Of(Page.Raw & (ulong.MaxValue << shift)) } : this;

    /// <summary>The same with only some parts; null where none of them is left.</summary>
    public Place? Keep(ExitParts parts) => Of(parts.HasFlag(ExitParts.Page) ? Page : default, parts.HasFlag(ExitParts.Rip) ? Rip : default);
}

/// <summary>What exits of one reason can be kept apart by.</summary>
[Flags]
public enum ExitParts
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The reason's argument.</summary>
    Qualifier = 1,

    /// <summary>The page.</summary>
    Page = 2,

    /// <summary>The instruction.</summary>
    Rip = 4,

    /// <summary>All of them.</summary>
    All = 7,
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

    /// <summary>Known, but there was no room to keep it apart: exits with different ones are together.</summary>
    Other = 2,
}

/// <summary>
/// The argument of an exit reason: which MSR, port, leaf; its meaning depends on the reason (<see cref="Exits.Qualifiers"/>). Or a part of
/// a <see cref="Place"/>.
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
