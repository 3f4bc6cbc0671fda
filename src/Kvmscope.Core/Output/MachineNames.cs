using System.Globalization;
using Kvmscope.Core.Analysis.Comparisons;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Output;

/// <summary>Names of the machine formats: they are stable, and never change with a table or a view.</summary>
internal static class MachineNames
{
    /// <summary>What a row of an answer is about (<c>row</c>).</summary>
    internal const string WallRow = "wall", ReasonRow = "reason", GroupRow = "group", TotalRow = "total", BusyRow = "busy";

    /// <summary>
    /// The schema of a kind of object: its name, and a version that grows when a member is removed or means something else. New members do
    /// not change it.
    /// </summary>
    internal static string Schema(string kind) => $"kvmscope/{kind}/1";

    /// <summary>The code for machines: raw; on arm64 the exception class alone.</summary>
    internal static ulong Number(ExitCode code) => IsaInfo.Of(code.Isa).MachineCode(code.Code);

    internal static string Of(CheckVerdict verdict) => verdict switch
    {
        CheckVerdict.Ok => "ok",
        CheckVerdict.Limited => "limited",
        CheckVerdict.Failed => "failed",
        _ => "unknown",
    };

    /// <summary>What a row of returns to the VMM is.</summary>
    internal static string Of(VmmRow row) => row.Reason is not null ? "vmm" : row.State is not null ? "vcpu" : "total";

    internal static string Of(VcpuPlace place) => place switch
    {
        VcpuPlace.KvmRun => "kvm_run",
        VcpuPlace.Vmm => "vmm",
        _ => "unknown",
    };

    internal static string Of(Isa isa) => IsaInfo.Of(isa).Name;

    /// <summary>The rows of a report with what each is about; the wall clocks come before them.</summary>
    internal static IEnumerable<(string Name, ReportRow Row)> RowsOf(Report report)
    {
        foreach (ReportRow row in report.Rows) yield return (ReasonRow, row);
        foreach (ReportRow row in report.Groups) yield return (GroupRow, row);
        yield return (TotalRow, report.Total);
        yield return (BusyRow, report.Busy);
    }
}

/// <summary>
/// How figures that are not whole are rounded in machine formats: to what means something, and so that 0.1 + 0.2 is 0.3.
/// </summary>
internal static class Rounded
{
    /// <summary>Seconds to a microsecond.</summary>
    internal static double Seconds(double seconds) => Math.Round(seconds, 6);

    /// <summary>Rates, and averages of counts, to a thousandth.</summary>
    internal static double Rate(double rate) => Math.Round(rate, 3);

    /// <summary>What a rule measured, in whatever unit, to a millionth.</summary>
    internal static double Measured(double measured) => Math.Round(measured, 6);

    /// <summary>Shares, from 0 to 1, to a millionth.</summary>
    internal static double? Share(double? share) => share is { } value ? Math.Round(value, 6) : null;
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
    internal const string Rate = "rate_per_s", Share = "busy_share", Average = "avg_ns", P50 = "p50_ns", P99 = "p99_ns";

    private static readonly (ChangedFigures Figure, string Name)[] s_all =
    [
        (ChangedFigures.Rate, Rate), (ChangedFigures.Share, Share), (ChangedFigures.Average, Average), (ChangedFigures.P50, P50),
        (ChangedFigures.P99, P99),
    ];

    /// <summary>All of them, in order.</summary>
    internal static IEnumerable<string> All => s_all.Select(f => f.Name);

    /// <summary>Those that are marked.</summary>
    internal static IEnumerable<string> Of(ChangedFigures marks) => s_all.Where(f => marks.HasFlag(f.Figure)).Select(f => f.Name);
}
