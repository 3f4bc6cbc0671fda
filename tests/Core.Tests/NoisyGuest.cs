using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

/// <summary>A guest that always does the same, with the noise of real guests: its recordings differ, although nothing changed.</summary>
internal sealed class NoisyGuest(int seed)
{
    private readonly Random _random = new(seed);
    private bool _isBusy;
    private double _left;

    /// <summary>Exits per second of each reason, on average.</summary>
    internal double[] Rates { get; init; } = [20, 15, 12, 8, 4, 1, 0.2];

    /// <summary>Average length of a burst, and of the pause after it, in seconds; 0 is a steady guest.</summary>
    internal double Burst { get; init; }

    /// <summary>Whether handling times sometimes have another order of magnitude (a Pareto distribution without variance).</summary>
    internal bool IsHeavyTailed { get; init; }

    /// <summary>The shortest handling time in ns.</summary>
    internal double Ns { get; init; } = 1_500;

    internal ComparisonSide Record(string name, int samples, double seconds = 1) =>
        new(name, [.. Enumerable.Range(0, samples).Select(i => Next(i, seconds))]);

    private Interval Next(int number, double seconds)
    {
        double load = Load(seconds);
        var rows = new List<Row>();
        for (int reason = 0; reason < Rates.Length; reason++)
        {
            int exits = Poisson(Rates[reason] * load * seconds);
            if (exits == 0) continue;
            var row = new Row(Keys.Of(new ExitCode(Isa.Vmx, Codes[reason]), ExitLevel.L1, Sample.Web, 0));
            for (int i = 0; i < exits; i++) Add(row, Duration());
            rows.Add(row);
        }
        return Sample.Of(
            Sample.Started.AddSeconds(number * seconds), seconds, rows, new Accounting { Exits = (ulong)rows.Sum(r => (long)r.Count) });
    }

    private static ulong[] Codes => [32, 30, 48, 1, 10, 49, 28, 54];

    private static void Add(Row row, ulong ns)
    {
        row.Count++;
        row.Timed++;
        row.TotalNs += ns;
        row.MaxNs = Math.Max(row.MaxNs, ns);
        row.Bins.Add(HistogramLayout.BinOf(ns), 1);
    }

    // The share of the sample that was in a burst, which has nine times as many exits.
    private double Load(double seconds)
    {
        if (Burst <= 0) return 1;
        double busy = 0;
        for (double rest = seconds; rest > 0;)
        {
            if (_left <= 0)
            {
                _isBusy = !_isBusy;
                _left = -Math.Log(1 - _random.NextDouble()) * Burst;
            }
            double step = Math.Min(rest, _left);
            if (_isBusy) busy += step;
            rest -= step;
            _left -= step;
        }
        return 0.2 + (1.6 * busy / seconds);
    }

    private ulong Duration() => IsHeavyTailed
        ? (ulong)Math.Min(1e9, Ns * Math.Pow(1 - _random.NextDouble(), -1 / 1.5))
        : (ulong)(Ns * (1 - Math.Log(1 - _random.NextDouble())));

    private int Poisson(double mean)
    {
        const double large = 200;
        if (mean > large) return Poisson(mean / 2) + Poisson(mean / 2);
        double limit = Math.Exp(-mean), product = _random.NextDouble();
        int number = 0;
        for (; product > limit; number++) product *= _random.NextDouble();
        return number;
    }
}
