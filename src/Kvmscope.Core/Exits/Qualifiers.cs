using Kvmscope.Core.Model;

namespace Kvmscope.Core.Exits;

/// <summary>Names of the reasons' arguments.</summary>
public static class Qualifiers
{
    /// <summary>What the reason's argument is.</summary>
    public static QualifierKind KindOf(ExitCode code) => InfoOf(code)?.Kind ?? QualifierKind.None;

    /// <summary>
    /// The qualifier's name: <c>IA32_TSC_DEADLINE</c>, <c>0x608 in (ACPI PM timer)</c>, <c>0xb.1 (topology)</c>; what has no name in
    /// hexadecimal. Null where there is none, <c>other</c> for those that did not fit.
    /// </summary>
    public static string? Name(ExitCode code, Qualifier qualifier) => qualifier.State switch
    {
        QualifierState.Known => InfoOf(code)?.Name(qualifier.Raw) ?? Hex.Of(qualifier.Raw),
        QualifierState.Other => "other",
        _ => null,
    };

    /// <summary>
    /// The plain numbers of a qualifier, for machines: an MSR, a port, a leaf (and its sub-leaf), the address of a page; empty where not
    /// known.
    /// </summary>
    public static ulong[] MachineParts(ExitCode code, Qualifier qualifier) =>
        qualifier.State == QualifierState.Known ? InfoOf(code)?.Numbers(qualifier.Raw) ?? [qualifier.Raw] : [];

    /// <summary>What exits of this reason can be kept apart by.</summary>
    public static ExitParts PartsOf(ExitCode code) => ExitParts.Rip
        | (IsaInfo.Of(code.Isa).HasPage(code.Code) ? ExitParts.Page : ExitParts.None)
        | (KindOf(code) != QualifierKind.None ? ExitParts.Qualifier : ExitParts.None);

    /// <summary>An address of the guest for people and machines; null where there is none, <c>other</c> for those that did not
    /// fit.</summary>
    public static string? Address(Qualifier address) => address.State switch
    {
        QualifierState.Known => Hex.Of(address.Raw),
        QualifierState.Other => "other",
        _ => null,
    };

    /// <summary>
    /// Which way: <c>read</c>, <c>write</c>, <c>fetch</c>, <c>in</c> or <c>out</c>; null where it is not known, or there is no such thing.
    /// </summary>
    public static string? Direction(ExitCode code, Qualifier qualifier) =>
        qualifier.State == QualifierState.Known ? InfoOf(code)?.Direction(qualifier.Raw) : null;

    internal static QualifierInfo? InfoOf(ExitCode code) => IsaInfo.Of(code.Isa).QualifierOf(code.Code);
}
