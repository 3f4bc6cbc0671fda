namespace Kvmscope.Core.Model;

/// <summary>What is known of an exit reason's own argument.</summary>
public enum QualifierState : byte
{
    /// <summary>The reason has none, it was not asked for, or it could not be had.</summary>
    None = 0,

    /// <summary>Known: <see cref="Qualifier.Raw"/>.</summary>
    Known = 1,

    /// <summary>Known to KVM, but there was no room to keep it apart: exits with different qualifiers are together.</summary>
    Other = 2,
}

/// <summary>The argument of an exit reason: which MSR, port, leaf, page. What Raw means depends on the reason (<see cref="Exits.Qualifiers"/>).</summary>
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
