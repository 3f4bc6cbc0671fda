using CsCheck;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

public sealed class HistogramTests
{
    // Durations of every order of magnitude, including small ones and ones beyond the last bin.
    private static readonly Gen<ulong> s_duration =
        Gen.Select(Gen.Int[0, 45], Gen.ULong).Select((shift, bits) => bits & ((1UL << shift) - 1));
    private static readonly Gen<ulong[]> s_durations = s_duration.Array[1, 60];
    private static readonly Gen<double> s_share = Gen.Int[0, 1000].Select(q => q / 1000.0);

    [Fact]
    public void A_bin_holds_what_lies_between_its_bounds() => s_duration.Sample(ns =>
    {
        int bin = HistogramLayout.BinOf(ns);
        return HistogramLayout.LowNs(bin) <= ns && ns < HistogramLayout.HighNs(bin)
            && HistogramLayout.BinOf(HistogramLayout.LowNs(bin)) == bin;
    });

    [Fact]
    public void Bins_follow_one_another_without_gap_and_are_narrow()
    {
        for (int bin = 0; bin < HistogramLayout.BinCount - 1; bin++)
        {
            ulong low = HistogramLayout.LowNs(bin), high = HistogramLayout.HighNs(bin);
            Assert.Equal(HistogramLayout.LowNs(bin + 1), high);
            Assert.Equal(bin, HistogramLayout.BinOf(high - 1));
            Assert.Equal(bin + 1, HistogramLayout.BinOf(high));
            if (bin > 0) Assert.True(high - low <= low / 4);
        }
        Assert.Equal(HistogramLayout.BinCount - 1, HistogramLayout.BinOf(ulong.MaxValue));
    }

    [Fact]
    public void A_quantile_lies_in_the_bin_of_its_rank_and_not_above_the_maximum() =>
        Gen.Select(s_durations, s_share).Sample((durations, q) =>
    {
        ulong[] sorted = [.. durations.Order()];
        ulong exact = sorted[Math.Max(0, (int)decimal.Ceiling((decimal)q * sorted.Length) - 1)];
        ulong shown = Bins(durations).Quantile(q, sorted[^1])!.Value;
        int bin = HistogramLayout.BinOf(exact);
        return shown >= HistogramLayout.LowNs(bin) && shown <= HistogramLayout.HighNs(bin) && shown <= sorted[^1];
    });

    [Fact]
    public void A_quantile_is_monotone() => Gen.Select(s_durations, s_share, s_share).Sample((durations, a, b) =>
    {
        Histogram bins = Bins(durations);
        ulong max = durations.Max();
        return bins.Quantile(Math.Min(a, b), max) <= bins.Quantile(Math.Max(a, b), max);
    });

    [Fact]
    public void The_last_rank_is_the_maximum() =>
        s_durations.Sample(durations => Bins(durations).Quantile(1, durations.Max()) == durations.Max());

    [Fact]
    public void A_stale_maximum_does_not_leave_the_bin() => Gen.Select(s_durations, s_duration, s_share).Sample((durations, max, q) =>
    {
        ulong shown = Bins(durations).Quantile(q, max)!.Value;
        return HistogramLayout.BinOf(shown) >= HistogramLayout.BinOf(durations.Min())
            && HistogramLayout.BinOf(shown) <= HistogramLayout.BinOf(durations.Max());
    });

    [Fact]
    public void Histograms_add_up() => Gen.Select(s_durations, s_durations).Sample((a, b) =>
    {
        Histogram sum = Bins(a);
        sum.Add(Bins(b));
        return sum.ToArray().SequenceEqual(Bins([.. a, .. b]).ToArray()) && sum.Count == (ulong)(a.Length + b.Length);
    });

    [Fact]
    public void Ranks_are_exact()
    {
        // 999 of 1000 are short: p99.9 is the last of them, not the long one.
        var bins = new Histogram();
        bins.Add(HistogramLayout.BinOf(1_000), 999);
        bins.Add(HistogramLayout.BinOf(1_000_000), 1);
        Assert.InRange(bins.Quantile(0.999, 1_000_000)!.Value, 896UL, 1024UL);
        Assert.Equal(1_000_000UL, bins.Quantile(0.9991, 1_000_000));
    }

