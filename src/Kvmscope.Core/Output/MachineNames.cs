using System.Globalization;
using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Output;

/// <summary>Names of the machine formats: they are stable, and never change with a table or a view.</summary>
internal static class MachineNames
{
    internal const string Schema = "kvmscope/1";

    /// <summary>The code for machines: raw; on arm64 the exception class alone.</summary>
    internal static ulong Number(ExitCode code) => IsaInfo.Of(code.Isa).MachineCode(code.Code);

    internal static string Of(CheckVerdict verdict) => verdict switch
    {
        CheckVerdict.Ok => "ok",
        CheckVerdict.Limited => "limited",
        CheckVerdict.Failed => "failed",
        _ => "unknown",
    };

    internal static string Of(Isa isa) => IsaInfo.Of(isa).Name;
}

/// <summary>Times in machine formats: RFC 3339 to 100 ns, in UTC.</summary>
public static class Rfc3339
{
    /// <summary>The time as text.</summary>
    public static string Format(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}

/// <summary>The figures of comparisons under the names of the machine formats.</summary>
internal static class FigureNames
{
    internal const string Rate = "rate", Share = "share", Average = "avg_ns", P50 = "p50_ns", P99 = "p99_ns";

    private static readonly (ChangedFigures Figure, string Name)[] s_all =
    [
        (ChangedFigures.Rate, Rate), (ChangedFigures.Share, Share), (ChangedFigures.Average, Average), (ChangedFigures.P50, P50),
        (ChangedFigures.P99, P99),
    ];

    /// <summary>All of them, in order.</summary>
    internal static IEnumerable<string> All => s_all.Select(f => f.Name);

    /// <summary>Those that are marked.</summary>
    internal static IEnumerable<string> Of(ChangedFigures marks) => s_all.Where(f => marks.HasFlag(f.Figure)).Select(f => f.Name);

    /// <summary>To a thousandth: more is not meaningful for a rate over some seconds.</summary>
    internal static double Round(double rate) => Math.Round(rate, 3);

    /// <summary>To a millionth of the busy time.</summary>
    internal static double? Round(double? share) => share is { } value ? Math.Round(value, 6) : null;
}
