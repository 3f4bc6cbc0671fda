using System.Globalization;
using System.Text;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Tests;

/// <summary>Columns of a terminal: wide and combining characters, and where texts are cut.</summary>
public sealed class TextWidthTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("web-1", 5)]
    [InlineData("größe µs …", 10)]
    [InlineData("日本語", 6)]
    [InlineData("ｗｅｂ", 6)]
    [InlineData("한국어", 6)]
    [InlineData("한", 2)] // the same syllable kind, as a consonant, a vowel and a consonant
    [InlineData("🚀", 2)]
    [InlineData("e\u0301te\u0301", 3)]
    [InlineData("a\u20dd", 1)] // enclosing circle
    [InlineData("नमस्ते", 4)] // six characters, two of them marks
    [InlineData("a\u200bb", 3)] // zero-width characters are shown as '?'
    [InlineData("a\U000e0041b", 4)] // each half of a hidden character is
    [InlineData("\u001b[2J", 4)]
    [InlineData("\u2603", 1)] // narrow, although it is a picture
    [InlineData("\u231a", 2)]
    public void Columns_of_a_text(string text, int columns) => Assert.Equal(columns, TextWidth.Of(text));

    // Half a pair is shown as '?'. No data of a theory can have it.
    [Fact]
    public void Half_a_pair_is_one_column() => Assert.Equal(3, TextWidth.Of("a\ud800b"));

    // What is written has the same columns as the cleaned text.
    [Fact]
    public void Cleaning_does_not_change_the_columns()
    {
        for (int value = 0; value <= 0x10ffff; value += value < 0x3000 ? 1 : 37)
        {
            if (!Rune.IsValid(value)) continue;
            string text = $"a{new Rune(value)}b";
            Assert.Equal(TextWidth.Of(ForeignText.Clean(text)), TextWidth.Of(text));
        }
    }

    [Fact]
    public void The_table_is_in_order()
    {
        int[] ranges = WideCharacters.Ranges.ToArray();
        Assert.Equal(0, ranges.Length % 2);
        for (int i = 1; i < ranges.Length; i++)
            Assert.True(i % 2 == 1 ? ranges[i] >= ranges[i - 1] : ranges[i] > ranges[i - 1] + 1, $"{ranges[i]:x}");
        // Every ideograph, and nothing of Latin, Greek and Cyrillic.
        Assert.All(Enumerable.Range(0x4e00, 0x5200), c => Assert.Equal(2, TextWidth.Of(((char)c).ToString())));
        Assert.All(Enumerable.Range(0x20, 0x5f).Concat(Enumerable.Range(0x370, 7)), c =>
            Assert.Equal(1, TextWidth.Of(((char)c).ToString())));
    }

    [Theory]
    [InlineData("web-frontend-1", 8, false, "web-fro…")]
    [InlineData("web-frontend-1", 8, true, "web-…d-1")]
    [InlineData("web-frontend-1", 14, true, "web-frontend-1")]
    [InlineData("日本語日本語", 6, false, "日本…")]
    [InlineData("日本語日本語", 6, true, "日…語")]
    [InlineData("日本語", 2, false, "…")]
    [InlineData("e\u0301e\u0301e\u0301e\u0301", 3, false, "e\u0301e\u0301…")]
    [InlineData("e\u0301e\u0301e\u0301e\u0301", 3, true, "e\u0301…e\u0301")]
    [InlineData("🚀🚀🚀", 4, false, "🚀…")]
    [InlineData("abc", 1, true, "…")]
    [InlineData("abc", 0, true, "")]
    public void Texts_are_cut_at_whole_characters(string text, int columns, bool middle, string cut) =>
        Assert.Equal(cut, TextWidth.Cut(text, columns, middle, unicode: true));

    [Fact]
    public void A_cut_text_fits_and_is_as_long_as_possible()
    {
        string[] parts = ["a", "日", "🚀", "e\u0301", "\u200b", "ü", "한"];
        var random = new Random(20261126);
        for (int run = 0; run < 20_000; run++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => parts[random.Next(parts.Length)]));
            int columns = random.Next(1, 14);
            string cut = TextWidth.Cut(text, columns, random.Next(2) == 0, unicode: true);
            Assert.InRange(TextWidth.Of(cut), 0, columns);
            // A wide character on each side of the mark may not fit any more.
            if (cut != text) Assert.InRange(TextWidth.Of(cut), Math.Max(1, columns - 2), columns);
            Assert.DoesNotContain('\ufffd', string.Concat(cut.EnumerateRunes().Select(r => r.ToString())));
        }
    }

    [Theory]
    [InlineData(80)]
    [InlineData(50)]
    [InlineData(40)]
    public void Columns_stay_aligned_whatever_the_names_are(int width)
    {
        string[] names = ["日本語サーバー", "web-1", "e\u0301te\u0301", "🚀🚀 launch", "한국어", "a\u200bb", "größe"];
        VmIdentity[] vms = [.. names.Select((name, i) => new VmIdentity(i, 100 + i, name))];
        Interval interval = Sample.IntervalOf([.. vms.Select((vm, i) =>
            Sample.Row(Isa.Vmx, 10, ExitLevel.L1, (ulong)(1000 - i), 812, vm))]) with
        { Vms = vms };
        string text = Sample.Text(interval, ReportKind.Time, width, by: GroupBy.Vm);
        string[] lines = text.Split('\n')[..(1 + vms.Length)];
        // The first figure is right-aligned: it ends at the same column in all lines.
        int end = EndOf("Count", lines[0]);
        foreach ((string line, ulong count) in lines.Skip(1).Zip(Enumerable.Range(0, vms.Length).Select(i => (ulong)(1000 - i))))
        {
            string number = count.ToString(CultureInfo.InvariantCulture);
            Assert.Equal(end, EndOf(number, line));
            Assert.InRange(TextWidth.Of(line), 1, width);
        }
        if (width == 80) Golden.Check("wide-names", text);
    }

    [Fact]
    public void Wide_names_do_not_move_the_columns_of_lists_and_slow_exits()
    {
        var output = new StringWriter();
        OutputKinds.Machines.In(OutputFormat.Table)(new Destination(output, new ViewStyle()),
            new MachineList([new VirtualMachine(1, "日本語", "qemu", 1, [0]), new VirtualMachine(2, "web", "qemu", 1, [0])]));
        string[] lines = output.ToString().TrimEnd('\n').Split('\n');
        Assert.Single(lines.Skip(1).Select(line => EndOf("qemu", line)).Distinct());

        output = new StringWriter();
        IOutputWriter<SlowExit> writer = OutputKinds.SlowExits.In(OutputFormat.Table)(
            new Destination(output, new ViewStyle()), new SlowExitRequest(IsVerbose: false));
        foreach (string name in (string[])["日本語サーバーの名前はとても長い", "web"])
            writer.Write(new SlowExit(
                Sample.Started, new VmIdentity(0, 1, name), 3, 1, 1, ExitLevel.L1, new ExitCode(Isa.Vmx, 10), 12_000_000));
        lines = output.ToString().TrimEnd('\n').Split('\n');
        Assert.Single(lines.Select(line => TextWidth.Of(line)).Append(80).Distinct());
    }

    // At which column it ends.
    private static int EndOf(string word, string line) =>
        TextWidth.Of(line.AsSpan(0, line.IndexOf(word, StringComparison.Ordinal) + word.Length));

    // A fleet: the beginnings are the same.
    [Fact]
    public void Names_are_cut_where_they_are_the_same()
    {
        string[] fleet = ["production-web-frontend-eu-central-1a", "production-web-frontend-eu-central-1b", "db"];
        Assert.Equal(["production…entral-1a", "production…entral-1b", "db"], Shown(fleet));
        // The ends are the same.
        string[] zone = ["frontend.production.example.com.internal", "database.production.example.com.internal"];
        Assert.All(Shown(zone).Zip(zone), pair => Assert.StartsWith(pair.Second[..8], pair.First, StringComparison.Ordinal));
        Assert.All(Shown(zone), shown => Assert.EndsWith("…", shown, StringComparison.Ordinal));
    }

    private static string[] Shown(string[] names)
    {
        var table = new TextTable([new("VM") { Left = true, Comfort = 8 }, new("Count")], new ViewStyle(26));
        foreach (string name in names) table.Add(RowTone.Plain, TextCell.OfText(name), TextCell.OfNumber(1));
        var output = new StringWriter();
        table.Write(output);
        return [.. output.ToString().TrimEnd('\n').Split('\n').Skip(1).Select(line => line[..20].TrimEnd())];
    }
}
