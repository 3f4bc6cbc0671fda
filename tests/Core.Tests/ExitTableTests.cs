using System.Globalization;
using System.Text.RegularExpressions;
using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Tests;

/// <summary>The generated tables against their TSV files, and the rules for these files.</summary>
public sealed class ExitTableTests
{
    public static TheoryData<Isa> Isas => [Isa.Vmx, Isa.Svm, Isa.Arm64, Isa.Riscv64];

    [Theory]
    [MemberData(nameof(Isas))]
    public void Table_is_generated_from_the_tsv(Isa isa)
    {
        string[][] lines = [.. Lines(isa)];
        string[] header = lines[0];
        string Field(string[] row, string column) => row[Array.IndexOf(header, column)];
        ExitReasonInfo[] expected =
        [
            .. lines.Skip(1).Where(row => !Field(row, "dec").StartsWith("bit", StringComparison.Ordinal)).Select(row => new ExitReasonInfo(
                ulong.Parse(Field(row, "dec"), CultureInfo.InvariantCulture), Field(row, "name"), Field(row, "kernel_name"),
                Field(row, "trace_name"),
                Field(row, "kvm_handler_7.2"), Field(row, "class"), Field(row, "detail_tracepoint"), Field(row, "meaning"),
                Field(row, "cause_and_hint"),
                Field(row, "drop_in_name"), Field(row, "aliases"), Field(row, "near"))),
        ];
        Assert.Equal(expected, ExitReasons.All(isa));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Lines_are_whole_and_numbers_agree(Isa isa)
    {
        string[][] lines = [.. Lines(isa)];
        Assert.All(lines, row => Assert.Equal(lines[0].Length, row.Length));
        foreach (string[] row in lines.Skip(1))
        {
            ulong hex = ulong.Parse(row[1].AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            ulong dec = row[0].StartsWith("bit", StringComparison.Ordinal)
                ? 1UL << int.Parse(row[0].AsSpan(3), CultureInfo.InvariantCulture)
                : ulong.Parse(row[0], CultureInfo.InvariantCulture);
            Assert.Equal(dec, hex);
        }
    }

    [Theory]
    [InlineData(Isa.Vmx, 82)]
    [InlineData(Isa.Svm, 149)]
    [InlineData(Isa.Arm64, 49)]
    [InlineData(Isa.Riscv64, 30)]
    public void Numbers_ascend_and_names_are_unique(Isa isa, int count)
    {
        IReadOnlyList<ExitReasonInfo> all = ExitReasons.All(isa);
        Assert.Equal(count, all.Count);
        Assert.Equal(all.Select(r => r.Number).Order().Distinct(), all.Select(r => r.Number));
        Assert.Equal(all.Count, all.Select(r => r.Name).Distinct().Count());
        Assert.All(all, r => Assert.Matches("^([A-Z][A-Z0-9_]*|WFx)$", r.Name));
        Assert.All(all, r => Assert.NotEmpty(r.Meaning));
    }

    [Theory]
    [InlineData(Isa.Vmx, 80, "URDMSR")]
    [InlineData(Isa.Vmx, 81, "UWRMSR")]
    [InlineData(Isa.Svm, 0x55, "EXCP_CP")]
    [InlineData(Isa.Svm, 0x5c, "EXCP_HV")]
    [InlineData(Isa.Svm, 0x5d, "EXCP_VC")]
    [InlineData(Isa.Svm, 0x5e, "EXCP_SX")]
    [InlineData(Isa.Svm, 0xa0, "INVLPGB")]
    [InlineData(Isa.Svm, 0xa1, "INVLPGB_ILLEGAL")]
    [InlineData(Isa.Svm, 0xa3, "MCOMMIT")]
    [InlineData(Isa.Svm, 0xa4, "TLBSYNC")]
    public void Numbers_of_the_manuals_have_names(Isa isa, ulong number, string name) =>
        Assert.Equal(name, ExitReasons.Name(new ExitCode(isa, number)));

    [Theory]
    [InlineData("EXCP_21", 0x55)]
    [InlineData("EXCP_28", 0x5c)]
    [InlineData("EXCP_29", 0x5d)]
    [InlineData("EXCP_30", 0x5e)]
    public void Numbered_names_are_still_read(string name, ulong number)
    {
        Assert.True(ExitReasons.TryParse(name, Isa.Svm, out ulong code));
        Assert.Equal(number, code);
    }

    [Theory]
    [InlineData("BUS_LOCK", "Linux 5.12")]
    [InlineData("NOTIFY", "Linux 6.0")]
    public void The_first_kernel_of_a_reason_is_right(string name, string version)
    {
        Assert.True(ExitReasons.TryParse(name, Isa.Vmx, out ulong code));
        ExitReasonInfo info = ExitReasons.Find(new ExitCode(Isa.Vmx, code))!;
        Assert.Equal([version], Regex.Matches(info.Hint, @"(Linux )?\b\d\.\d+\b").Select(m => m.Value));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void A_spelling_means_one_reason(Isa isa)
    {
        var owners = new Dictionary<string, string>();
        foreach (ExitReasonInfo info in ExitReasons.All(isa))
            foreach (string spelling in Spellings(info))
            {
                string key = spelling.ToUpperInvariant().Replace(' ', '_').Replace('-', '_');
                Assert.True(owners.TryAdd(key, info.Name) || owners[key] == info.Name, $"{spelling}: {info.Name} and {owners[key]}");
            }
        // Names that are only suggested must not be accepted.
        foreach (ExitReasonInfo info in ExitReasons.All(isa))
            foreach (string near in info.Near.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                Assert.False(ExitReasons.TryParse(near, isa, out _), near);
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Every_spelling_is_read(Isa isa)
    {
        foreach (ExitReasonInfo info in ExitReasons.All(isa))
        {
            ulong expected = info.Number == ulong.MaxValue ? uint.MaxValue : info.Number;
            string[] prefixed = isa switch { Isa.Vmx => ["EXIT_REASON_" + info.Name], Isa.Svm => ["SVM_EXIT_" + info.Name], _ => [] };
            string shown = IsaInfo.Of(isa).Mark + ExitReasons.NumberText(new ExitCode(isa, info.Number));
            string[] numbers = isa == Isa.Arm64 ? [shown] :
            [
                shown,
                info.Number.ToString(CultureInfo.InvariantCulture), "0x" + info.Number.ToString("x", CultureInfo.InvariantCulture),
                "0X" + info.Number.ToString("X", CultureInfo.InvariantCulture),
            ];
            foreach (string spelling in Spellings(info).Concat(prefixed).Concat(numbers))
                foreach (string text in (string[])[spelling, spelling.ToLowerInvariant(), $" {spelling.ToUpperInvariant()} "])
                {
                    Assert.True(ExitReasons.TryParse(text, isa, out ulong code), text);
                    Assert.Equal(expected, code);
                }
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void What_is_shown_is_read_back(Isa isa)
    {
        ulong[] flags = isa switch
        {
            Isa.Vmx => [0, 1UL << 31, 1UL << 26, (1UL << 31) | (1UL << 26)],
            Isa.Riscv64 => [0, 1UL << 63],
            _ => [0],
        };
        for (ulong number = 0; number < 0x1000; number++)
            foreach (ulong flag in flags)
            {
                // A class is there for traps only.
                if (isa == Isa.Arm64 && (number & 0xff) > (number >> 8 == 2 ? 0x3fu : 0)) continue;
                var code = new ExitCode(isa, number | flag);
                Assert.True(ExitReasons.TryParse(ExitReasons.Name(code), isa, out ulong read), ExitReasons.Name(code));
                Assert.Equal(code.Code, read);
                Assert.True(ExitReasons.TryParse(ExitReasons.DropInName(code), isa, out read));
                Assert.Equal(code.Code, read);
            }
    }

    private static IEnumerable<string> Spellings(ExitReasonInfo info) =>
        new[] { info.Name, info.KernelName, info.TraceName, info.DropIn }.Concat(info.Aliases.Split(' ')).Where(s => s.Length > 0);

    private static IEnumerable<string[]> Lines(Isa isa) =>
        Resource.Read($"{isa}/reasons.tsv").TrimEnd('\n').Split('\n').Select(line => line.Split('\t'));
}
