using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Tests;

public sealed class HistViewTests
{
    [Theory]
    [InlineData(100)]
    [InlineData(80)]
    [InlineData(60)]
    [InlineData(40)]
    public void One_block(int width)
    {
        string text = Sample.Text(Sample.Nested, ReportKind.Hist, width);
        Golden.FitsIn(width, text);
        Golden.Check($"hist-{width}", text);
    }

    [Fact]
    public void A_block_each() => Golden.Check(
        "hist-by", Sample.Text(
            Sample.IntervalOf(
                Sample.Row(Isa.Vmx, 12, ExitLevel.L1, 5, 63, Sample.Web, 0), Sample.Row(Isa.Vmx, 12, ExitLevel.L2, 5, 63, Sample.Web, 1),
                Sample.Row(Isa.Vmx, 71, ExitLevel.L1, 5, 63, Sample.Db, 0, untimed: 5)),
            ReportKind.Hist, by: GroupBy.Vcpu | GroupBy.Reason | GroupBy.Level));

    [Fact]
    public void The_ends_of_the_scale_are_not_pretended() => Golden.Check(
        "hist-ends",
        Sample.Text(Sample.IntervalOf(Sample.Spread(Isa.Vmx, 12, ExitLevel.L1, (3, 0), (7, 5_000_000_000_000))), ReportKind.Hist));

    [Fact]
    public void Powers_of_two_are_sums_of_four_bins()
    {
        // One of every bin: each line except the first and the last has 4.
        var row = new Row(Keys.Of(new ExitCode(Isa.Vmx, 10), ExitLevel.L1))
        { Count = HistogramLayout.BinCount, Timed = HistogramLayout.BinCount, MaxNs = 1UL << 41 };
        for (int bin = 0; bin < HistogramLayout.BinCount; bin++) row.Bins.Add(bin, 1);
        string[] bars = [.. Sample.Text(Sample.IntervalOf(row), ReportKind.Hist).Split('\n')
            .Where(line => line.Contains(" -> ", StringComparison.Ordinal))];
        Assert.Equal(36, bars.Length);
        Assert.All(bars[1..^1], line => Assert.Contains(" : 4 ", line, StringComparison.Ordinal));
        Assert.Contains(" 64 -> 127 ", bars[1], StringComparison.Ordinal);
        Assert.Contains(" : 1 ", bars[0], StringComparison.Ordinal);
        Assert.Contains(" : 1 ", bars[^1], StringComparison.Ordinal);
    }
}
