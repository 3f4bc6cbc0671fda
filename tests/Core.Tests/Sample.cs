using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Tests;

/// <summary>Intervals to show.</summary>
internal static class Sample
{
    internal static readonly DateTimeOffset Started = new(2026, 3, 1, 12, 34, 56, TimeSpan.Zero);
    internal static readonly VmIdentity Web = new(0, 4711, "web-1"), Db = new(1, 4712, "database, \"main\"");

    internal static Row Row(
        Isa isa, ulong code, ExitLevel level, ulong count, ulong ns, VmIdentity? vm = null, int? vcpu = null, ulong untimed = 0)
    {
        ulong timed = count - untimed;
        var row = new Row(Keys.Of(new ExitCode(isa, code), level, vm, vcpu))
        { Count = count, Timed = timed, TotalNs = timed * ns, MaxNs = timed == 0 ? 0 : ns };
        if (timed > 0) row.Bins.Add(HistogramLayout.BinOf(ns), timed);
        return row;
    }

    // Different durations.
    internal static Row Spread(Isa isa, ulong code, ExitLevel level, params (ulong Count, ulong Ns)[] parts)
    {
        var row = new Row(Keys.Of(new ExitCode(isa, code), level));
        foreach ((ulong count, ulong ns) in parts)
        {
            row.Count += count;
            row.Timed += count;
            row.TotalNs += count * ns;
            row.MaxNs = Math.Max(row.MaxNs, ns);
            row.Bins.Add(HistogramLayout.BinOf(ns), count);
        }
        return row;
    }

    /// <summary>An interval of <paramref name="seconds"/> seconds.</summary>
    internal static Interval Of(DateTimeOffset from, double seconds, IReadOnlyCollection<Row> rows, Accounting accounting,
        params IReadOnlyCollection<VmIdentity> vms)
    {
        long ns = (from - DateTimeOffset.UnixEpoch).Ticks * 100, toNs = ns + (long)Math.Round(seconds * 1e9);
        return new Interval
        {
            From = from,
            To = from.AddSeconds(seconds),
            FromNs = ns,
            ToNs = toNs,
            Changes = rows,
            Accounting = accounting,
            Vms = vms.Count > 0 ? vms : [Web, Db]
        };
    }

    /// <summary>The same interval with another length.</summary>
    internal static Interval Lasting(this Interval interval, double seconds) =>
        interval with { ToNs = interval.FromNs + (long)Math.Round(seconds * 1e9), To = interval.From.AddSeconds(seconds) };

    internal static Interval IntervalOf(params Row[] rows) => IntervalOf(new Accounting(), rows);

    internal static Interval IntervalOf(Accounting accounting, params Row[] rows) =>
        (new Snapshot(Started.AddSeconds(10), 25_000_000_000, rows, accounting)).Since(null, Started, 15_000_000_000);

    internal static Interval Nested { get; } = IntervalOf(
        Spread(Isa.Vmx, 12, ExitLevel.L1, (2700, 3_437_190), (87, 901_000_000)), Row(Isa.Vmx, 12, ExitLevel.L2, 178, 25_469),
        Row(Isa.Vmx, 1, ExitLevel.L1, 49, 2_797), Row(Isa.Vmx, 1, ExitLevel.L2, 19, 5_967),
        Row(Isa.Vmx, 0, ExitLevel.L2, 52, 25_520), Spread(Isa.Vmx, 24, ExitLevel.L1, (2400, 28_250), (18, 112_000)),
        Spread(Isa.Vmx, 32, ExitLevel.L1, (1200, 3_059), (90, 4_100), (4, 1_900_000)), Row(Isa.Vmx, 32, ExitLevel.L2, 693, 25_912),
        Spread(Isa.Vmx, 30, ExitLevel.L1, (40, 14_930), (6, 88_000)), Row(Isa.Vmx, 30, ExitLevel.L2, 88, 23_719),
        Row(Isa.Vmx, 48, ExitLevel.L1, 5, 15_456), Row(Isa.Vmx, 48, ExitLevel.L2, 1523, 27_393),
        Row(Isa.Vmx, 52, ExitLevel.L1, 32, 450), Row(Isa.Vmx, 43, ExitLevel.L1, 3, 52),
        Row(Isa.Vmx, 71, ExitLevel.L1, 7, 1_000, untimed: 7),
        Row(Isa.Vmx, 0x8000_0021, ExitLevel.L1, 1, 12_000, untimed: 1));

    internal static Interval Svm { get; } = IntervalOf(
        Row(Isa.Svm, 0x72, ExitLevel.L1, 1000, 1_200), Row(Isa.Svm, 0x78, ExitLevel.L1, 50, 900_000_000),
        Row(Isa.Svm, 0x400, ExitLevel.L1, 812, 3_420), Row(Isa.Svm, 0x402, ExitLevel.L1, 5, 2_000),
        Row(Isa.Svm, 0x8f1, ExitLevel.L1, 2, 700));

    internal static string Text(
        Interval interval, ReportKind kind, int width = 80, GroupBy? by = null, SortKey? sort = null, bool stats = false,
        OutputFormat format = OutputFormat.Table, bool color = false)
    {
        var request = new ReportRequest { Kind = kind, Command = kind.ToString().ToLowerInvariant(), Sort = sort, Stats = stats };
        if (by is { } keys) request = request with { By = keys };
        var output = new StringWriter();
        OutputKinds.Reports.In(format)(new Destination(output, new ViewStyle(width, color)), request).Write(interval);
        return output.ToString();
    }
}
