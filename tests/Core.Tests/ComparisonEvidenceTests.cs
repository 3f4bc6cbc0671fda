using System.Text.Json;
using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Output;

using static Kvmscope.Core.Tests.ComparisonSample;

namespace Kvmscope.Core.Tests;

/// <summary>What a comparison says where it could not have found anything.</summary>
public sealed class ComparisonEvidenceTests
{
    private const string Nothing = "nothing is more than noise", Bursts = "too few independent bursts";

    private static string Compared(int seed, double burst, int samples) => Text(Pair(seed, burst, samples), 1000);

    private static Comparison Pair(int seed, double burst, int samples) => Compare(
        new NoisyGuest(2 * seed) { Burst = burst }.Record("a", samples),
        new NoisyGuest((2 * seed) + 1) { Burst = burst }.Record("b", samples));

    // Three bursts of ten seconds in each minute: whatever their rate does, it cannot be told from noise.
    [Theory]
    [InlineData(10, 60)]
    [InlineData(3, 20)]
    public void Too_few_bursts_are_said(double burst, int samples)
    {
        int said = 0;
        for (int seed = 0; seed < 40; seed++)
        {
            string text = Compared(seed, burst, samples);
            if (!text.Contains(Bursts, StringComparison.Ordinal)) continue;
            said++;
            Assert.DoesNotContain(Nothing, text, StringComparison.Ordinal);
        }
        Assert.InRange(said, 20, 40);
    }

    [Theory]
    [InlineData(0, 60)]
    [InlineData(1, 120)]
    public void Enough_of_them_are_not_complained_about(double burst, int samples)
    {
        for (int seed = 0; seed < 20; seed++)
            Assert.DoesNotContain(Bursts, Compared(seed, burst, samples), StringComparison.Ordinal);
    }

    [Fact]
    public void Figures_that_no_change_could_have_marked_are_counted()
    {
        int some = 0, none = 0;
        for (int seed = 0; seed < 20; seed++)
        {
            Comparison comparison = Pair(seed, 0, 60);
            Assert.InRange(comparison.Undecidable, 0, comparison.Tests);
            string text = Text(comparison, 1000);
            if (Marks(comparison) > 0) continue;
            if (comparison.Undecidable == 0) none++;
            else some++;
            Assert.Equal(comparison.Undecidable == 0, text.Contains(Nothing, StringComparison.Ordinal));
            if (comparison.Undecidable > 0)
                Assert.Contains($"{comparison.Undecidable} of {comparison.Tests} figures have too few independent samples", text);
            using JsonDocument json = JsonDocument.Parse(Text(comparison, format: OutputFormat.Json));
            Assert.Equal(comparison.Undecidable, json.RootElement.GetProperty("undecidable").GetInt32());
        }
        Assert.True(some > 0 && none > 0, $"{some}, {none}");
    }

    // Samples that resemble their neighbours as these do, and were all of one side above all of the other.
    [Fact]
    public void The_least_probability_is_that_of_sides_without_any_overlap()
    {
        var random = new Random(5);
        double[] a = [.. Enumerable.Range(0, 30).Select(_ => random.NextDouble())];
        double[] b = [.. Enumerable.Range(0, 30).Select(_ => 2 + random.NextDouble())];
        (double p, _, double least) = RankSum.Test(a, b);
        // The approximation by moments is not exact that far out.
        Assert.InRange(Math.Log(p) / Math.Log(least), 0.6, 1.05);
        double[] drift = [.. Enumerable.Range(0, 30).Select(i => (double)i)];
        Assert.True(RankSum.Test(drift, [.. drift.Select(v => v + 100)]).LeastP > 1e-4);
    }
}
