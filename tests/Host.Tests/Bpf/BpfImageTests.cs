using System.Runtime.InteropServices;
using System.Text;
using CsCheck;
using Kvmscope.ContractGen;
using Kvmscope.Core.Model;
using Kvmscope.Host.Bpf;

namespace Kvmscope.Host.Tests.Bpf;

/// <summary>What the objects must be like so that every kernel since 5.10 accepts them.</summary>
public sealed class BpfImageTests
{
    public static TheoryData<Architecture> Architectures => [Architecture.X64, Architecture.Arm64, Architecture.RiscV64];

    [Theory]
    [MemberData(nameof(Architectures))]
    public void No_atomic_instruction_returns_a_value(Architecture architecture)
    {
        // 5.10 knows only BPF_ADD, without BPF_FETCH.
        IEnumerable<string> odd =
            from function in BpfImage.Of(architecture).Functions()
            from instruction in function.Code
            where instruction.IsAtomic && instruction.Immediate != 0
            select $"{function.Function.Name}+{instruction.At}: {instruction.Immediate:x}";
        Assert.Empty(odd);
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void No_instruction_is_newer_than_version_3(Architecture architecture)
    {
        IEnumerable<string> odd =
            from function in BpfImage.Of(architecture).Functions()
            from instruction in function.Code
            where instruction.IsOfVersion4
            select $"{function.Function.Name}+{instruction.At}: {instruction.Opcode:x2}";
        Assert.Empty(odd);
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Programs_for_the_oldest_kernels_call_only_helpers_of_5_10(Architecture architecture)
    {
        const int LastOf510 = 155; // bpf_redirect_peer
        IEnumerable<string> odd =
            from function in BpfImage.Of(architecture).Functions()
            where !function.Function.Name.EndsWith("_direct", StringComparison.Ordinal)
                && !function.Function.Section.Name.StartsWith("tp_btf/", StringComparison.Ordinal)
                && !function.Function.Section.Name.StartsWith("fentry/", StringComparison.Ordinal)
            from instruction in function.Code
            where instruction.IsHelperCall && instruction.Immediate > LastOf510
            select $"{function.Function.Name}+{instruction.At}: helper {instruction.Immediate}";
        Assert.Empty(odd);
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void All_code_is_covered_by_these_tests(Architecture architecture)
    {
        BpfImage image = BpfImage.Of(architecture);
        foreach (BpfImage.Section section in image.Sections.Where(s => s.IsCode))
            Assert.Equal(section.Bytes.Length, image.Symbols.Where(s => s.IsFunction && s.Section == section).Sum(s => s.Size));
        Assert.Contains(image.Functions(), function => function.Code.Any(i => i.IsHelperCall));
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Names_are_short_enough_for_the_kernel(Architecture architecture)
    {
        BpfImage image = BpfImage.Of(architecture);
        string[] programs = [.. image.Symbols.Where(s => s.IsFunction && s.Section.Name != ".text").Select(s => s.Name)];
        string[] maps = [.. image.Symbols.Where(s => s.Section.Name == ".maps" && s.Name.Length > 0).Select(s => s.Name)];
        // Some programs exist for x86 only.
        Assert.Empty(programs.Except(BpfObject.Programs.All));
        if (architecture == Architecture.X64) Assert.Equal(BpfObject.Programs.All.Order(), programs.Order());
        Assert.Equal(20, maps.Length);
        Assert.All([.. programs, .. maps], name => Assert.InRange(name.Length, 1, 15));
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void The_kernel_accepts_the_licence_as_gpl(Architecture architecture)
    {
        // include/linux/license.h, license_is_gpl_compatible()
        string[] compatible = ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"];
        Assert.Contains(Encoding.ASCII.GetString(BpfImage.Of(architecture)["license"].Bytes).TrimEnd('\0'), compatible);
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void No_path_of_the_build_machine_is_inside(Architecture architecture)
    {
        Assert.DoesNotContain(BpfImage.Of(architecture).Sections, s => s.Name.StartsWith(".debug", StringComparison.Ordinal));
        IReadOnlyList<BtfType> types = BtfReader.ReadElf(BpfImage.Of(architecture).Bytes);
        Assert.Contains(types, t => t.Name == "kvmscope_cell");
        Assert.DoesNotContain(types, t => t.Name.Contains('/'));
    }

    // bin_of() of bpf/cells.bpf.h, with the table in the object. RoomTests and others run the code itself, where bpf() is permitted.
    private static int BinBy(byte[] table, ulong ns)
    {
        if (ns < 1UL << HistogramLayout.MinShift) return 0;
        for (int octave = 12, first = 1; octave <= 36; octave += 6, first += 24)
            if (ns < 1UL << octave) return first + table[ns >> (octave - 8)];
        return ns < 1UL << HistogramLayout.MaxShift ? 121 + table[ns >> 34] : HistogramLayout.BinCount - 1;
    }

    [Fact]
    public void The_table_of_bins_is_the_histograms_layout_at_every_bound()
    {
        byte[] table = BpfImage.Embedded.Data("bin_in_six");
        Assert.Equal(256, table.Length);
        for (int bin = 0; bin < HistogramLayout.BinCount; bin++)
        {
            Assert.Equal(bin, BinBy(table, HistogramLayout.LowNs(bin)));
            if (bin > 0) Assert.Equal(bin - 1, BinBy(table, HistogramLayout.LowNs(bin) - 1));
        }
        Assert.Equal(HistogramLayout.BinCount - 1, BinBy(table, ulong.MaxValue));
        Gen.Select(Gen.ULong, Gen.Int[0, 63], (value, shift) => value >> shift)
            .Sample(ns => BinBy(table, ns) == HistogramLayout.BinOf(ns));
    }
}
