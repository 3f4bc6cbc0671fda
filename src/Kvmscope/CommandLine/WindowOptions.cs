using System.CommandLine;
using System.Globalization;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Recordings;

namespace Kvmscope.CommandLine;

/// <summary>The options that select a part of a recording.</summary>
internal sealed class WindowOptions
{
    private readonly Option<string> _from = OptionFactory.Value("--from", "TIME",
        "Only what is after TIME: 14:05, 2026-03-01T14:05:30, +90s (from the start), -5m (from the end).");
    private readonly Option<string> _to = OptionFactory.Value("--to", "TIME", "Only what is before TIME, given as for --from.");

    /// <summary>The options.</summary>
    public IReadOnlyList<Option> Options => [_from, _to];

    /// <summary>Whether any of them is on the command line.</summary>
    public bool IsGiven(ParseResult result) => result.Text(_from) is not null || result.Text(_to) is not null;

    /// <summary>The selected intervals.</summary>
    /// <exception cref="Core.KvmscopeException">It is not a time, or nothing was recorded then (status 2).</exception>
    public IntervalRange Read(ParseResult result, Recording recording, string path) =>
        Read(recording, path, result.Text(_from), result.Text(_to));

    /// <summary>The intervals of a window.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="path">Its name, for errors.</param>
    /// <param name="from">Its start as typed; null for the recording's.</param>
    /// <param name="to">Its end as typed; null for the recording's.</param>
    /// <param name="option">The option that gives both; null for --from and --to.</param>
    /// <exception cref="Core.KvmscopeException">It is not a time, or nothing was recorded then (status 2).</exception>
    public static IntervalRange Read(Recording recording, string path, string? from, string? to, string? option = null)
    {
        if (recording.Intervals == 0)
            throw UsageError.Of($"'{path}' holds no interval yet",
                "It was just started, or its recorder was killed within its first interval.");
        DateTimeOffset begin = recording.BeginOf(0), end = recording.EndOf(recording.Intervals - 1);
        DateTimeOffset? first = from is null ? null : RecordedTime.Parse(option ?? "--from", from, begin, end);
        DateTimeOffset? last = to is null ? null : RecordedTime.Parse(option ?? "--to", to, begin, end);
        if (last <= first)
        {
            throw option is null
                ? UsageError.Of("--to is not after --from", "Give a later --to, or an earlier --from.")
                : UsageError.Of($"{option} does not end after its start", "Give a later end, or an earlier start.");
        }
        IntervalRange range = recording.Range(first, last);
        if (range.Count > 0) return range;
        bool isShort = (first ?? begin) < end && (last ?? end) > begin;
        throw isShort
            ? UsageError.Of(
                $"no interval lies in that time: '{path}' has intervals of {ScaledText.Time((ulong)recording.Header.IntervalNs)}",
                "Give a longer time, with more than half of an interval in it.")
            : UsageError.Of("nothing was recorded in that time",
                $"'{path}' is from {begin:yyyy-MM-ddTHH:mm:ss} to {end:yyyy-MM-ddTHH:mm:ss}.");
    }
}

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
