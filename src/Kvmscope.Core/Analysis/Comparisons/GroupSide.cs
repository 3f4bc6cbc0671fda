using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Comparisons;

/// <summary>What one side has of one group: over its whole length, and block by block.</summary>
internal sealed class GroupSide(SampleBlocks blocks)
{
    // Fewer exits than these in a sample say more of chance than of the handling: the 99th percentile of fewer is the maximum.
    private const ulong LeastForAverage = 10, LeastForP50 = 10, LeastForP99 = 100;

    private readonly Tally?[] _blocks = new Tally?[blocks.Seconds.Length];

    internal Tally Total { get; } = new();

    internal int BlockCount => _blocks.Length;

    internal void Add(Row row, int sample)
    {
        Total.Add(row);
        int block = blocks.Of[sample];
        if (block >= 0) (_blocks[block] ??= new Tally()).Add(row);
    }

    internal ComparisonFigures Figures(double seconds, ulong? busyNs) => new(
        seconds > 0 ? Total.Count / seconds : 0, busyNs is > 0 ? (double)Total.TotalNs / busyNs : null, Total.AverageNs, Total.Quantile(0.5),
        Total.Quantile(0.99));

    /// <summary>How many exits with a handling time a block has, on average.</summary>
    internal double TimedEach => _blocks.Length == 0 ? 0 : (double)Total.Timed / _blocks.Length;

    /// <summary>The samples of a figure, in order.</summary>
    /// <param name="figure">Which.</param>
    /// <param name="busy">All busy exits of the side, of which shares are.</param>
    /// <param name="together">How many blocks are a sample of the handling times.</param>
    internal double[] Samples(ChangedFigures figure, GroupSide busy, int together) => figure switch
    {
        ChangedFigures.Rate => [.. _blocks.Select((block, i) => (block?.Count ?? 0) / blocks.Seconds[i])],
        ChangedFigures.Share => [.. Shares(busy, together)],
        ChangedFigures.Average => [.. Times(together, LeastForAverage, m => (double)m.TotalNs / m.Timed)],
        ChangedFigures.P50 => [.. Times(together, LeastForP50, m => m.Quantile(0.5))],
        _ => [.. Times(together, LeastForP99, m => m.Quantile(0.99))],
    };

    private IEnumerable<double> Shares(GroupSide busy, int together)
    {
        for (int begin = 0; begin + together <= _blocks.Length; begin += together)
        {
            ulong whole = busy.Sum(begin, together);
            if (whole > 0) yield return (double)Sum(begin, together) / whole;
        }
    }

    private ulong Sum(int begin, int blocks)
    {
        ulong sum = 0;
        for (int i = begin; i < begin + blocks; i++) sum += _blocks[i]?.TotalNs ?? 0;
        return sum;
    }

    // More blocks where these do not have enough exits.
    private IEnumerable<double> Times(int together, ulong least, Func<Tally, double?> of)
    {
        var sum = new Tally();
        int taken = 0;
        foreach (Tally? block in _blocks)
        {
            if (block is not null) sum.Add(block);
            if (++taken < together || sum.Timed < least) continue;
            if (of(sum) is { } value) yield return value;
            sum = new Tally();
            taken = 0;
        }
    }
}
