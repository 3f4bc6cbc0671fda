using System.Text.Json;
using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Analysis.Reports;

using static Kvmscope.Core.Tests.ComparisonSample;

namespace Kvmscope.Core.Tests;

public sealed class ComparisonViewTests
{
    private const GroupBy Fine = GroupBy.Vcpu | GroupBy.Qualifier | GroupBy.Level;

    [Theory]
    [InlineData(100)]
    [InlineData(80)]
    [InlineData(60)]
    [InlineData(40)]
    public void A_change_is_seen_at_a_glance(int width)
    {
        string text = Text(Upgrade, width);
        Golden.FitsIn(width, text);
        Golden.Check($"diff-{width}", text);
    }

    [Fact]
    public void Machines_get_the_same()
    {
        string json = Text(Upgrade, format: OutputFormat.Json);
        Assert.Equal(json.Length - 1, json.IndexOf('\n', StringComparison.Ordinal));
        Golden.Check("diff-json", MachineFormatTests.Pretty(json));
        Golden.Check("diff-csv", Text(Upgrade, format: OutputFormat.Csv));
    }

    [Theory]
    [InlineData(GroupBy.Vm, "vm")]
    [InlineData(Fine, "fine")]
    public void Groups_are_shown(GroupBy by, string name)
    {
        Comparison comparison = Compare(Moved("a", 1), Moved("b", 2), by);
        string text = Text(comparison);
        Golden.FitsIn(80, text);
        Golden.Check($"diff-by-{name}", text);
        Golden.Check($"diff-by-{name}-csv", Text(comparison, format: OutputFormat.Csv));
        using JsonDocument json = JsonDocument.Parse(Text(comparison, format: OutputFormat.Json));
        JsonElement first = json.RootElement.GetProperty("rows")[0];
        Assert.Equal("web-1", first.GetProperty("vm").GetString());
        Assert.Equal(by == Fine, first.TryGetProperty("qualifier_raw", out _));
        Assert.Equal(by == Fine, first.TryGetProperty("reason", out _));
        Assert.Equal(by == Fine, first.TryGetProperty("vcpu", out _));
        Assert.Equal(by == Fine, first.TryGetProperty("level", out _));
    }

    [Fact]
    public void Nothing_to_compare_is_said()
    {
        Comparison comparison =
            Compare(new ComparisonSide("none", []), new ComparisonSide("idle", [Sample.Of(Sample.Started, 1, [], new Accounting())]));
        Golden.Check("diff-nothing", Text(comparison));
        using JsonDocument json = JsonDocument.Parse(Text(comparison, format: OutputFormat.Json));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("a").GetProperty("started").ValueKind);
        Assert.Equal(0, json.RootElement.GetProperty("rows").GetArrayLength());
    }

    [Fact]
    public void Colour_only_where_asked()
    {
        string plain = Text(Upgrade), colored = Text(Upgrade, color: true);
        Assert.DoesNotContain('\e', plain);
        Assert.Contains("\e[33m", colored, StringComparison.Ordinal);
        Assert.Equal(plain, colored.Replace("\e[1m", "").Replace("\e[2m", "").Replace("\e[33m", "").Replace("\e[0m", ""));
    }

    [Fact]
    public void A_name_cannot_command_the_terminal()
    {
        VmIdentity evil = new(0, 1, "v\e[2J"), other = new(1, 2, "v\e[2J");
        string text = Text(Compare(
            Side("a\e[2J\n", 3, new(10, 5, 900) { Vm = evil }, new(12, 5, 900) { Vm = other }),
            Side("b", 3, new Load(10, 5, 900) { Vm = evil }), GroupBy.Vm));
        Assert.DoesNotContain('\e', text);
        Assert.Contains("a?[2J?", text, StringComparison.Ordinal);
        Assert.Contains("VMs named v?[2J", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_width_can_be_asked_for()
    {
        Comparison comparison = Compare(Moved("a", 1), Moved("b", 2), Fine);
        for (int width = 1; width < 160; width++)
        {
            string text = Text(comparison, width);
            if (width >= 60) Golden.FitsIn(width, text);
            if (width >= 40) Golden.FitsIn(width, Text(Upgrade, width));
        }
    }

    private static ComparisonSide Moved(string name, int factor) => Side(
        name, 30, new(30, 100 * factor, 12_000) { Vm = Sample.Web, Vcpu = 0, Qualifier = Qualifier.Of(0x1_0000_0608) },
        new(30, 20, 9_000) { Vm = Sample.Web, Vcpu = 1, Qualifier = Qualifier.Of(0x1_0000_0060) },
        new(48, 40, 3_000) { Vm = Sample.Db, Vcpu = 0, Level = ExitLevel.L2 }, new(12, 30, 2_000_000) { Vm = Sample.Db, Vcpu = 0 });
}
