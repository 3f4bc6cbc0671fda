using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;

namespace Kvmscope.Commands;

/// <summary>Puts what the guest did beside what was traced.</summary>
internal static class DemoComparison
{
    /// <summary>One row for each reason and level that either side has: first those that the guest made, in its order, then the host's own by count.</summary>
    public static IReadOnlyList<DemoRow> Compare(IReadOnlyList<ExpectedExits> expected, IReadOnlyList<Row> seen)
    {
        var counts = new Dictionary<(ExitCode, ExitLevel), ulong>();
        foreach (Row row in seen) counts[(row.Key.Code, row.Key.Level)] = counts.GetValueOrDefault((row.Key.Code, row.Key.Level)) + row.Count;
        var rows = new List<DemoRow>();
        foreach (ExpectedExits exits in expected)
        {
            counts.Remove((new ExitCode(exits.Isa, exits.Code), exits.Level), out ulong count);
            rows.Add(new DemoRow(new ExitCode(exits.Isa, exits.Code), exits.Level, exits.Count, count));
        }
        rows.AddRange(counts.OrderByDescending(c => c.Value).Select(c => new DemoRow(c.Key.Item1, c.Key.Item2, null, c.Value)));
        return rows;
    }
}
