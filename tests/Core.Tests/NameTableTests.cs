using System.Globalization;
using System.Reflection;
using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Tests;

/// <summary>Tables of names against their TSV files.</summary>
public sealed class NameTableTests
{
    private const BindingFlags Static = BindingFlags.Static | BindingFlags.NonPublic;

    public static TheoryData<string> Files => [.. typeof(NameTableTests).Assembly.GetManifestResourceNames()
        .Where(n => n.EndsWith(".tsv", StringComparison.Ordinal) && !n.EndsWith("/reasons.tsv", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Files))]
    public void Table_is_generated_from_the_tsv(string file) => Assert.Equal(Rows(file), TableOf(file)?.Rows);

    [Fact]
    public void No_table_is_without_a_tsv()
    {
        IEnumerable<FieldInfo> fields = typeof(NameTable).Assembly.GetTypes().SelectMany(t => t.GetFields(Static));
        Assert.Equal(Files.Count, fields.Count(f => f.FieldType == typeof(NameTable)));
        Assert.NotEmpty(Files);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Lines_are_whole_ordered_and_do_not_overlap(string file)
    {
        Assert.StartsWith("# ", Lines(file)[0], StringComparison.Ordinal);
        Assert.Equal("first\tlast\tname", Lines(file)[1]);
        ulong? before = null;
        foreach ((ulong first, ulong last, string name) in Rows(file))
        {
            Assert.True(first <= last && (before is null || first > before), name);
            Assert.NotEqual("", name);
            before = last;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_number_is_found_and_its_neighbours_are_told_apart(string file)
    {
        NameTable table = TableOf(file)!;
        foreach ((ulong first, ulong last, string name) in table.Rows)
        {
            Assert.Equal((name, name), (table.Find(first), table.Find(last)));
            foreach (ulong beside in (ulong[])[first - 1, last + 1])
                Assert.Equal(table.Rows.SingleOrDefault(r => r.First <= beside && beside <= r.Last).Name, table.Find(beside));
        }
        Assert.Null(table.Find(ulong.MaxValue));
    }

    // X86/cpuid-leaves.tsv is X86Names.CpuidLeaves.
    private static NameTable? TableOf(string file)
    {
        string folder = Path.GetDirectoryName(file)!;
        string name = string.Concat(Path.GetFileNameWithoutExtension(file).Split('-').Select(w => char.ToUpperInvariant(w[0]) + w[1..]));
        Type? type = typeof(NameTable).Assembly.GetType($"Kvmscope.Core.Exits.{folder}.{folder}Names");
        return (NameTable?)type?.GetField(name, Static)?.GetValue(null);
    }

    private static (ulong First, ulong Last, string Name)[] Rows(string file) =>
        [.. Lines(file).Skip(2).Select(l => l.Split('\t')).Select(c => (Hex(c[0]), Hex(c[1].Length > 0 ? c[1] : c[0]), c[2]))];

    private static string[] Lines(string file) => Resource.Read(file).TrimEnd('\n').Split('\n');

    private static ulong Hex(string text) => ulong.Parse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
