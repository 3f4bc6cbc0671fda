using System.Buffers.Binary;
using System.Text;

namespace Kvmscope.ContractGen;

/// <summary>Reads the .BTF section of a little-endian 64-bit ELF object. The format: Documentation/bpf/btf.rst.</summary>
public static class BtfReader
{
    /// <summary>All types by id; id 0 is void.</summary>
    /// <exception cref="InvalidDataException">The bytes are not such an object.</exception>
    public static IReadOnlyList<BtfType> ReadElf(byte[] elf) => Parse(Section(elf, ".BTF"));

    /// <summary>The same of BTF without an ELF object around it, as in /sys/kernel/btf.</summary>
    /// <exception cref="InvalidDataException">The bytes are not BTF.</exception>
    public static IReadOnlyList<BtfType> ReadRaw(byte[] btf) => Parse(btf);

    private static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> elf, string wanted)
    {
        if (!elf.StartsWith((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]))
            throw new InvalidDataException("not a little-endian 64-bit ELF object");
        ulong table = U64(elf, 0x28);
        uint entry = U16(elf, 0x3a), count = U16(elf, 0x3c), names = U16(elf, 0x3e);
        ReadOnlySpan<byte> strings = Body(elf, table + names * entry);
        for (uint i = 0; i < count; i++)
        {
            ulong header = table + i * entry;
            if (Text(strings, U32(elf, header)) == wanted) return Body(elf, header);
        }
        throw new InvalidDataException($"no section {wanted}");
    }

    private static ReadOnlySpan<byte> Body(ReadOnlySpan<byte> elf, ulong header) =>
        Part(elf, U64(elf, header + 0x18), U64(elf, header + 0x20));

    private static string Text(ReadOnlySpan<byte> strings, uint offset)
    {
        ReadOnlySpan<byte> tail = Part(strings, offset, (ulong)strings.Length - Math.Min(offset, (ulong)strings.Length));
        int end = tail.IndexOf((byte)0);
        return end >= 0 ? Encoding.ASCII.GetString(tail[..end]) : throw new InvalidDataException("a name without an end");
    }

    private static List<BtfType> Parse(ReadOnlySpan<byte> btf)
    {
        ulong header = U32(btf, 4);
        ReadOnlySpan<byte> types = Part(btf, header + U32(btf, 8), U32(btf, 12));
        ReadOnlySpan<byte> strings = Part(btf, header + U32(btf, 16), U32(btf, 20));
        List<BtfType> all = [new(0, "void", 0, [], [], default)];
        for (uint at = 0; at < types.Length;) all.Add(ReadType(types, strings, ref at));
        return all;
    }

    private static BtfType ReadType(ReadOnlySpan<byte> types, ReadOnlySpan<byte> strings, ref uint at)
    {
        string name = Text(strings, U32(types, at));
        uint info = U32(types, at + 4), size = U32(types, at + 8);
        uint kind = info >> 24 & 0x1f, count = info & 0xffff;
        at += 12;
        List<(string, uint, uint)> members = [];
        List<(string, uint)> values = [];
        (uint, uint) element = default;
        switch (kind)
        {
            case BtfType.Struct or BtfType.Union:
                for (uint i = 0; i < count; i++, at += 12)
                    members.Add((Text(strings, U32(types, at)), U32(types, at + 4), U32(types, at + 8)));
                break;
            case BtfType.Enum:
                for (uint i = 0; i < count; i++, at += 8) values.Add((Text(strings, U32(types, at)), U32(types, at + 4)));
                break;
            case BtfType.Array:
                element = (U32(types, at), U32(types, at + 8));
                at += 12;
                break;
            default:
                at += ExtraBytes(kind, count);
                break;
        }
        return new BtfType((int)kind, name, size, members, values, element);
    }

    // What follows the common header, for each kind: int, func_proto's parameters, var, datasec, decl_tag, enum64.
    private static uint ExtraBytes(uint kind, uint count) => kind switch
    {
        1 or 14 or 17 => 4,
        13 => 8 * count,
        15 or 19 => 12 * count,
        _ => 0,
    };

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> bytes, ulong at, ulong length) =>
        at <= (ulong)bytes.Length && length <= (ulong)bytes.Length - at
            ? bytes.Slice((int)at, (int)length)
            : throw new InvalidDataException($"{length} bytes at {at} of {bytes.Length}: beyond the end");

    private static uint U16(ReadOnlySpan<byte> bytes, ulong at) => BinaryPrimitives.ReadUInt16LittleEndian(Part(bytes, at, 2));

    private static uint U32(ReadOnlySpan<byte> bytes, ulong at) => BinaryPrimitives.ReadUInt32LittleEndian(Part(bytes, at, 4));

    private static ulong U64(ReadOnlySpan<byte> bytes, ulong at) => BinaryPrimitives.ReadUInt64LittleEndian(Part(bytes, at, 8));
}
