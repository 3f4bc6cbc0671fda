using System.Globalization;

namespace Kvmscope.Core.Formats;

/// <summary>Times as machine formats have them: RFC 3339 to 100 ns, in UTC.</summary>
public static class Rfc3339
{
    /// <summary>The time as text.</summary>
    public static string Format(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}
