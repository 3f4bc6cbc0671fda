namespace Kvmscope.ContractGen;

/// <summary>A BTF type, as far as the contract needs it (Documentation/bpf/btf.rst).</summary>
/// <param name="Kind">BTF_KIND_*.</param>
/// <param name="Name">Empty if anonymous.</param>
/// <param name="SizeOrType">Bytes, or the type referred to.</param>
/// <param name="Members">Of a struct: name, type, bit offset.</param>
/// <param name="Values">Of an enum: name, value.</param>
/// <param name="Element">Of an array: the element's type and how many.</param>
public sealed record BtfType(
    int Kind, string Name, uint SizeOrType,
    IReadOnlyList<(string Name, uint Type, uint BitOffset)> Members,
    IReadOnlyList<(string Name, uint Value)> Values,
    (uint Type, uint Count) Element)
{
    /// <summary>BTF_KIND_INT.</summary>
    public const int Int = 1;

    /// <summary>BTF_KIND_PTR.</summary>
    public const int Ptr = 2;

    /// <summary>BTF_KIND_ARRAY.</summary>
    public const int Array = 3;

    /// <summary>BTF_KIND_STRUCT.</summary>
    public const int Struct = 4;

    /// <summary>BTF_KIND_UNION.</summary>
    public const int Union = 5;

    /// <summary>BTF_KIND_ENUM.</summary>
    public const int Enum = 6;
}
