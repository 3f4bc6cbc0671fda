using System.Text.Json;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Json;

/// <summary>What was lost among slow exits, as one JSON object: who only reads these lines must know that some are not there.</summary>
internal static class JsonSlowLosses
{
    /// <summary>Writes it.</summary>
    /// <param name="output">The output.</param>
    /// <param name="interval">The time it is about.</param>
    /// <param name="isSum">Whether that is the whole trace.</param>
    internal static void Write(TextWriter output, Interval interval, bool isSum)
    {
        var lines = new JsonLines(output);
        Utf8JsonWriter json = lines.Begin("slower", "losses");
        json.WriteString("started", Rfc3339.Format(interval.From));
        json.WriteNumber("seconds", Rounded.Seconds(interval.Seconds));
        json.WriteBoolean("sum", isSum);
        json.WriteNumber("lost_events", interval.Accounting.LostEvents);
        JsonAccounting.Write(json, interval, byQualifier: false);
        lines.End();
    }
}
