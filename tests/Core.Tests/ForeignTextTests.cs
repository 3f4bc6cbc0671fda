using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Xml;
using CsCheck;
using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Charts;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Sources;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Tests;

public sealed class ForeignTextTests
{
    [Theory]
    [InlineData("web-1", "web-1")]
    [InlineData("Bücher 日本 😀", "Bücher 日本 😀")]
    [InlineData("a\e[2J\nb\u009b\u0000", "a?[2J?b??")]
    [InlineData("a\u202eb\u2066c\u200bd", "a?b?c?d")]
    public void What_cannot_be_seen_is_not_shown(string text, string expected) => Assert.Equal(expected, ForeignText.Clean(text));

    [Fact]
    public void What_is_no_character_is_not_shown() => Assert.Equal("a?b???", ForeignText.Clean("a\ud800b\udc00\ufffe\uffff"));

    [Theory]
    [InlineData("web-1", 5, "web-1")]
    [InlineData("web-12", 5, "web-…")]
    [InlineData("abc😀def", 5, "abc…")]
    [InlineData("abc", 0, "…")]
    public void Long_text_is_cut(string text, int most, string expected) => Assert.Equal(expected, ForeignText.Clean(text, most));

    [Fact]
    public void All_text_can_be_in_XML() => AnyText.Of(40).Sample(text =>
    {
        foreach (char c in ForeignText.Clean(text)) Assert.True(XmlConvert.IsXmlChar(c) || char.IsSurrogate(c));
        var xml = new XmlDocument { PreserveWhitespace = true };
        xml.LoadXml($"<a b=\"{ForeignText.Escape(text)}\">{ForeignText.Escape(text)}</a>");
        Assert.Equal(ForeignText.Clean(text), xml.DocumentElement!.InnerText);
        Assert.Equal(ForeignText.Clean(text), xml.DocumentElement.GetAttribute("b"));
    });

    // Escape sequences, bidi controls, zero width, separators, halves of pairs, tags.
    private const string Canary = "=\e[2Jx\u009b\u202ey\u2066\u200f\u061c\u200b\u2028\u2029\ud800z\ufeff\U000e0041";

    public static TheoryData<string, string> Outputs()
    {
        var vm = new VmIdentity(1, 4242, Canary);
        Interval interval = Sample.IntervalOf(Sample.Row(Isa.Svm, 0x72, ExitLevel.L1, 20, 1_200, vm, 0))
            with
        { Vms = [vm], Missing = [new MissingSource(TimePart.Poll, Canary)] };
        var slow = new SlowExit(Sample.Started, vm, 1, 2, 3, ExitLevel.L1, new ExitCode(Isa.Svm, 0x72), 1_200)
        { RanInstead = new TaskIdentity(7, Canary), Parts = default(TimeParts) };
        var comparison = ComparisonBuilder.Build(
            new ComparisonSide(Canary, [interval]), new ComparisonSide("b", [interval]), new ComparisonRequest { By = GroupBy.Vm });
        comparison = comparison with { Notes = [Canary] };
        Timeline timeline = TimelineBuilder.Build(Canary, [interval], TimelineBy.Vm, 5);
        var data = new TheoryData<string, string>();
        foreach (ReportRequest request in (ReportRequest[])[new() { Kind = ReportKind.Count, Command = "count", By = GroupBy.Vm },
            new() { Kind = ReportKind.Hist, Command = "hist", By = GroupBy.Vcpu, Split = true }])
            Add(OutputKinds.Reports.Formats, (format, to) => OutputKinds.Reports.In(format)(to, request).Write(interval));
        Add(OutputKinds.SlowExits.Formats, (format, to) => OutputKinds.SlowExits.In(format)(to, new SlowExitRequest(true)).Write(slow));
        Add(OutputKinds.Comparisons.Formats, (format, to) => OutputKinds.Comparisons.In(format)(to, comparison));
        Add(OutputKinds.RuleResults.Formats, (format, to) =>
            OutputKinds.RuleResults.In(format)(to).Write([RuleSample.Evaluate("max(any)<1s", RuleSample.Input([.. interval.Rows]))]));
        Add(OutputKinds.Timelines.Formats, (format, to) => OutputKinds.Timelines.In(format)(to, timeline));
        Add(OutputKinds.Machines.Formats, (format, to) =>
            OutputKinds.Machines.In(format)(to, new MachineList([new VirtualMachine(1, Canary, Canary, 1, [0])])));
        Add(OutputKinds.Checks.Formats, (format, to) =>
            OutputKinds.Checks.In(format)(to, [new HostCheck("kernel", CheckVerdict.Ok, Canary)]));
        return data;

        void Add(IEnumerable<OutputFormat> formats, Action<OutputFormat, Destination> write)
        {
            foreach (OutputFormat format in formats.Where(f => f.IsText))
            {
                var text = new StringWriter();
                write(format, new Destination(text, new ViewStyle(200)));
                data.Add(format.Name, text.ToString());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Outputs))]
    public void No_output_has_what_steers_a_terminal(string format, string text)
    {
        Assert.DoesNotContain("\e", text, StringComparison.Ordinal);
        if (format == "json")
        {
            // It keeps each character, escaped.
            Assert.All(text.EnumerateRunes(), rune => Assert.True(rune.Value == '\n' || ForeignText.IsShown(rune), $"U+{rune.Value:x}"));
            return;
        }
        Assert.Equal(string.Join('\n', text.Split('\n').Select(line => ForeignText.Clean(line))), text);
        Assert.Contains("x", text, StringComparison.Ordinal);
        if (format == "csv") Assert.DoesNotContain(text.Split(',', '\n', '"'), cell => cell.StartsWith('='));
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("@a", "'@a")]
    [InlineData("+a", "'+a")]
    [InlineData("-a,b", "\"'-a,b\"")]
    [InlineData("a=b", "a=b")]
    [InlineData("\uff1d1", "'\uff1d1")]
    [InlineData("a\"b", "\"a\"\"b\"")]
    [InlineData("\"", "\"\"\"\"")]
    [InlineData("a\nb", "a?b")]
    public void A_name_in_CSV_is_no_formula(string name, string expected)
    {
        var text = new StringWriter();
        OutputKinds.Machines.In(OutputFormat.Csv)(new Destination(text, new ViewStyle()),
            new MachineList([new VirtualMachine(1, name, "qemu", 1, [0])]));
        Assert.Equal($"{expected},1,qemu,1,1", text.ToString().Split('\n')[1]);
    }

