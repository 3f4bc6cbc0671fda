using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>What slots say of losses and odd sequences, summed.</summary>
internal struct TrustSums
{
    ulong _unpairedExits;
    ulong _unpairedEntries;
    ulong _lostEvents;
    ulong _droppedCells;
    ulong _droppedExits;
    ulong _open;
    ulong _otherQualifiers;

    /// <summary>Adds a slot.</summary>
    internal void Add(ref kvmscope_slot slot)
    {
        _unpairedExits += slot.unpaired_exits;
        _unpairedEntries += slot.unpaired_entries;
        _lostEvents += slot.lost_events;
        _droppedCells += slot.dropped_cells;
        _droppedExits += slot.dropped_exits;
        _otherQualifiers += slot.other_exits;
        if (slot.open >= kvmscope_open.KVMSCOPE_FIRST_CELL) _open++;
    }

    /// <summary>The trust of a snapshot with these rows.</summary>
    internal readonly Accounting ToTrust(IReadOnlyCollection<SnapshotRow> rows, kvmscope_losses lost)
    {
        ulong exits = 0, timed = 0, unread = 0;
        foreach (var row in rows)
        {
            exits += row.Count;
            timed += row.Timed;
            if (row.Code.Isa == Isa.None) unread += row.Count;
        }
        return new Accounting
        {
            Exits = exits,
            Entries = timed + _unpairedEntries,
            UnpairedExits = _unpairedExits,
            UnpairedEntries = _unpairedEntries,
            Open = _open,
            LostEvents = _lostEvents,
            DroppedCells = _droppedCells,
            DroppedVcpus = lost.dropped_vcpus,
            DroppedExits = _droppedExits + lost.dropped_exits,
            UnreadReasons = unread,
            OtherQualifiers = _otherQualifiers,
        };
    }
}
