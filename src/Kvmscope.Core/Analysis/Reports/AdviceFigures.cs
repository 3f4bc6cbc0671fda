using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>The figures that advice is about, of one report.</summary>
internal sealed class AdviceFigures
{
    private readonly bool _unicode;

    internal AdviceFigures(Report report, bool unicode)
    {
        (Report, _unicode) = (report, unicode);
        // Whichever rows are shown, advice names VMs.
        Walls = WallClockBuilder.Build(report.Interval, report.Request.By.HasFlag(GroupBy.Vcpu) ? Grouping.Vcpu : Grouping.Vm);
        Reasons =
            [.. report.Interval.Rows.GroupBy(r => r.Key.Code).Select(g => new ReasonFigures(g.Key, [.. g])).OrderByDescending(r => r.Ns)];
        BusyNs = Reasons.Where(r => !r.IsIdle).Aggregate(0UL, (sum, r) => sum + r.Ns);
    }

    internal Report Report { get; }

    /// <summary>The wall clocks by VM, or by vCPU where rows are; empty where it was not split.</summary>
    internal IReadOnlyList<WallRow> Walls { get; }

    /// <summary>Each reason of both levels together, the largest handling time first.</summary>
    internal IReadOnlyList<ReasonFigures> Reasons { get; }

    /// <summary>The handling time of all exits except idle ones, in ns.</summary>
    internal ulong BusyNs { get; }

    /// <summary>
    /// The VM or vCPU that lost the largest share of its time in one way, how much all lost, and out of how many over
    /// <paramref name="threshold"/> it is the worst; null where none is over it.
    /// </summary>
    internal (WallRow Wall, ulong Ns, string Others)? Largest(Func<WallRow, ulong> lost, double threshold)
    {
        WallRow[] large = [.. Walls.Where(w => Share(lost(w), w.WallNs) >= threshold).OrderByDescending(w => Share(lost(w), w.WallNs))];
        if (large is not [var wall, ..]) return null;
        string others = large.Length == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" (the worst of {large.Length})");
        return (wall, Walls.Aggregate(0UL, (sum, w) => sum + lost(w)), others);
    }

    /// <summary>What a wall clock is called.</summary>
    internal static string NameOf(WallRow wall) => string.Create(
        CultureInfo.InvariantCulture, $"{wall.Vm?.Name ?? "the VMs"}{(wall.Vcpu is { } vcpu ? $" vCPU {vcpu}" : "")}");

    /// <summary>A time as this report writes it.</summary>
    internal string Time(ulong ns) => ScaledText.Time(ns, _unicode);

    internal static double Share(ulong part, ulong whole) => whole == 0 ? 0 : (double)part / whole;

    internal static string Percent(ulong part, ulong whole) =>
        string.Create(CultureInfo.InvariantCulture, $"{100 * Share(part, whole):0.0} %");
}

/// <summary>The exits of one reason.</summary>
/// <param name="Code">The reason.</param>
/// <param name="Rows">Their rows.</param>
internal sealed record ReasonFigures(ExitCode Code, IReadOnlyList<Row> Rows)
{
    // Shares of a reason's exits and of a part's time that stand for the whole.
    private const double Most = 0.50;

    internal string Name => ExitReasons.Name(Code);

    internal bool IsIdle => ExitReasons.IsIdle(Code);

    internal string Class => ExitReasons.ClassOf(Code);

    internal ulong Count { get; } = Sum(Rows, r => r.Count);

    /// <summary>The handling time in ns.</summary>
    internal ulong Ns { get; } = Sum(Rows, r => r.TotalNs);

    /// <summary>
    /// Of the handling time what the exit itself cost, in ns: without waiting for a CPU, halts and sleep, which have causes of their own.
    /// All of it where it was not split.
    /// </summary>
    internal ulong CostNs =>
        Rows.Any(r => r.Parts is not null) ? Part(TimePart.Kvm) + Part(TimePart.Vmm) + Part(TimePart.Unattributed) : Ns;

    internal ulong AverageNs => Ns / Math.Max(1, Sum(Rows, r => r.Timed));

    /// <summary>Exits of L2 that L1 had to handle.</summary>
    internal ulong Reflected => Sum(Rows, r => r.Rounds?.Reflected ?? 0);

    /// <summary>Whether most of its exits were reflected to L1.</summary>
    internal bool IsReflected => Count > 0 && Reflected >= Most * Count;

    internal ulong Part(TimePart part) => Sum(Rows, r => r.Parts?[part] ?? 0);

    /// <summary>The same reason, at one level.</summary>
    internal ReasonFigures At(ExitLevel level) => new(Code, [.. Rows.Where(r => r.Key.Level == level)]);

    /// <summary>The qualifier that most of the exits have, and how many; null where there is none.</summary>
    internal (Qualifier Qualifier, ulong Count)? Dominant()
    {
        var top = Rows.Where(r => r.Key.Qualifier.State == QualifierState.Known).GroupBy(r => r.Key.Qualifier)
            .Select(g => (Qualifier: g.Key, Count: Sum(g, r => r.Count))).OrderByDescending(q => q.Count).FirstOrDefault();
        return top.Count > 0 && top.Count >= Most * Count ? top : null;
    }

    private static ulong Sum(IEnumerable<Row> rows, Func<Row, ulong> of) => rows.Aggregate(0UL, (sum, row) => sum + of(row));
}
