using System.Buffers.Binary;
using System.Text;

namespace Kvmscope.Core.Symbols;

/// <summary>
/// The symbol table of an ELF file (System V ABI, chapter 4): 64 bits, little-endian, linked. Every number in it may be wrong.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="name">Its name, for errors.</param>
internal sealed class ElfSymbols(Stream file, string name)
{
    private const int HeaderSize = 64, SectionSize = 64, SymbolSize = 24, MostName = 4096;
    private const byte Class64 = 2, LittleEndian = 1;
    private const ushort Relocatable = 1;
    private const uint SymbolTableType = 2;
    private const ulong Executable = 4;

    /// <summary>A section's header.</summary>
    private readonly record struct Section(uint Type, ulong Flags, ulong Offset, ulong Size, uint Link, ulong EntrySize);

    /// <summary>Reads the symbols of code.</summary>
    internal List<Symbol> Read()
    {
        byte[] header = Bytes(0, HeaderSize);
        if (header[4] != Class64 || header[5] != LittleEndian) throw Broken("it is not of 64 bits and little-endian");
        if (U16(header, 16) == Relocatable)
            throw SymbolReader.Error(name, "it is not linked, so it has no addresses", "Give vmlinux, or a linked program.");
        ulong at = U64(header, 40);
        int count = U16(header, 60);
        if (U16(header, 58) != SectionSize) throw Broken("its sections cannot be read");
        // With more sections than fit, the first one says how many.
        if (count == 0 && at != 0) count = (int)Math.Min(SectionAt(Bytes(at, SectionSize), 0).Size, SymbolReader.MostBytes / SectionSize);
        byte[] bytes = Bytes(at, (ulong)count * SectionSize);
        Section[] sections = new Section[count];
        for (int i = 0; i < count; i++) sections[i] = SectionAt(bytes, i * SectionSize);
        Section table = Array.Find(sections, s => s.Type == SymbolTableType);
        if (table.Type != SymbolTableType)
            throw SymbolReader.Error(name, "it has no .symtab", "Give a file that was not stripped, or its debug file.");
        if (table.EntrySize != SymbolSize || table.Link >= count) throw Broken("its symbol table cannot be read");
        return Symbols(sections, table);
    }

    private List<Symbol> Symbols(Section[] sections, Section table)
    {
        if (table.Size / SymbolSize > SymbolReader.MostSymbols) throw SymbolReader.TooMany(name);
        Section strings = sections[table.Link];
        byte[] entries = Bytes(table.Offset, table.Size), names = Bytes(strings.Offset, strings.Size);
        List<Symbol> symbols = [];
        for (int at = 0; at + SymbolSize <= entries.Length; at += SymbolSize)
        {
            int type = entries[at + 4] & 0xf, binding = entries[at + 4] >> 4;
            int section = U16(entries, at + 6);
            // NOTYPE (assembly), FUNC, GNU_IFUNC; others (data, sections, files) are not code.
            if (type is not (0 or 2 or 10) || section == 0 || section >= sections.Length) continue;
            if ((sections[section].Flags & Executable) == 0 || NameAt(names, U32(entries, at)) is not { Length: > 0 } text) continue;
            int rank = Symbol.RankOf(text, binding == 1, binding == 2);
            symbols.Add(new Symbol(U64(entries, at + 8), U64(entries, at + 16), text, true, rank));
        }
        return symbols;
    }

    private static string? NameAt(byte[] names, uint at)
    {
        if (at >= names.Length) return null;
        ReadOnlySpan<byte> rest = names.AsSpan((int)at);
        int length = rest[..Math.Min(rest.Length, MostName)].IndexOf((byte)0);
        return length <= 0 ? null : Encoding.UTF8.GetString(rest[..length]);
    }

    private static Section SectionAt(byte[] bytes, int at) => new(
        U32(bytes, at + 4), U64(bytes, at + 8), U64(bytes, at + 24), U64(bytes, at + 32), U32(bytes, at + 40), U64(bytes, at + 56));

    private byte[] Bytes(ulong offset, ulong size)
    {
        ulong length = (ulong)file.Length;
        if (offset > length || size > length - offset) throw Broken("it is cut off, or its numbers are wrong");
        if (size > (ulong)SymbolReader.MostBytes) throw Broken("its symbols take too much memory");
        byte[] bytes = new byte[size];
        file.Position = (long)offset;
        file.ReadExactly(bytes);
        return bytes;
    }

    private KvmscopeException Broken(string what) =>
        SymbolReader.Error(name, what, "Give an ELF file of the guest's kernel or program that was not stripped.");

    private static ushort U16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static ulong U64(byte[] bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
}