    [Fact]
    public void JSON_is_the_same_after_escaping() => AnyText.Of(40).Sample(text =>
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(text, s_relaxed);
        var escaped = new ArrayBufferWriter<byte>();
        ForeignText.EscapeJson(json, escaped);
        Assert.Equal(JsonSerializer.Deserialize<string>(json), JsonSerializer.Deserialize<string>(escaped.WrittenSpan));
        Assert.All(Encoding.UTF8.GetString(escaped.WrittenSpan).EnumerateRunes(), rune => Assert.True(ForeignText.IsShown(rune)));
    });

    private static readonly JsonSerializerOptions s_relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void What_is_shown_in_JSON_stays_readable()
    {
        var escaped = new ArrayBufferWriter<byte>();
        ForeignText.EscapeJson("\"Bücher 日本 \u202e\U000e0041\""u8, escaped);
        Assert.Equal("\"Bücher 日本 \\u202e\\udb40\\udc41\"", Encoding.UTF8.GetString(escaped.WrittenSpan));
    }

    [Fact]
    public void The_font_has_all_of_ASCII_and_some_more()
    {
        for (char c = ' '; c <= '~'; c++)
            foreach (bool bold in (bool[])[false, true])
            {
                Assert.Equal(c != ' ', BitmapFont.Lines(c, bold).ContainsAnyExcept((byte)0));
                // No dot outside the 7 columns of a character.
                foreach (byte line in BitmapFont.Lines(c, bold)) Assert.Equal(0, line & 1);
                if (c != '?') Assert.False(BitmapFont.Lines(c, bold).SequenceEqual(BitmapFont.Lines('?', bold)));
            }
        Assert.All("µü×…", c => Assert.False(BitmapFont.Lines(c, false).SequenceEqual(BitmapFont.Lines('?', false))));
        Assert.True(BitmapFont.Lines('日', false).SequenceEqual(BitmapFont.Lines('?', false)));
        // Drawn here, so that a mirrored font is noticed.
        Assert.Equal([0, 0, 0xfc, 0x80, 0x80, 0x80, 0xf0, 0x80, 0x80, 0x80, 0xfc, 0, 0], BitmapFont.Lines('E', false).ToArray());
    }
}
