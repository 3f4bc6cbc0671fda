using System.Globalization;

namespace Kvmscope.Core.Output.Text;

/// <summary>
/// A time of a recorded host for people: with its date and its offset from UTC, in one word, so that it can be given to --from and --to as
/// it is.
/// </summary>
public static class WallTime
{
    private const string Seconds = "yyyy-MM-dd'T'HH:mm:ss", Milliseconds = Seconds + ".fff", Microseconds = Seconds + ".ffffff";

    /// <summary><c>2026-03-01T12:34:56+01:00</c>, with milliseconds where it is not a full second; <c>Z</c> for UTC.</summary>
    public static string Of(DateTimeOffset time) => Of(time, time.Millisecond == 0 ? Seconds : Milliseconds);

    /// <summary>The same with microseconds.</summary>
    public static string Exact(DateTimeOffset time) => Of(time, Microseconds);

    /// <summary>A length of time: <c>250 ms</c>, <c>0:05:03</c>, <c>2.01:00:00</c>.</summary>
    public static string Length(TimeSpan length) => length < TimeSpan.FromSeconds(1)
        ? ScaledText.Time((ulong)Math.Max(0, length.Ticks * 100))
        : TimeSpan.FromSeconds(Math.Round(length.TotalSeconds)).ToString("c", CultureInfo.InvariantCulture);

    private static string Of(DateTimeOffset time, string form) =>
        time.ToString(form, CultureInfo.InvariantCulture)
        + (time.Offset == TimeSpan.Zero ? "Z" : time.ToString("zzz", CultureInfo.InvariantCulture));
}
