using System.Globalization;
using Kvmscope.Core.Model;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Text;

/// <summary>The notes under every table: what was observed, for how long, and what is missing.</summary>
internal static class FootNotes
{
    private const double NsPerSecond = 1e9;

    internal static void Write(TextWriter output, Report report, ViewStyle style)
    {
        Interval interval = report.Interval;
        ulong exits = report.Total.Total.Count;
        string span = Span(interval, exits, report.Request.IsRecorded, style);
        if (exits > 0)
        {
            output.Write('\n');
            WriteWrapped(output, Plural.Of(exits, "exit", "exits") + span, RowTone.Plain, style);
        }
        else if (report.Request.Nested && interval.Accounting.Exits > 0)
        {
            WriteWrapped(output, "no exits of nested guests (L2) were seen" + span, RowTone.Plain, style);
        }
        else if (report.Request.IsRecorded)
        {
            WriteWrapped(output, "no exits were seen" + span, RowTone.Plain, style);
            WriteWrapped(output, "the recording has no exits in that time that match the filters", RowTone.Plain, style);
        }
        else
        {
            WriteWrapped(output, "no exits were seen" + span, RowTone.Plain, style);
            WriteWrapped(output, "is a guest running, and do its exits match the filters?", RowTone.Plain, style);
            WriteWrapped(output, "'kvmscope list' shows the VMs, 'kvmscope check' shows what this host can trace", RowTone.Plain, style);
        }
        foreach (string line in SplitView.MissingLines(interval)) WriteWrapped(output, line, RowTone.Warning, style);
        foreach (string line in AccountingText.Lines(interval)) WriteWrapped(output, line, RowTone.Warning, style);
        foreach (string line in IdleText.Lines(report, style)) WriteWrapped(output, line, RowTone.Warning, style);
        foreach (string line in OpenExitText.Lines(interval, style)) WriteWrapped(output, line, RowTone.Warning, style);
    }

    /// <summary>How long an interval was, how many per second of a number of things, and when it began.</summary>
    internal static string Span(Interval interval, ulong count, bool isRecorded, ViewStyle style) =>
        $" in {Seconds(interval.Seconds, style)}{Rate(count, interval.Seconds)}, {When(interval, isRecorded)}";

    /// <summary>Breaks a line between words; continuation lines are indented.</summary>
    internal static void WriteWrapped(TextWriter output, string text, RowTone tone, ViewStyle style) =>
        WriteWrapped(output, "", text, "  ", tone, style);

    /// <summary>Breaks a line between words, except in its beginning; continuation lines are indented.</summary>
    internal static void WriteWrapped(TextWriter output, string begin, string text, string indent, RowTone tone, ViewStyle style)
    {
        ReadOnlySpan<char> rest = text;
        while (TextWidth.Of(begin) + TextWidth.Of(rest) > style.Width)
        {
            int room = Math.Max(1, style.Width - TextWidth.Of(begin));
            int cut = rest[..TextWidth.FitStart(rest, room + 1)].LastIndexOf(' ');
            if (cut <= 0) cut = rest.IndexOf(' ');
            if (cut <= 0) break;
            Ansi.WriteLine(output, string.Concat(begin, rest[..cut]).TrimEnd(), tone, style);
            rest = rest[(cut + 1)..];
            begin = indent;
        }
        Ansi.WriteLine(output, string.Concat(begin, rest).TrimEnd(), tone, style);
    }

    private static string Seconds(double seconds, ViewStyle style) =>
        ScaledText.Time((ulong)Math.Round(seconds * NsPerSecond), style.Unicode);

    private static string Rate(ulong count, double seconds)
    {
        if (seconds <= 0 || count == 0) return "";
        double rate = count / seconds;
        return string.Create(CultureInfo.InvariantCulture, $" ({rate.ToString(rate < 10 ? "0.0" : "0", CultureInfo.InvariantCulture)}/s)");
    }

    // Of a recording with all that --from and --to need.
    private static string When(Interval interval, bool isRecorded) => isRecorded
        ? $"from {WallTime.Of(interval.From)} to {WallTime.Of(interval.To)}"
        : $"from {Clock(interval.From)}";

    private static string Clock(DateTimeOffset time) => time.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}