    // Half of 2^63 + 2 durations is one more than the 2^62 short ones.
    [Fact]
    public void Ranks_are_exact_where_64_bits_are_not_enough()
    {
        var bins = new Histogram();
        bins.Add(HistogramLayout.BinOf(1_000), 1UL << 62);
        bins.Add(HistogramLayout.BinOf(1_000_000), (1UL << 62) + 2);
        Assert.InRange(bins.Quantile(0.5, 1_000_000)!.Value, 786_432UL, 1_000_000UL);
        Assert.InRange(bins.Quantile(0.499999, 1_000_000)!.Value, 896UL, 1024UL);
    }

    [Fact]
    public void The_longest_is_the_maximum_as_far_as_its_bin_goes()
    {
        Assert.Equal(100UL, Bins([100]).Quantile(1, 100));
        Assert.Equal(HistogramLayout.HighNs(HistogramLayout.BinOf(100)) - 1, Bins([100]).Quantile(1, 10_000));
        Assert.Equal(ulong.MaxValue, Bins([1UL << 50]).Quantile(1, ulong.MaxValue));
        Assert.Equal(Bins([100, 5000]).Quantile(0.001, 5000), Bins([100, 5000]).Quantile(0, 5000));
    }

    [Fact]
    public void Bins_that_the_layout_does_not_have_are_refused()
    {
        foreach (int bin in (int[])[-1, HistogramLayout.BinCount])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new Histogram().Add(bin, 1));
            Assert.Throws<ArgumentOutOfRangeException>(() => HistogramLayout.LowNs(bin));
        }
    }

    [Fact]
    public void The_bins_of_the_whole_layout_are_added() => Gen.Select(s_durations, s_durations).Sample((a, b) =>
    {
        Histogram sum = Bins(a);
        sum.Add(Bins(b).ToArray().AsSpan());
        sum.Add(new ulong[HistogramLayout.BinCount].AsSpan());
        return sum.ToArray().SequenceEqual(Bins([.. a, .. b]).ToArray());
    });

    [Fact]
    public void Only_bins_from_the_first_to_the_last_that_is_not_empty_are_kept()
    {
        var bins = new Histogram();
        bins.Add(3, 0);
        Assert.Equal(0, bins.Counts.Length);
        for (int bin = 10; bin < 20; bin++) bins.Add(bin, 1);
        Assert.Equal((10, 20), (bins.Low, bins.End));
        bins.Clear();
        bins.Add(5, 2);
        bins.Add(4, 3);
        Assert.Equal((4, 6), (bins.Low, bins.End));
        Assert.Equal([3UL, 2UL], bins.Counts.ToArray());
    }

    [Fact]
    public void Of_a_difference_only_what_grew_is_kept_and_what_shrank_refuses_it()
    {
        Histogram before = new(), now = new(), sum = new();
        foreach ((int bin, ulong then, ulong later) in ((int, ulong, ulong)[])[(5, 3, 3), (6, 7, 7), (8, 1, 4), (9, 2, 2)])
        {
            before.Add(bin, then);
            now.Add(bin, later);
        }
        Assert.True(sum.TryAddDifference(now, before));
        Assert.Equal((8, 9, 3UL), (sum.Low, sum.End, sum[8]));
        before.Add(6, 1);
        Assert.False(sum.TryAddDifference(now, before));
        Assert.Equal(3UL, sum.Count);
    }

    [Fact]
    public void Nothing_has_no_quantile()
    {
        Assert.Null(new Histogram().Quantile(0.5, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Histogram().Quantile(1.1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Histogram().Quantile(double.NaN, 0));
    }

    private static Histogram Bins(ulong[] durations)
    {
        var bins = new Histogram();
        foreach (ulong ns in durations) bins.Add(HistogramLayout.BinOf(ns), 1);
        return bins;
    }
}
