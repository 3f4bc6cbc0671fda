using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Kvmscope.Host.Bpf;

namespace Kvmscope.Host.Tests.Bpf;

/// <summary>A BPF object in Kvmscope.Host as ELF: its sections and symbols.</summary>
internal sealed class BpfImage
{
    internal sealed record Section(string Name, uint Type, ulong Flags, byte[] Bytes)
    {
        internal bool IsCode => (Flags & 4) != 0;
    }

    internal sealed record Symbol(string Name, Section Section, int Offset, int Size, bool IsFunction);

    /// <summary>The one for x86.</summary>
    internal static readonly BpfImage Embedded = new(Architecture.X64);

    private static readonly BpfImage s_arm64 = new(Architecture.Arm64), s_riscv64 = new(Architecture.RiscV64);

    private BpfImage(Architecture architecture)
    {
        using Stream resource = typeof(BpfObject).Assembly.GetManifestResourceStream(BpfObject.ResourceOf(architecture))!;
        Bytes = new byte[resource.Length];
        resource.ReadExactly(Bytes);
        ReadOnlySpan<byte> elf = Bytes;
        int table = (int)BinaryPrimitives.ReadUInt64LittleEndian(elf[0x28..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3c..]);
        byte[] names = Body(table + 64 * BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3e..]));
        List<Section> sections = [];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> header = elf[(table + 64 * i)..];
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            sections.Add(new Section(
                Text(names, BinaryPrimitives.ReadInt32LittleEndian(header)), type, BinaryPrimitives.ReadUInt64LittleEndian(header[8..]),
                type == 8 ? [] : Body(table + 64 * i))); // SHT_NOBITS has no bytes
        }
        Sections = sections;
        byte[] symbols = this[".symtab"].Bytes, strings = this[".strtab"].Bytes;
        List<Symbol> all = [];
        for (int at = 0; at < symbols.Length; at += 24)
        {
            ReadOnlySpan<byte> symbol = symbols.AsSpan(at);
            int index = BinaryPrimitives.ReadUInt16LittleEndian(symbol[6..]);
            if (index >= sections.Count) continue;
            all.Add(new Symbol(
                Text(strings, BinaryPrimitives.ReadInt32LittleEndian(symbol)), sections[index],
                (int)BinaryPrimitives.ReadUInt64LittleEndian(symbol[8..]), (int)BinaryPrimitives.ReadUInt64LittleEndian(symbol[16..]),
                (symbol[4] & 15) == 2));
        }
        Symbols = all;
    }

    internal static BpfImage Of(Architecture architecture) => architecture switch
    {
        Architecture.Arm64 => s_arm64,
        Architecture.RiscV64 => s_riscv64,
        _ => Embedded,
    };

    internal byte[] Bytes { get; }

    internal IReadOnlyList<Section> Sections { get; }

    internal IReadOnlyList<Symbol> Symbols { get; }

    internal Section this[string name] => Sections.Single(section => section.Name == name);

    internal byte[] Data(string symbol)
    {
        Symbol found = Symbols.Single(s => s.Name == symbol);
        return found.Section.Bytes[found.Offset..(found.Offset + found.Size)];
    }

    /// <summary>The functions, with their instructions; the second half of a 16-byte instruction is left out.</summary>
    internal IEnumerable<(Symbol Function, List<BpfInstruction> Code)> Functions()
    {
        foreach (Symbol function in Symbols.Where(s => s.IsFunction))
            yield return (function, BpfInstruction.Decode(function.Section.Bytes.AsSpan(function.Offset, function.Size)));
    }

    private byte[] Body(int header) => Bytes.AsSpan(
        (int)BinaryPrimitives.ReadUInt64LittleEndian(Bytes.AsSpan(header + 0x18)),
        (int)BinaryPrimitives.ReadUInt64LittleEndian(Bytes.AsSpan(header + 0x20))).ToArray();

    private static string Text(byte[] strings, int at) => Encoding.ASCII.GetString(strings.AsSpan(at, strings.AsSpan(at).IndexOf((byte)0)));
}
