using System.Text.Json;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Formats;

/// <summary>What was seen and lost, in JSON.</summary>
internal static class JsonTrust
{
    /// <summary><c>trust</c>.</summary>
    /// <param name="json">Where it goes.</param>
    /// <param name="answer">Whose it is.</param>
    /// <param name="byQualifier">Whether rows are by qualifier, so that it has to be said too that none was lost.</param>
    internal static void Write(Utf8JsonWriter json, Answer answer, bool byQualifier)
    {
        Trust trust = answer.Trust;
        json.WriteStartObject("trust");
        json.WriteNumber("exits", trust.Exits);
        json.WriteNumber("entries", trust.Entries);
        json.WriteNumber("unpaired_exits", trust.UnpairedExits);
        json.WriteNumber("unpaired_entries", trust.UnpairedEntries);
        json.WriteNumber("open", trust.Open);
        json.WriteNumber("lost_events", trust.LostEvents);
        json.WriteNumber("dropped_cells", trust.DroppedCells);
        json.WriteNumber("dropped_vcpus", trust.DroppedVcpus);
        json.WriteNumber("dropped_exits", trust.DroppedExits);
        if (byQualifier || trust.OtherQualifiers > 0) json.WriteNumber("other_qualifiers", trust.OtherQualifiers);
        if (trust.MissedEvents > 0) json.WriteNumber("missed_events", trust.MissedEvents);
        json.WriteNumber("unknown_reasons", answer.UnknownReasons);
        json.WriteNumber("restarted_counters", answer.RestartedRows);
        json.WriteEndObject();
    }
}
