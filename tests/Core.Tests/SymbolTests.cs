using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Kvmscope.Core.Symbols;

namespace Kvmscope.Core.Tests;

/// <summary>Names of a guest's instructions from files that may be anything.</summary>
public sealed class SymbolTests
{
    private static SymbolTable Read(string text) => SymbolReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), "map");

    private static KvmscopeException Refused(byte[] file)
    {
        var error = Assert.Throws<KvmscopeException>(() => SymbolReader.Read(new MemoryStream(file), "map"));
        Assert.Equal(ExitStatus.Usage, error.Status);
        return error;
    }

    [Theory]
    [InlineData(0xffffffff80ffffff, null)]
    [InlineData(0xffffffff81000000, "_text")]
    [InlineData(0xffffffff81000001, "_text+0x1")]
    [InlineData(0xffffffff81000040, "secondary_startup_64")]
    [InlineData(0xffffffff810000ff, "secondary_startup_64+0xbf")]
    [InlineData(0xffffffff81000100, null)] // data
    [InlineData(0xffffffff81000200, "weak_one")]
    [InlineData(0xffffffff81000300, null)] // the last symbol has no end
    [InlineData(0xffffffffc0401010, "handle_exit [kvm_amd]+0x10")]
    [InlineData(0xffffffffc0410fff, "handle_exit [kvm_amd]+0xffff")]
    [InlineData(0xffffffffc0411000, null)] // far from any function
    [InlineData(0x7f0000000000, null)]
    public void The_function_that_has_the_instruction_is_named(ulong address, string? name)
    {
        SymbolTable table = Read("""
            0000000000000000 A fixed_percpu_data
            ffffffff81000100 D some_data
            ffffffff81000040 t __local_alias
            ffffffff81000040 T secondary_startup_64
            ffffffff81000000 T _text
            ffffffff81000000 t _stext

            ffffffff81000200 W weak_one
            ffffffff81000300 t last_of_kernel
            ffffffff81000310 B _end
            ffffffffc0401000 t handle_exit	[kvm_amd]
            ffffffffc0501000 T far_away
            ffffffffc0501010 d its_end
            """.ReplaceLineEndings("\n"));
        Assert.Equal(address == 0xffffffff81000300 ? "last_of_kernel" : name, table.NameOf(address));
    }

    [Fact]
    public void Several_names_of_one_address_give_the_usual_one() =>
        Assert.Equal("sys_read", Read("1000 t aaa\n1000 T __x64_sys_read\n1000 T sys_read\n1000 W abc\n1010 d x\n").NameOf(0x1000));

    // As a hostile ELF file may say it.
    [Fact]
    public void A_function_that_is_longer_than_the_addresses_go_ends_with_them()
    {
        var table = SymbolTable.Of([new Symbol(ulong.MaxValue - 0xfff, 0x2000, "top", IsCode: true, Rank: 0)]);
        Assert.Equal("top+0x800", table.NameOf(ulong.MaxValue - 0x7ff));
        Assert.Null(table.NameOf(0x10));
    }

    [Theory]
    [InlineData("0000000000000000 T a\n0000000000000000 t b\n", "all of its addresses are 0")]
    [InlineData("ffffffff81000000 T\n", "line 1 is not an address, a type and a name")]
    [InlineData("ffffffff81000000 T a\nhello\n", "line 2 is not an address, a type and a name")]
    [InlineData("ffffffff810000001 T a\n", "line 1 is not")]
    [InlineData("1000 TT a\n", "line 1 is not")]
    [InlineData("", "it names no function")]
    [InlineData("1000 D a\n2000 D b\n", "it names no function")]
    public void What_is_no_table_is_said(string text, string what) => Assert.Contains(what, Refused(Encoding.UTF8.GetBytes(text)).Message);

    [Theory]
    [InlineData("1000 T\n", "line 1 is not an address, a type and a name",
        "A System.map or a copy of /proc/kallsyms has lines like 'ffffffff81000000 T _text'.")]
    [InlineData("1000 T \n", "line 1 is not an address, a type and a name",
        "A System.map or a copy of /proc/kallsyms has lines like 'ffffffff81000000 T _text'.")]
    [InlineData("1000 1 a\n", "line 1 is not an address, a type and a name",
        "A System.map or a copy of /proc/kallsyms has lines like 'ffffffff81000000 T _text'.")]
    [InlineData("x000 T a\n", "line 1 is not an address, a type and a name",
        "A System.map or a copy of /proc/kallsyms has lines like 'ffffffff81000000 T _text'.")]
    [InlineData("0 T a\n", "all of its addresses are 0", "Copy the guest's /proc/kallsyms as root, or with kernel.kptr_restrict=0.")]
    [InlineData("", "it names no function",
        "Give a System.map, a copy of the guest's /proc/kallsyms, or an ELF file that was not stripped.")]
    public void What_is_no_table_is_said_with_the_fix(string text, string what, string fix)
    {
        KvmscopeException error = Refused(Encoding.UTF8.GetBytes(text));
        Assert.Equal(($"'map' is not a table of symbols: {what}", fix), (error.Message, error.Hint));
    }

    [Theory]
    [InlineData("1000 ? a\n2000 - b\n3000 T c\n4000 D d\n", 0x3000, "c")]
    [InlineData("\n1000 T a\r\n\n2000 t b\r\n3000 D c", 0x2fff, "b+0xfff")]
    [InlineData("1000 W a\n2000 w b\n3000 D c\n", 0x2000, "b")]
    [InlineData("1000 t _a\n1000 t __b\n2000 D c\n", 0x1000, "_a")]
    [InlineData("1000 t b\n1000 t a\n2000 D c\n", 0x1000, "a")]
    [InlineData("1000 D a\n1000 t b\n2000 D c\n", 0x1000, "b")]
    [InlineData("1000 T a\n2000 ? b\n", 0x2000, null)]
    [InlineData("ffffffffffffffff T z\n1000 t a\n", 0xffffffffffffffff, null)]
    public void Lines_of_system_map_are_read(string text, ulong address, string? name) => Assert.Equal(name, Read(text).NameOf(address));

    [Fact]
    public void A_line_may_be_as_long_as_the_longest_name()
    {
        string name = new('a', 4096 - "1000 T ".Length);
        Assert.Equal(name, Read($"1000 T {name}\n2000 D d\n").NameOf(0x1000));
        KvmscopeException error = Refused(Encoding.UTF8.GetBytes($"1000 T {name}a\n2000 D d\n"));
        Assert.Equal(
            ("'map' is not a table of symbols: a line is longer than any symbol",
                "Give a System.map, a copy of /proc/kallsyms, or an ELF file."),
            (error.Message, error.Hint));
    }

    [Fact]
    public void A_line_without_end_is_not_read_into_memory() =>
        Assert.Contains("longer than any symbol", Refused([.. Enumerable.Repeat((byte)'1', 100_000)]).Message);

    [Fact]
    public void The_symbols_of_an_elf_file_are_read()
    {
        SymbolTable table = SymbolReader.Read(new MemoryStream(Elf()), "vmlinux");
        Assert.Equal(2, table.Count);
        Assert.Equal("first+0x7", table.NameOf(0x401007));
        Assert.Null(table.NameOf(0x401010)); // after its size
        Assert.Equal("second", table.NameOf(0x401020));
    }

    [Fact]
    public void A_cut_or_changed_elf_file_is_read_or_refused()
    {
        byte[] whole = Elf();
        Gen.Select(Gen.Int[0, whole.Length], Gen.Int[0, whole.Length - 1], Gen.Byte).Sample((length, at, value) =>
        {
            byte[] file = [.. whole];
            file[at] = value;
            file = file[..length];
            try
            {
                SymbolReader.Read(new MemoryStream(file), "vmlinux").NameOf(0x401007);
            }
            catch (KvmscopeException error)
            {
                Assert.Equal(ExitStatus.Usage, error.Status);
            }
        }, iter: 5000);
    }

    [Fact]
    public void Any_text_is_read_or_refused() => Gen.String.Sample(text =>
    {
        try
        {
            Read(text).NameOf(0x1000);
        }
        catch (KvmscopeException error)
        {
            Assert.Equal(ExitStatus.Usage, error.Status);
        }
    });

    [Fact]
    public void A_name_is_that_of_the_last_function_before_the_instruction() =>
        Gen.ULong[1, 1 << 20].HashSet[2, 50].Select(Gen.ULong[0, 1 << 21]).Sample((starts, address) =>
        {
            ulong[] sorted = [.. starts.Order()];
            string? name = Read(string.Concat(sorted.Select(s => $"{s:x} T f{s:x}\n"))).NameOf(address);
            int at = Array.FindLastIndex(sorted, s => s <= address);
            bool isKnown = at >= 0 && at < sorted.Length - 1 && address - sorted[at] < 1 << 16;
            string expected = !isKnown ? "" : address == sorted[at] ? $"f{sorted[at]:x}" : $"f{sorted[at]:x}+0x{address - sorted[at]:x}";
            Assert.Equal(expected, name ?? "");
        }, iter: 300);

    [Theory]
    [InlineData(4, 1, "it is not of 64 bits and little-endian")]
    [InlineData(5, 2, "it is not of 64 bits and little-endian")]
    [InlineData(16, 1, "it is not linked")]
    [InlineData(58, 0, "its sections cannot be read")]
    public void An_elf_file_of_another_kind_is_said(int at, byte value, string what)
    {
        byte[] file = Elf();
        file[at] = value;
        Assert.Contains(what, Refused(file).Message);
    }

    [Fact]
    public void A_stripped_elf_file_is_said()
    {
        byte[] file = Elf();
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(64 + (2 * 64) + 4), 11); // .dynsym
        Assert.Contains("it has no .symtab", Refused(file).Message);
    }

    private const string OtherElf = "Give an ELF file of the guest's kernel or program that was not stripped.";

    [Theory]
    [InlineData(4, 1, "it is not of 64 bits and little-endian", OtherElf)]
    [InlineData(16, 1, "it is not linked, so it has no addresses", "Give vmlinux, or a linked program.")]
    [InlineData(58, 63, "its sections cannot be read", OtherElf)]
    [InlineData(64 + (2 * 64) + 4, 3, "it has no .symtab", "Give a file that was not stripped, or its debug file.")]
    [InlineData(64 + (2 * 64) + 40, 4, "its symbol table cannot be read", OtherElf)] // the section of its names is after the last
    [InlineData(64 + (2 * 64) + 56, 16, "its symbol table cannot be read", OtherElf)] // symbols of 32 bits
    [InlineData(41, 0xff, "it is cut off, or its numbers are wrong", OtherElf)]
    [InlineData(64 + (3 * 64) + 24 + 2, 1, "it is cut off, or its numbers are wrong", OtherElf)]
    public void An_elf_file_that_cannot_be_used_is_said_with_the_fix(int at, byte value, string what, string fix)
    {
        byte[] file = Elf();
        file[at] = value;
        KvmscopeException error = Refused(file);
        Assert.Equal(($"'map' is not a table of symbols: {what}", fix), (error.Message, error.Hint));
    }

    [Fact]
    public void An_elf_file_may_have_more_sections_than_its_header_can_say()
    {
        byte[] file = Elf();
        file[60] = 0;
        file[64 + 32] = 4; // the size of section 0 is their number
        Assert.Equal("first", SymbolReader.Read(new MemoryStream(file), "vmlinux").NameOf(0x401000));
    }

    [Theory]
    [InlineData(0x10, 0x12, "first")] // NOTYPE, as assembly has it
    [InlineData(0x1a, 0x12, "first")] // GNU_IFUNC
    [InlineData(0x11, 0x12, "second")] // a variable
    [InlineData(0x02, 0x12, "second")] // local before global
    [InlineData(0x22, 0x12, "second")] // weak before global
    [InlineData(0x22, 0x02, "second")] // weak before local
    [InlineData(0x02, 0x22, "first")]
    public void Of_two_symbols_of_an_address_the_usual_one_is_taken(byte first, byte second, string name)
    {
        byte[] file = Elf();
        const int symbols = 64 + (4 * 64);
        file[symbols + 24 + 4] = first;
        file[symbols + 48 + 4] = second;
        file[symbols + 48 + 8] = 0; // second begins where first does
        Assert.Equal(name, SymbolReader.Read(new MemoryStream(file), "vmlinux").NameOf(0x401000));
    }

    [Theory]
    [InlineData(6, 0)] // undefined
    [InlineData(6, 4)] // absolute, or in no section
    [InlineData(0, 0)] // without a name
    [InlineData(0, 200)] // the name is after the end
    public void A_symbol_that_is_not_code_or_has_no_name_is_left_out(int at, byte value)
    {
        byte[] file = Elf();
        file[64 + (4 * 64) + 24 + at] = value;
        SymbolTable table = SymbolReader.Read(new MemoryStream(file), "vmlinux");
        Assert.Equal((1, null, "second"), (table.Count, table.NameOf(0x401000), table.NameOf(0x401020)));
    }

    // A header, four sections (none, code, symbols, names), three functions and a variable.
    private static byte[] Elf()
    {
        const int sections = 64, symbols = sections + (4 * 64), entries = 5, names = symbols + (entries * 24);
        byte[] strings = "\0first\0second\0data\0"u8.ToArray();
        byte[] file = new byte[names + strings.Length];
        "\u007fELF"u8.CopyTo(file);
        (file[4], file[5]) = (2, 1);
        Put16(16, 2);
        Put64(40, sections);
        Put16(58, 64);
        Put16(60, 4);
        Section(1, type: 1, flags: 4, 0, 0, 0, 0);
        Section(2, type: 2, flags: 0, symbols, entries * 24, link: 3, 24);
        Section(3, type: 3, flags: 0, names, (ulong)strings.Length, 0, 0);
        SymbolAt(1, name: 1, info: 0x12, section: 1, 0x401000, 0x10);
        SymbolAt(2, name: 7, info: 0x12, section: 1, 0x401020, 0x10);
        SymbolAt(3, name: 14, info: 0x11, section: 1, 0x401028, 8);
        SymbolAt(4, name: 1, info: 0x12, section: 3, 0x402000, 8); // not in code
        strings.CopyTo(file.AsSpan(names));
        return file;

        void Put16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);
        void Put64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
        void Section(int number, uint type, ulong flags, ulong offset, ulong size, uint link, ulong each)
        {
            int at = sections + (number * 64);
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + 4), type);
            Put64(at + 8, flags);
            Put64(at + 24, offset);
            Put64(at + 32, size);
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + 40), link);
            Put64(at + 56, each);
        }

        void SymbolAt(int number, uint name, byte info, ushort section, ulong value, ulong size)
        {
            int at = symbols + (number * 24);
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), name);
            file[at + 4] = info;
            Put16(at + 6, section);
            Put64(at + 8, value);
            Put64(at + 16, size);
        }
    }
}
