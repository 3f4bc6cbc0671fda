using System.Globalization;
using CsCheck;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Charts;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Tests;

public sealed class ChartScaleTests
{
    private static readonly Gen<(int Lowest, int Highest, int Height)> s_range = Gen.Select(
        Gen.Int[0, HistogramLayout.BinCount - 1], Gen.Int[0, HistogramLayout.BinCount - 1], Gen.Int[60, 320])
            .Select((a, b, height) => (Math.Min(a, b), Math.Max(a, b), height));

    [Fact]
    public void A_bin_is_in_the_cell_whose_bounds_hold_it() => s_range.Sample(range =>
    {
        DurationScale scale = DurationScale.Of(range.Lowest, range.Highest, range.Height);
        for (int bin = range.Lowest; bin <= range.Highest; bin++)
        {
            int cell = scale.CellOf(bin);
            Assert.InRange(cell, 0, scale.Cells - 1);
            ulong low = HistogramLayout.LowNs(bin);
            Assert.InRange(low, scale.LowNs(cell), scale.LowNs(cell + 1) - 1);
            Assert.InRange(scale.Position(low), cell * scale.CellHeight, (cell + 1) * scale.CellHeight);
        }
    });

    [Fact]
    public void A_scale_is_about_as_high_as_asked_for() => s_range.Sample(range =>
    {
        DurationScale scale = DurationScale.Of(range.Lowest, range.Highest, range.Height);
        Assert.InRange(scale.Height, range.Height / 2, Math.Max(range.Height, scale.Cells));
        return scale.BinsPerCell is 1 or 2 or 4;
    });

    [Fact]
    public void Positions_are_monotone() => Gen.Select(s_range, Gen.ULong, Gen.ULong).Sample((range, a, b) =>
    {
        DurationScale scale = DurationScale.Of(range.Lowest, range.Highest, range.Height);
        return scale.Position(Math.Min(a, b)) <= scale.Position(Math.Max(a, b));
    });

    [Fact]
    public void Ticks_are_round_apart_and_on_the_scale() => s_range.Sample(range =>
    {
        DurationScale scale = DurationScale.Of(range.Lowest, range.Highest, range.Height);
        List<DurationTick> ticks = DurationTicks.Of(scale, 15);
        // Below 64 ns and from 2^40 ns up there are no ticks.
        if (range.Lowest > 4 && range.Highest < HistogramLayout.BinCount - 8) Assert.NotEmpty(ticks);
        for (int i = 0; i < ticks.Count; i++)
        {
            Assert.InRange(ticks[i].Up, 0, scale.Height);
            Assert.Matches("^[125]0{0,3} (ns|µs|ms|s)$", ticks[i].Label);
            if (i > 0) Assert.True(ticks[i].Up - ticks[i - 1].Up >= 15);
        }
    });

    [Fact]
    public void A_tick_is_where_the_cell_of_its_time_begins()
    {
        DurationScale scale = DurationScale.Of(HistogramLayout.BinOf(1024), HistogramLayout.BinOf(1 << 20), 320);
        Assert.Equal(0, scale.Position(1024));
        Assert.Equal(4 * scale.CellHeight / scale.BinsPerCell, scale.Position(2048));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(1_000_000)]
    [InlineData(ulong.MaxValue)]
    public void More_exits_are_a_higher_level(ulong largest)
    {
        var scale = new CountScale(largest);
        Assert.Equal(0, scale.Level(0));
        Assert.Equal(1, scale.Level(1));
        int before = 0;
        for (ulong count = 1; count < largest / 3; count *= 3)
        {
            Assert.InRange(scale.Level(count), before, Palette.Levels);
            before = scale.Level(count);
        }
        if (largest >= 10) Assert.Equal(Palette.Levels, scale.Level(largest));
    }

    [Fact]
    public void Levels_are_ever_darker_on_light_and_ever_lighter_on_dark()
    {
        for (var ink = Ink.Level1; (int)ink < Palette.Inks - 1; ink++)
        {
            Assert.True(Lightness(Palette.Light(ink)) > Lightness(Palette.Light(ink + 1)));
            Assert.True(Lightness(Palette.Dark(ink)) < Lightness(Palette.Dark(ink + 1)));
        }
    }

    [Theory]
    [InlineData(60, 2, "12:35:00 12:35:30 12:36:00 12:36:30")]
    [InlineData(60, 3600, "03-02 00:00 03-02 12:00 03-03 00:00 03-03 12:00 03-04 00:00")]
    [InlineData(1, 2, "")]
    [InlineData(40, 0.01, "12:34:56.000 12:34:56.200")]
    public void Clock_times_are_round(int columns, double seconds, string expected)
    {
        List<ClockTick> ticks = Ticks(columns, seconds, 10);
        Assert.Equal(expected, string.Join(' ', ticks.Select(t => t.Label)));
    }

    [Fact]
    public void Clock_times_do_not_touch_and_are_where_they_belong() =>
        Gen.Select(Gen.Int[1, 960], Gen.Int[1, 5_000_000]).Sample((columns, ms) =>
    {
        int width = Math.Max(1, 960 / columns);
        List<ClockTick> ticks = Ticks(columns, ms / 1000.0, width);
        for (int i = 0; i < ticks.Count; i++)
        {
            Assert.InRange(ticks[i].X, 0, columns * width);
            if (i > 0) Assert.True(ticks[i].X - ticks[i - 1].X >= (ticks[i].Label.Length * 8) + 8);
            if (ticks[i].Label.Length != 8) continue;
            double at = (DateTime.ParseExact(
                ticks[i].Label, "HH:mm:ss", CultureInfo.InvariantCulture).TimeOfDay - Sample.Started.TimeOfDay).TotalSeconds;
            if (at < 0) at += 86_400;
            Assert.InRange(ticks[i].X, (at / (ms / 1000.0) * width) - 1, (at / (ms / 1000.0) * width) + 1);
        }
    });

    [Fact]
    public void A_column_that_is_far_longer_than_the_others_has_few_clock_times()
    {
        TimelineColumn[] columns =
            [new(Sample.Started, 1), new(Sample.Started.AddSeconds(1), 1e9), new(Sample.Started.AddSeconds(1e9 + 1), 1)];
        Assert.InRange(ClockTicks.Of(columns, 1, 300, 8).Count, 0, 20);
    }

    private static List<ClockTick> Ticks(int columns, double seconds, int width) => ClockTicks.Of(
        [.. Enumerable.Range(0, columns).Select(i => new TimelineColumn(Sample.Started.AddSeconds(i * seconds), seconds))], seconds, width,
        8);

    private static double Lightness(int color) => (0.2126 * (color >> 16)) + (0.7152 * ((color >> 8) & 0xff)) + (0.0722 * (color & 0xff));
}
