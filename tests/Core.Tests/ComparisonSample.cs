using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Tests;

/// <summary>Sides to compare: samples of one second whose counts vary by some percent.</summary>
internal static class ComparisonSample
{
    // The exits of a reason per second.
    internal sealed record Load(ulong Code, double Rate, ulong Ns, ulong SlowNs = 0)
    {
        internal Isa Isa { get; init; } = Isa.Vmx;

        internal ExitLevel Level { get; init; } = ExitLevel.L1;

        internal VmIdentity? Vm { get; init; }

        internal int? Vcpu { get; init; }

        internal Qualifier Qualifier { get; init; }
    }

    internal static ComparisonSide Side(string name, int samples, params Load[] loads) =>
        Long(name, samples, 1, new Random(name.Length + samples), loads);

    internal static ComparisonSide Long(string name, int samples, double seconds, Random random, params Load[] loads) => new(
        name, [.. Enumerable.Range(0, samples).Select(i => Sample.Of(
            Sample.Started.AddSeconds(i * seconds), seconds, [.. loads.Select(l => Row(l, seconds, random)).OfType<Row>()],
            new Accounting(),
            [.. loads.Select(l => l.Vm).OfType<VmIdentity>().Distinct()]))]);

    private static Row? Row(Load load, double seconds, Random random)
    {
        const double swing = 0.1;
        double wanted = load.Rate * seconds * (1 - (swing / 2) + (swing * random.NextDouble()));
        ulong count = (ulong)(wanted + random.NextDouble());
        if (count == 0) return null;
        var row = new Row(Keys.Of(new ExitCode(load.Isa, load.Code), load.Level, load.Vm, load.Vcpu, load.Qualifier));
        for (ulong i = 0; i < count; i++)
        {
            // Two in a hundred are slow if there are slow ones.
            ulong ns = load.SlowNs > 0 && i % 50 == 0
                ? load.SlowNs
                : load.Ns - (load.Ns / 8) + (ulong)random.NextInt64((long)(load.Ns / 4) + 1);
            row.Count++;
            row.Timed++;
            row.TotalNs += ns;
            row.MaxNs = Math.Max(row.MaxNs, ns);
            row.Bins.Add(HistogramLayout.BinOf(ns), 1);
        }
        return row;
    }

    internal static Comparison Compare(ComparisonSide a, ComparisonSide b, GroupBy by = GroupBy.Reason) =>
        ComparisonBuilder.Build(a, b, new ComparisonRequest { By = by });

    internal static ComparisonRow Row(Comparison comparison, ulong code) => Assert.Single(comparison.Rows, r => r.Keys.Code?.Code == code);

    internal static int Marks(Comparison comparison) =>
        comparison.Rows.Append(comparison.Total).Append(comparison.Busy).Sum(r => System.Numerics.BitOperations.PopCount((uint)r.Marks));

    internal static string Text(Comparison comparison, int width = 80, OutputFormat format = OutputFormat.Table, bool color = false)
    {
        var output = new StringWriter();
        OutputKinds.Comparisons.In(format)(new Destination(output, new ViewStyle(width, color)), comparison);
        return output.ToString();
    }

    // A guest before and after a change: its timer ticks more often, its disk became slower, and something new polls a port.
    internal static Comparison Upgrade { get; } = Compare(
        Side("before.kvmscope", 60, new(32, 900, 1_400, 21_000), new(30, 120, 15_600, 96_000), new(1, 310, 1_150), new(48, 45, 3_300),
            new(12, 250, 3_400_000), new(10, 12, 1_900)),
        Side("after.kvmscope", 60, new(32, 1450, 1_400, 21_000), new(30, 122, 23_500, 410_000), new(1, 312, 1_150), new(48, 44, 3_350),
            new(12, 251, 3_300_000), new(49, 25, 2_300)));
}
