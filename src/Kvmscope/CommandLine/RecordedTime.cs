using System.Globalization;

namespace Kvmscope.CommandLine;

/// <summary>Reads a time within a recording: a time of day, a date and time, or a distance from the recording's start or end.</summary>
internal static class RecordedTime
{
    private const string Hint =
        "Give a time of day (14:05:30), with a date (2026-03-01T14:05:30), or a distance: +90s from the start, -5m from the end.";

    private static readonly string[] s_days = ["HH:mm", "HH:mm:ss", "HH:mm:ss.FFFFFFF"];
    private static readonly string[] s_dates =
    [
        "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF",
        "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFFFFFF",
    ];

    /// <summary>The time.</summary>
    /// <param name="option">The option, for errors.</param>
    /// <param name="text">The text that the user typed.</param>
    /// <param name="begin">
    /// When the recording begins, with its host's offset from UTC, which also applies to a time without an offset.
    /// </param>
    /// <param name="end">When it ends.</param>
    /// <exception cref="Core.KvmscopeException">It is not a time (status 2).</exception>
    public static DateTimeOffset Parse(string option, string text, DateTimeOffset begin, DateTimeOffset end)
    {
        text = text.Trim();
        if (text is ['+' or '-', ..])
        {
            if (!Durations.TryParse(text[1..], "s", out double ns) || ns < 0 || ns > 1e18) throw No(option, text);
            TimeSpan distance = TimeSpan.FromMicroseconds(ns / 1e3);
            return text[0] == '+' ? begin + distance : end - distance;
        }
        if (DateTime.TryParseExact(text, s_days, CultureInfo.InvariantCulture, DateTimeStyles.NoCurrentDateDefault, out DateTime day))
        {
            // The first such time of day that is not before the recording's first second.
            var at = new DateTimeOffset(begin.Date + day.TimeOfDay, begin.Offset);
            return at < begin.AddSeconds(-1) && end.Date > begin.Date ? at.AddDays(1) : at;
        }
        if (DateTime.TryParseExact(text, s_dates, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime date))
            return new DateTimeOffset(date, begin.Offset);
        // Other forms of ISO 8601 without an offset are in the time zone of the recording's host too, not of this one.
        if (text.Contains('T') && DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTime local)
            && local.Kind == DateTimeKind.Unspecified)
            return new DateTimeOffset(local, begin.Offset);
        if (text.Contains('T') && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None,
            out DateTimeOffset exact))
            return exact.ToOffset(begin.Offset);
        throw No(option, text);
    }

    private static Core.KvmscopeException No(string option, string text) => UsageError.Of($"{option} '{text}' is not a time", Hint);
}
