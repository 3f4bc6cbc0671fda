using System.Text.Json;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Json;

/// <summary>What was seen and lost, in JSON.</summary>
internal static class JsonAccounting
{
    /// <summary><c>trust</c>.</summary>
    /// <param name="json">The output.</param>
    /// <param name="interval">The interval.</param>
    /// <param name="byQualifier">Whether rows are by qualifier.</param>
    internal static void Write(Utf8JsonWriter json, Interval interval, bool byQualifier)
    {
        json.WriteStartObject("trust");
        foreach (AccountingField field in Accounting.Fields)
        {
            ulong value = field.Of(interval.Accounting);
            bool isShown = field.InJson switch
            {
                JsonPresence.Always => true,
                JsonPresence.ByQualifier => byQualifier || value > 0,
                JsonPresence.WhereAny => value > 0,
                _ => false,
            };
            if (isShown) json.WriteNumber(field.Name, value);
        }
        json.WriteNumber("unknown_reasons", interval.UnknownReasons);
        json.WriteNumber("restarted_counters", interval.RestartedRows);
        json.WriteEndObject();
    }
}
