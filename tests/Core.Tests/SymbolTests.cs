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

    [Theory]
    [InlineData("0000000000000000 T a\n0000000000000000 t b\n", "all of its addresses are 0")]
    [InlineData("ffffffff81000000 T\n", "line 1 is not an address, a type and a name")]
    [InlineData("ffffffff81000000 T a\nhello\n", "line 2 is not an address, a type and a name")]
    [InlineData("ffffffff810000001 T a\n", "line 1 is not")]
    [InlineData("1000 TT a\n", "line 1 is not")]
    [InlineData("", "it names no function")]
    [InlineData("1000 D a\n2000 D b\n", "it names no function")]
    public void What_is_no_table_is_said(string text, string what) => Assert.Contains(what, Refused(Encoding.UTF8.GetBytes(text)).Message);

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
