using System.Globalization;
using Kvmscope.Core.Histories;
using Kvmscope.Server.Http;

namespace Kvmscope.Server.Requests;

/// <summary>A stretch of a history: places on its axis.</summary>
/// <param name="From">Its begin.</param>
/// <param name="To">Its end.</param>
internal readonly record struct Stretch(long From, long To);

/// <summary>Reads <c>from</c> and <c>to</c>.</summary>
internal static class TimeChoice
{
    private const long DefaultNs = 60L * 1_000_000_000;
    private const string Hint = "Give RFC 3339 (2026-03-01T14:05:30Z), or a time before the end of what is kept: -90s, -15m, -24h.";

    private static readonly string[] s_forms =
        ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK"];

    /// <summary>The stretch that is asked for, within what is kept.</summary>
    /// <exception cref="Problem">It is not a time, or the end is before the begin.</exception>
    public static Stretch Read(Query query, IHistory history)
    {
        string? from = query.Text("from"), to = query.Text("to");
        long end = to is null ? history.To : PlaceOf("to", to, history);
        long begin = from is null ? Math.Max(history.From, end - DefaultNs) : PlaceOf("from", from, history);
        return end > begin || (from is null && to is null) || history.To == history.From
            ? new Stretch(begin, end)
            : throw Problem.Bad(to is null ? "from" : "to", "to is not after from, or both are before or after all that is kept", Hint);
    }

    /// <summary>The place of a time, at most at the edges of what is kept.</summary>
    /// <exception cref="Problem">It is not a time.</exception>
    public static long PlaceOf(string name, string text, IHistory history)
    {
        (long first, long last) = (history.From, history.To);
        if (text is ['-', .. var before] && Duration(before) is { } ns) return Math.Max(first, last - ns);
        if (!DateTimeOffset.TryParseExact(text, s_forms, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time)
            || text is [.., var end] && end != 'Z' && !(text.Length > 6 && text[^6] is '+' or '-'))
            throw Problem.Bad(name, $"{name} is not a time", Hint);
        if (history.PlaceOf(time) is { } place) return place;
        return time <= history.TimeAt(first) ? first : time >= history.TimeAt(last) ? last : Between(history, time, first, last);
    }

    /// <summary>Reads a duration: <c>10s</c>, <c>5m</c>, <c>500ms</c>; null where it is none.</summary>
    public static long? Duration(string text)
    {
        int digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits])) digits++;
        if (digits is 0 or > 9) return null;
        long number = long.Parse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture);
        long unit = text[digits..] switch
        {
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            _ => 0,
        };
        return unit == 0 || number > long.MaxValue / unit / 4 ? null : number * unit;
    }

    // The clock passed over it where nothing was recorded: the first place that is later.
    private static long Between(IHistory history, DateTimeOffset time, long low, long high)
    {
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            if (history.TimeAt(middle) < time) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
