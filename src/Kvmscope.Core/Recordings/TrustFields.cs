using Kvmscope.Core.Model;

namespace Kvmscope.Core.Recordings;

/// <summary>The fields of <see cref="Trust"/> under the names that recordings give them.</summary>
internal static class TrustFields
{
    internal static readonly (string Name, Func<Trust, ulong> Of)[] All =
    [
        ("exits", t => t.Exits), ("entries", t => t.Entries), ("unpaired_exits", t => t.UnpairedExits),
        ("unpaired_entries", t => t.UnpairedEntries), ("open", t => t.Open), ("lost_events", t => t.LostEvents),
        ("dropped_cells", t => t.DroppedCells), ("dropped_vcpus", t => t.DroppedVcpus), ("dropped_exits", t => t.DroppedExits),
        ("unread_reasons", t => t.UnreadReasons), ("other_qualifiers", t => t.OtherQualifiers),
        ("missed_events", t => t.MissedEvents),
    ];

    /// <summary>A trust with one field more; a name that is not known is passed over.</summary>
    internal static Trust With(Trust trust, string name, ulong value) => name switch
    {
        "exits" => trust with { Exits = value },
        "entries" => trust with { Entries = value },
        "unpaired_exits" => trust with { UnpairedExits = value },
        "unpaired_entries" => trust with { UnpairedEntries = value },
        "open" => trust with { Open = value },
        "lost_events" => trust with { LostEvents = value },
        "dropped_cells" => trust with { DroppedCells = value },
        "dropped_vcpus" => trust with { DroppedVcpus = value },
        "dropped_exits" => trust with { DroppedExits = value },
        "unread_reasons" => trust with { UnreadReasons = value },
        "other_qualifiers" => trust with { OtherQualifiers = value },
        "missed_events" => trust with { MissedEvents = value },
        _ => trust,
    };
}
