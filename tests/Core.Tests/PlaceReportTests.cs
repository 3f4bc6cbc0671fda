using System.Text.Json;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Symbols;

namespace Kvmscope.Core.Tests;

/// <summary>Answers by page and by instruction.</summary>
public sealed class PlaceReportTests
{
    private const ulong Npf = 0x400, Halt = 0x78;
    private static readonly Interval s_interval = Sample.IntervalOf(
        new Accounting { OtherQualifiers = 7 },
        At(Npf, 500, Qualifier.Of(0xfee0_0000), Qualifier.Of(0xffff_ffff_8100_0010)),
        At(Npf, 300, Qualifier.Of(0x20_1000), Qualifier.Of(0xffff_ffff_8100_0020)),
        At(Npf, 40, Qualifier.Of(0x20_5000), Qualifier.Of(0xffff_ffff_8100_0020)),
        At(Npf, 30, Qualifier.Of(0x40_0000), Qualifier.Of(0x7f00_1234_5678)),
        At(Npf, 7, Qualifier.Other, Qualifier.Other),
        At(Halt, 20, default, Qualifier.Of(0xffff_ffff_8100_0100)),
        At(0x403, 5, default, default));

    private static readonly SymbolTable s_symbols = SymbolReader.Read(new MemoryStream(
        "ffffffff81000000 T mmio_loop\nffffffff81000100 t \u001b[2Jhalt\nffffffff81000200 d end\n"u8.ToArray()), "map");

    private static Row At(ulong code, ulong count, Qualifier page, Qualifier rip)
    {
        Row row = Sample.Row(Isa.Svm, code, ExitLevel.L1, count, 1000);
        var placed = new Row(row.Key with { Place = Place.Of(page, rip) });
        placed.Add(row);
        return placed;
    }

    private static string Text(
        GroupBy by, OutputFormat format, int? pageShift = null, SymbolTable? symbols = null, int top = ReportRequest.DefaultTop)
    {
        var request = new ReportRequest
        {
            Kind = ReportKind.Count,
            Command = "count",
            By = by,
            PageShift = pageShift,
            Symbols = symbols,
            Top = top,
        };
        var output = new StringWriter();
        OutputKinds.Reports.In(format)(new Destination(output, new ViewStyle(80)), request).Write(s_interval);
        return output.ToString();
    }

    private static string[] Rows(string json, string name)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return [.. document.RootElement.GetProperty("rows").EnumerateArray().Where(r => r.GetProperty("row").GetString() == "reason")
            .Select(r => $"{r.GetProperty("reason")} {r.GetProperty(name)} {r.GetProperty("count")}")];
    }

    [Fact]
    public void Pages_are_rows_with_the_sum_of_their_instructions() => Assert.Equal(
        ["NPF 0xfee00000 500", "NPF 0x201000 300", "NPF 0x205000 40", "NPF 0x400000 30", "HLT  20", "NPF other 7", "VMGEXIT  5"],
        Rows(Text(GroupBy.Page, OutputFormat.Json), "page"));

    [Fact]
    public void Larger_pages_hold_smaller_ones() => Assert.Equal(
        ["NPF 0xfee00000 500", "NPF 0x200000 340", "NPF 0x400000 30", "HLT  20", "NPF other 7", "VMGEXIT  5"],
        Rows(Text(GroupBy.Page, OutputFormat.Json, pageShift: 21), "page"));

    [Fact]
    public void Top_leaves_the_rest_in_other() => Assert.Equal(
        ["NPF 0xfee00000 500", "NPF other 377", "HLT  20", "VMGEXIT  5"], Rows(Text(GroupBy.Page, OutputFormat.Json, top: 1), "page"));

    [Fact]
    public void Instructions_are_rows_whatever_their_page() => Assert.Equal(
        [
            "NPF 0xffffffff81000010 500", "NPF 0xffffffff81000020 340", "NPF 0x7f0012345678 30", "HLT 0xffffffff81000100 20",
            "NPF other 7", "VMGEXIT  5",
        ],
        Rows(Text(GroupBy.Rip, OutputFormat.Json), "rip"));

    [Fact]
    public void Instructions_have_the_names_of_the_guest_s_functions() => Assert.Equal(
        ["NPF mmio_loop+0x10 500", "NPF mmio_loop+0x20 340", "NPF  30", "HLT \u001b[2Jhalt 20", "NPF  7", "VMGEXIT  5"],
        Rows(Text(GroupBy.Rip, OutputFormat.Json, symbols: s_symbols), "symbol"));

    [Fact]
    public void Both_together_are_rows_too() => Assert.Equal(
        [
            "NPF 0xfee00000 500", "NPF 0x201000 300", "NPF 0x205000 40", "NPF 0x400000 30", "HLT  20", "NPF other 7", "VMGEXIT  5",
        ],
        Rows(Text(GroupBy.Page | GroupBy.Rip, OutputFormat.Json), "page"));

    [Fact]
    public void Csv_has_the_same()
    {
        string[] lines = Text(GroupBy.Page | GroupBy.Rip, OutputFormat.Csv, symbols: s_symbols).Split('\n');
        string[] heads = lines[0].Split(',');
        Assert.Equal(["page", "rip", "symbol"], heads.Where(h => h is "page" or "rip" or "symbol"));
        string[] first = lines[1].Split(',');
        Assert.Equal("0xfee00000 0xffffffff81000010 mmio_loop+0x10",
            string.Join(' ', first.Where((_, i) => heads[i] is "page" or "rip" or "symbol")));
        Assert.DoesNotContain('\u001b', string.Join('\n', lines));
        Assert.All(lines[..^1], line => Assert.Equal(heads.Length, line.Split(',').Length));
    }

    [Fact]
    public void A_table_shows_names_and_says_what_came_too_early()
    {
        string text = Text(GroupBy.Rip, OutputFormat.Table, symbols: s_symbols);
        Assert.Contains("mmio_loop+0x10", text, StringComparison.Ordinal);
        Assert.Contains("0x7f0012345678", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
        Assert.Contains("7 exits came before their qualifier, page or instruction had a row", text, StringComparison.Ordinal);
        Assert.Contains("0xfee00000", Text(GroupBy.Page, OutputFormat.Table), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_view_sums_up_to_all_exits()
    {
        foreach (GroupBy by in (GroupBy[])[GroupBy.Page, GroupBy.Rip, GroupBy.Page | GroupBy.Rip, GroupBy.Reason])
        {
            using JsonDocument document = JsonDocument.Parse(Text(by, OutputFormat.Json, top: 2));
            Assert.Equal(902UL, document.RootElement.GetProperty("rows").EnumerateArray()
                .Where(r => r.GetProperty("row").GetString() == "reason")
                .Aggregate(0UL, (sum, row) => sum + row.GetProperty("count").GetUInt64()));
        }
    }
}
