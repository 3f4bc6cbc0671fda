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
