using System.Globalization;
using Kvmscope.Core;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Recordings;

namespace Kvmscope.CommandLine;

/// <summary>
/// Reads a time of a recording: a time of day, a date, both, a word for a day, or a distance from the recording's start or end. Times are
/// those of the recorded host's clock and zone, as they are shown.
/// </summary>
internal static class RecordedTime
{
    private const string Hint = "Give a time of day (14:05:30), a date (2026-03-01), both (2026-03-01T14:05:30), yesterday, "
        + "or a distance: +90s from the start, -5m from the end.";

    private const int MostNamed = 4;

    private static readonly string[] s_times = ["HH:mm", "H:mm", "HH:mm:ss", "HH:mm:ss.FFFFFFF"];
    private static readonly string[] s_dates =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF",
        "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFFFFFF",
    ];

    private static readonly (string Word, int Days)[] s_words = [("today", 0), ("yesterday", -1), ("tomorrow", 1)];

    /// <summary>What a text means.</summary>
    /// <param name="option">The option, for errors.</param>
    /// <param name="text">The text that the user typed.</param>
    /// <param name="clock">The recording's clock.</param>
    /// <param name="now">What time it is, for words such as 'yesterday'.</param>
    /// <returns>
    /// A place on the recording's axis for a distance; otherwise the times: several where the text means one on each of several days, or
    /// the hour that is there twice when summer time ends.
    /// </returns>
    /// <exception cref="KvmscopeException">It is not a time (status 2).</exception>
    public static (long? Place, IReadOnlyList<DateTimeOffset> Times) Read(
        string option, string text, RecordedClock clock, DateTimeOffset now)
    {
        text = text.Trim();
        if (text is ['+' or '-', ..]) return (Distance(option, text, clock), []);
        const DateTimeStyles style = DateTimeStyles.NoCurrentDateDefault;
        return (null, DateTime.TryParseExact(text, s_times, CultureInfo.InvariantCulture, style, out DateTime time)
            ? OfDay(clock, time.TimeOfDay)
            : Times(option, text, clock.Zone, now));
    }

    /// <summary>The error of a text that means several times of the recording.</summary>
    public static KvmscopeException Ambiguous(string option, string text, IReadOnlyList<DateTimeOffset> times)
    {
        string[] ways = [.. times.Select(WallTime.Of)];
        string few = ways.Length <= MostNamed ? WordList.Or(ways) : $"{string.Join(", ", ways.Take(MostNamed - 1))} … or {ways[^1]}";
        return UsageError.Of($"{option} '{text}' is in the recording {Often(times.Count)}", $"Give {few}.");
    }

    /// <summary>The error of a time that the clock showed several times, because it was set back.</summary>
    public static KvmscopeException SetBack(TimeWindow window, RecordedClock clock, IReadOnlyList<(long From, long To)> pieces)
    {
        string[] ways =
        [
            .. pieces.Take(MostNamed).Select(p => (From: Seconds(p.From - clock.BeginNs), To: Seconds(p.To - clock.BeginNs)))
                .Select(p => window.Option is { } option ? $"{option} {p.From}..{p.To}" : $"--from {p.From} --to {p.To}"),
        ];
        return UsageError.Of($"that time is in the recording {Often(pieces.Count)}, because the host's clock was set back",
            $"Give seconds from the start: {WordList.Or(ways)}.");
    }

    private static string Often(int count) => count == 2 ? "twice" : string.Create(CultureInfo.InvariantCulture, $"{count} times");

    private static string Seconds(long ns) => "+" + Math.Round(ns / 1e9, 3).ToString("0.###", CultureInfo.InvariantCulture) + "s";

    private static long Distance(string option, string text, RecordedClock clock)
    {
        if (!Durations.TryParse(text[1..], "s", out double ns) || ns < 0 || ns > 1e18) throw No(option, text);
        return text[0] == '+' ? clock.BeginNs + (long)ns : clock.EndNs - (long)ns;
    }

    // On each day on which it was recorded then. If that is none, it may be before the start or after the end.
    private static DateTimeOffset[] OfDay(RecordedClock clock, TimeSpan time)
    {
        DateTimeOffset[] all = [.. clock.Days().SelectMany(day => clock.Zone.Read(day + time))];
        DateTimeOffset[] recorded = [.. all.Where(clock.Has)];
        if (recorded.Length > 0) return recorded;
        return [all.Where(t => t >= clock.Begin).Select(t => (DateTimeOffset?)t).FirstOrDefault() ?? all.FirstOrDefault(clock.Begin)];
    }

    private static IReadOnlyList<DateTimeOffset> Times(string option, string text, HostZone zone, DateTimeOffset now)
    {
        if (text.Equals("now", StringComparison.OrdinalIgnoreCase)) return [now];
        if (OfWord(text, zone.Show(now).Date) is { } day) return zone.Read(day);
        if (DateTime.TryParseExact(text, s_dates, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime date))
            return zone.Read(date);
        if (!text.Contains(':') || text.Length < "2026-03-01".Length || !char.IsAsciiDigit(text[0])) throw No(option, text);
        // Other forms of ISO 8601 without an offset are in the time zone of the recording's host too, not of this one.
        if (text.Contains('T') && DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTime local)
            && local.Kind == DateTimeKind.Unspecified)
            return zone.Read(local);
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset exact)
            && (text.Contains('T') || HasOffset(text)) ? [exact] : throw No(option, text);
    }

    private static bool HasOffset(string text) => text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > "2026-03-01".Length;

    // yesterday, or yesterday 13:00.
    private static DateTime? OfWord(string text, DateTime today)
    {
        foreach ((string word, int days) in s_words)
        {
            if (!text.StartsWith(word, StringComparison.OrdinalIgnoreCase)) continue;
            string rest = text[word.Length..].TrimStart(' ', 'T');
            if (rest.Length == 0) return today.AddDays(days);
            if (DateTime.TryParseExact(rest, s_times, CultureInfo.InvariantCulture, DateTimeStyles.NoCurrentDateDefault, out DateTime time))
                return today.AddDays(days) + time.TimeOfDay;
        }
        return null;
    }

    private static KvmscopeException No(string option, string text) => UsageError.Of($"{option} '{text}' is not a time", Hint);
}
