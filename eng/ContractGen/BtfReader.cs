using System.Buffers.Binary;
using System.Text;

namespace Kvmscope.ContractGen;

/// <summary>Reads the .BTF section of a little-endian ELF object. The format: Documentation/bpf/btf.rst.</summary>
public static class BtfReader
{
    /// <summary>All types by id; id 0 is void.</summary>
    public static IReadOnlyList<BtfType> ReadElf(byte[] elf) => Parse(Section(elf, ".BTF"));

    static ReadOnlySpan<byte> Section(byte[] elf, string wanted)
    {
        ReadOnlySpan<byte> all = elf;
        int table = (int)BinaryPrimitives.ReadUInt64LittleEndian(all[0x28..]);
        int entry = BinaryPrimitives.ReadUInt16LittleEndian(all[0x3a..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(all[0x3c..]);
        int names = BinaryPrimitives.ReadUInt16LittleEndian(all[0x3e..]);
        var strings = Body(all, table + names * entry);
        for (int i = 0; i < count; i++)
        {
            int header = table + i * entry;
            if (Text(strings, BinaryPrimitives.ReadUInt32LittleEndian(all[header..])) == wanted) return Body(all, header);
        }
        throw new InvalidDataException($"no section {wanted}");
    }

    static ReadOnlySpan<byte> Body(ReadOnlySpan<byte> elf, int header) => elf.Slice(
        (int)BinaryPrimitives.ReadUInt64LittleEndian(elf[(header + 0x18)..]),
        (int)BinaryPrimitives.ReadUInt64LittleEndian(elf[(header + 0x20)..]));

    static string Text(ReadOnlySpan<byte> strings, uint offset)
    {
        var tail = strings[(int)offset..];
        return Encoding.ASCII.GetString(tail[..tail.IndexOf((byte)0)]);
    }

    static List<BtfType> Parse(ReadOnlySpan<byte> btf)
    {
        int header = (int)U32(btf, 4);
        var types = btf.Slice(header + (int)U32(btf, 8), (int)U32(btf, 12));
        var strings = btf.Slice(header + (int)U32(btf, 16), (int)U32(btf, 20));
        List<BtfType> all = [new(0, "void", 0, [], [], default)];
        for (int at = 0; at < types.Length;) all.Add(ReadType(types, strings, ref at));
        return all;
    }

    static BtfType ReadType(ReadOnlySpan<byte> types, ReadOnlySpan<byte> strings, ref int at)
    {
        string name = Text(strings, U32(types, at));
        uint info = U32(types, at + 4), size = U32(types, at + 8);
        int kind = (int)(info >> 24) & 0x1f, count = (int)(info & 0xffff);
        at += 12;
        List<(string, uint, uint)> members = [];
        List<(string, uint)> values = [];
        (uint, uint) element = default;
        switch (kind)
        {
            case BtfType.Struct or BtfType.Union:
                for (int i = 0; i < count; i++, at += 12) members.Add((Text(strings, U32(types, at)), U32(types, at + 4), U32(types, at + 8)));
                break;
            case BtfType.Enum:
                for (int i = 0; i < count; i++, at += 8) values.Add((Text(strings, U32(types, at)), U32(types, at + 4)));
                break;
            case BtfType.Array:
                element = (U32(types, at), U32(types, at + 8));
                at += 12;
                break;
            default:
                at += ExtraBytes(kind, count);
                break;
        }
        return new BtfType(kind, name, size, members, values, element);
    }

    // What follows the common header, by kind: int, func_proto's parameters, var, datasec, decl_tag, enum64.
    static int ExtraBytes(int kind, int count) => kind switch
    {
        1 or 14 or 17 => 4,
        13 => 8 * count,
        15 or 19 => 12 * count,
        _ => 0,
    };

    static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}
