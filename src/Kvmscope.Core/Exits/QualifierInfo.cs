namespace Kvmscope.Core.Exits;

/// <summary>What a kind of argument is called and how it is written; reasons of several ISAs may share it.</summary>
/// <param name="Kind">As the kernel side knows it.</param>
/// <param name="Tells">What the arguments of a reason tell, for <c>explain</c>.</param>
/// <param name="Name">From <see cref="Model.Qualifier.Raw"/> to what people read.</param>
/// <param name="Numbers">From <see cref="Model.Qualifier.Raw"/> to the plain numbers for machines.</param>
internal sealed record QualifierInfo(QualifierKind Kind, string Tells, Func<ulong, string> Name, Func<ulong, ulong[]> Numbers);

/// <summary>How arguments are packed, as far as more than one kind or architecture does it: bpf/qualifier_values.h.</summary>
internal static class QualifierValues
{
    internal const ulong PageMask = ~0xfffUL;

    private const ulong MmioFlag = 0x100;
    private const int WayShift = 32;

    /// <summary>Whether an access to memory is to a page of MMIO.</summary>
    internal static bool IsMmio(ulong raw) => (raw & MmioFlag) != 0;

    /// <summary>The kind of access to memory.</summary>
    internal static string Access(ulong raw) => (raw & 2) != 0 ? "write" : (raw & 4) != 0 ? "fetch" : "read";

    /// <summary>The direction in bits 33:32.</summary>
    internal static string Way(ulong raw, string first, string second, string unknown = "") => (raw >> WayShift & 3) switch
    {
        1 => first,
        2 => second,
        3 => unknown,
        _ => "",
    };
}
