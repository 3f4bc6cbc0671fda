using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>The losses and odd sequences of slots, summed.</summary>
internal struct SlotLosses
{
    private ulong _unpairedExits;
    private ulong _unpairedEntries;
    private ulong _lostEvents;
    private ulong _droppedCells;
    private ulong _droppedExits;
    private ulong _open;
    private ulong _otherQualifiers;
    private ulong _lostReturns;
    private ulong _mergedVms;

    /// <summary>Adds a slot.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="hasEnded">Whether its vCPU has ended: its last exit is not open, and no entry will follow it.</param>
    internal void Add(ref kvmscope_slot slot, bool hasEnded)
    {
        _unpairedExits += slot.unpaired_exits;
        _unpairedEntries += slot.unpaired_entries;
        _lostEvents += slot.lost_events;
        _droppedCells += slot.dropped_cells;
        _droppedExits += slot.dropped_exits;
        _otherQualifiers += slot.other_exits;
        if (!hasEnded && slot.open >= kvmscope_open.KVMSCOPE_FIRST_CELL) _open++;
    }

    /// <summary>Adds returns to the VMM that were not counted.</summary>
    internal void AddReturns(ulong lost) => _lostReturns += lost;

    /// <summary>Adds VMs that are together, and their exits that are not kept apart because of that.</summary>
    internal void AddMerged(ulong vms, ulong otherExits)
    {
        _mergedVms += vms;
        _otherQualifiers += otherExits;
    }

    /// <summary>What was lost since attach, in all slots and outside of slots. Without what the rows say about exits.</summary>
    /// <param name="lost">What was lost outside of slots.</param>
    /// <param name="missedEvents">Events that the kernel skipped.</param>
    /// <param name="room">How many vCPUs there is room for.</param>
    internal readonly Accounting ToAccounting(kvmscope_losses lost, ulong missedEvents, int room) => new()
    {
        UnpairedExits = _unpairedExits,
        UnpairedEntries = _unpairedEntries,
        Open = _open,
        LostEvents = _lostEvents,
        DroppedCells = _droppedCells,
        DroppedVcpus = lost.dropped_vcpus,
        DroppedExits = _droppedExits + lost.dropped_exits,
        VcpuRoom = _droppedCells + lost.dropped_vcpus > 0 ? (ulong)room : 0,
        OtherQualifiers = _otherQualifiers,
        MissedEvents = missedEvents,
        LostReturns = _lostReturns + lost.lost_returns,
        MergedVms = _mergedVms,
    };
}
