using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>What the built-in guest did, next to what was traced.</summary>
/// <param name="Interval">What was traced.</param>
/// <param name="Rows">One row per reason and level: first those that the guest made, in its order, then the host's own by count.</param>
/// <param name="IsNested">Whether there was a guest of the guest.</param>
public sealed record DemoComparison(Interval Interval, IReadOnlyList<DemoRow> Rows, bool IsNested)
{
    /// <summary>Whether exactly the guest's exits were seen.</summary>
    public bool IsEqual => Rows.All(r => r.Verdict != DemoVerdict.Differs);

    /// <summary>Compares them.</summary>
    public static DemoComparison Of(IReadOnlyList<ExpectedExits> expected, Interval interval, bool isNested)
    {
        var counts = new Dictionary<(ExitCode, ExitLevel), ulong>();
        foreach (Row row in interval.Rows)
            counts[(row.Key.Code, row.Key.Level)] = counts.GetValueOrDefault((row.Key.Code, row.Key.Level)) + row.Count;
        var rows = new List<DemoRow>();
        foreach (ExpectedExits exits in expected)
        {
            counts.Remove((new ExitCode(exits.Isa, exits.Code), exits.Level), out ulong count);
            rows.Add(new DemoRow(new ExitCode(exits.Isa, exits.Code), exits.Level, exits.Count, count));
        }
        rows.AddRange(counts.OrderByDescending(c => c.Value).Select(c => new DemoRow(c.Key.Item1, c.Key.Item2, null, c.Value)));
        return new DemoComparison(interval, rows, isNested);
    }
}

/// <summary>One reason and level of the demo's comparison.</summary>
/// <param name="Code">The reason, raw.</param>
/// <param name="Level">L1 or L2.</param>
/// <param name="Expected">How many exits the guest made; null where it does not know.</param>
/// <param name="Seen">How many were traced.</param>
public sealed record DemoRow(ExitCode Code, ExitLevel Level, ulong? Expected, ulong Seen)
{
    /// <summary>How they compare.</summary>
    public DemoVerdict Verdict =>
        Expected is not { } expected ? DemoVerdict.Host : expected == Seen ? DemoVerdict.Equal : DemoVerdict.Differs;
}

/// <summary>How a count compares with what the guest did.</summary>
public enum DemoVerdict
{
    /// <summary>As many as the guest made.</summary>
    Equal,

    /// <summary>Not as many.</summary>
    Differs,

    /// <summary>The host's own, such as interrupts: the guest does not know how many.</summary>
    Host,
}
