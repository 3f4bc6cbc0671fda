using System.Globalization;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Output.Text;

/// <summary>Names, figures and times of a timeline, in a terminal and in pictures.</summary>
internal static class TimelineText
{
    private const double NsPerSecond = 1e9, MinRate = 0.05;
    private const int RateDigits = 5;

    /// <summary>The row's name, with a note for special rows; still foreign text.</summary>
    internal static string Name(TimelineRow row, TimelineBy by)
    {
        if (row.Others > 0) return $"{row.Name} ({Plural.Of((ulong)row.Others, One(by), One(by) + "s")})";
        return row.IsIdle ? row.Name + " (idle)" : row.Name;
    }

    /// <summary>The figures of a row, the most important first.</summary>
    internal static string[] Figures(TimelineCell cell, bool unicode)
    {
        List<string> figures = [Plural.Of(cell.Count, "exit", "exits"), Rate(cell.Rate)];
        if (cell.AverageNs is { } average) figures.Add("avg " + ScaledText.Time(average, unicode));
        if (cell.P99Ns is { } p99) figures.Add("p99 " + ScaledText.Time(p99, unicode));
        if (cell.MaxNs is { } max) figures.Add("max " + ScaledText.Time(max, unicode));
        return [.. figures];
    }

    /// <summary><c>617/s</c>, <c>0.4/s</c>, <c>123k/s</c>: at most 7 characters.</summary>
    internal static string Rate(double rate)
    {
        if (rate == 0) return "0/s";
        if (rate < MinRate) return "<0.1/s";
        // 9.96 is 10 and not 10.0.
        if (Math.Round(rate, 1) < 10) return rate.ToString("0.0", CultureInfo.InvariantCulture) + "/s";
        return ScaledText.Number((ulong)Math.Round(rate), RateDigits) + "/s";
    }

    /// <summary><c>2 s</c>, <c>2.5 s</c>, <c>100 ms</c>: a chosen duration, so without trailing zeros.</summary>
    internal static string Duration(double seconds, bool unicode) => Round(Ns(seconds), unicode);

    /// <summary>The same of ns.</summary>
    internal static string Round(ulong ns, bool unicode)
    {
        string text = ScaledText.Time(ns, unicode);
        int unit = text.IndexOf(' ', StringComparison.Ordinal), point = text.IndexOf('.', StringComparison.Ordinal);
        return point < 0 ? text : text[..unit].TrimEnd('0').TrimEnd('.') + text[unit..];
    }

    /// <summary><c>2026-03-01T12:34:56+01:00 to 2026-03-01T12:36:56+01:00</c>.</summary>
    internal static string Range(Timeline timeline) =>
        $"{WallTime.Of(timeline.Columns[0].Started)} to {WallTime.Of(timeline.Columns[^1].Ended)}";

    /// <summary><c>12340 exits in 120 s (103/s)</c>.</summary>
    internal static string Sum(Timeline timeline, bool unicode)
    {
        double seconds = timeline.Seconds;
        string rate = seconds > 0 ? $" ({Rate(timeline.Count / seconds)})" : "";
        return $"{Plural.Of(timeline.Count, "exit", "exits")} in {Duration(seconds, unicode)}{rate}";
    }

    /// <summary>How to read the figures; empty where nothing is special.</summary>
    internal static IEnumerable<string> Notes(Timeline timeline)
    {
        if (timeline.Rows.Any(r => r.IsIdle)) yield return "idle: the guest waits for work; its time is not overhead";
        if (!timeline.LeavesOutIdle) yield break;
        string rows = timeline.By == TimelineBy.Reason ? "in 'other' " : "";
        yield return rows + "idle exits are counted, but left out of handling times: waiting is not overhead";
    }

    private static string One(TimelineBy by) => by switch
    {
        TimelineBy.Vm => "VM",
        TimelineBy.Vcpu => "vCPU",
        _ => "reason",
    };

    private static ulong Ns(double seconds) => (ulong)Math.Round(Math.Max(0, seconds) * NsPerSecond);
}
