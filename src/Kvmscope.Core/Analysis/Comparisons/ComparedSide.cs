using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>What a side was.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Samples">How many samples it has.</param>
/// <param name="Whole">All samples as one interval: when it began, how long it was, what was seen and lost.</param>
/// <param name="Ended">Wall-clock time at which the last sample ended.</param>
public sealed record ComparedSide(string Name, int Samples, Interval Whole, DateTimeOffset Ended)
{
    internal static ComparedSide Of(ComparisonSide side)
    {
        IReadOnlyList<Interval> samples = side.Samples;
        DateTimeOffset ended = samples.Count > 0 ? samples[^1].From.AddSeconds(samples[^1].Seconds) : default;
        return new ComparedSide(side.Name, samples.Count, IntervalSum.Of(samples), ended);
    }
}
