using System.Numerics;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;

namespace Kvmscope.Lab.Tests.Suite;

/// <summary>
/// Few sets of options in which each two options are together, each without the other, and both missing: what the verifier thinks of a
/// program depends on what else is in it.
/// </summary>
internal static class OptionTable
{
    // A switch is on in half of the rows, another half for each, and in the first row: so two switches are both on there, each is on
    // where the other is not, and as both halves have the first row, a row is left in which neither is.
    private const int RowCount = 8;

    // One that has no place of its own in a slot's index.
    private const ulong RareCode = 0xfff0;

    private static readonly (string Name, Func<TraceOptions, TraceOptions> Set)[] s_switches =
    [
        ("times", options => options with { WantTime = true }),
        ("slow", options => options with { SlowNs = 1_000_000 }),
        ("slow part", options => options with { SlowPart = TimePart.Runq }),
        ("slow awake", options => options with { SlowIsAwake = true }),
        ("split", options => options with { WantSplit = true }),
        ("qualifiers", options => options with { WantQualifiers = true }),
        ("pages", options => options with { PageShift = 12 }),
        ("instructions", options => options with { WantRips = true }),
        ("nested", options => options with { WantNested = true }),
        ("who", options => options with { WantWho = true }),
        ("returns", options => options with { WantReturns = true }),
        ("last", options => options with { LastExits = 16 }),
        ("processes", options => Filtered(options, filter => filter with { Pids = [1, Environment.ProcessId] })),
        ("vcpus", options => Filtered(options, filter => filter with { VcpuIds = [0, 69] })),
        ("reasons", options => Filtered(options, filter => filter with { Codes = [0x60, 0x78, RareCode] })),
        ("other reasons", options => Filtered(options, filter => filter with { ExcludedCodes = [0x61, RareCode + 1] })),
        ("level", options => Filtered(options, filter => filter with { Level = ExitLevel.L2 })),
    ];

    private static readonly int[] s_halves = [.. Enumerable.Range(0, 1 << RowCount).Where(IsHalfWithFirst)];

    /// <summary>The rows: the names of what is on, and the options.</summary>
    internal static IReadOnlyList<(string Name, TraceOptions Options)> Rows { get; } = [.. Enumerable.Range(0, RowCount).Select(Row)];

    private static (string Name, TraceOptions Options) Row(int row)
    {
        var options = new TraceOptions { WantTime = false };
        List<string> names = [];
        for (int i = 0; i < s_switches.Length; i++)
        {
            if ((s_halves[i] >> row & 1) == 0) continue;
            options = s_switches[i].Set(options);
            names.Add(s_switches[i].Name);
        }
        return (string.Join(", ", names), options);
    }

    private static bool IsHalfWithFirst(int rows) => (rows & 1) == 1 && BitOperations.PopCount((uint)rows) == RowCount / 2;

    private static TraceOptions Filtered(TraceOptions options, Func<ExitFilter, ExitFilter> change) =>
        options with { Filter = change(options.Filter) };
}
