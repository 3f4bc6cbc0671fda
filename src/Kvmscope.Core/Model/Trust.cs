using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>What was seen and what was lost: carried by every answer. In a snapshot all figures are cumulative since attach, in an answer they are of its interval; but <see cref="Open"/> is the state at the end in both.</summary>
public sealed record Trust
{
    /// <summary>kvm_exit events that were counted (after the filters).</summary>
    public ulong Exits { get; init; }

    /// <summary>kvm_entry events of the vCPUs in the trace that ended a counted exit, or should have.</summary>
    public ulong Entries { get; init; }

    /// <summary>Exits followed by another exit of the same vCPU without an entry between (the fast path of kernels up to 5.15): counted, not timed.</summary>
    public ulong UnpairedExits { get; init; }

    /// <summary>Entries followed by another entry without an exit between (failed VM entries): nothing to count.</summary>
    public ulong UnpairedEntries { get; init; }

    /// <summary>Exits whose entry has not come yet, at the snapshot: a halted, stopped or ended vCPU, or one in its VMM.</summary>
    public ulong Open { get; init; }

    /// <summary>Slow exits that did not fit into the ring buffer.</summary>
    public ulong LostEvents { get; init; }

    /// <summary>(vCPU, reason, level) combinations that found no free cell, or none for their other qualifiers or their rounds; each once.</summary>
    public ulong DroppedCells { get; init; }

    /// <summary>How many vCPUs without a slot are told apart: from there on <see cref="DroppedVcpus"/> is a lower bound.</summary>
    public const ulong MostDroppedVcpus = 1024;

    /// <summary>vCPUs that found no free slot; where there are many, at least so many (<see cref="MostDroppedVcpus"/>).</summary>
    public ulong DroppedVcpus { get; init; }

    /// <summary>Exits that were not counted because of <see cref="DroppedCells"/> or <see cref="DroppedVcpus"/>.</summary>
    public ulong DroppedExits { get; init; }

    /// <summary>Exits whose reason could not be read at all (an unknown kernel layout); they are rows with code 0 of ISA None.</summary>
    public ulong UnreadReasons { get; init; }

    /// <summary>Exits whose qualifier found no room of its own: they are in rows of <see cref="QualifierState.Other"/>.</summary>
    public ulong OtherQualifiers { get; init; }

    /// <summary>
    /// Events beside kvm_exit and kvm_entry that the kernel passed over, as the program was in use on their CPU (kernels that preempt it
    /// there): of so many exits at most the qualifier or the poll time is not known. Of all vCPUs, whatever the filters.
    /// </summary>
    public ulong MissedEvents { get; init; }

    /// <summary>This and what was seen and lost in the time after it.</summary>
    public Trust Then(Trust next) => new()
    {
        Exits = Exits + next.Exits,
        Entries = Entries + next.Entries,
        UnpairedExits = UnpairedExits + next.UnpairedExits,
        UnpairedEntries = UnpairedEntries + next.UnpairedEntries,
        // The state at the end, not a counter.
        Open = next.Open,
        LostEvents = LostEvents + next.LostEvents,
        DroppedCells = DroppedCells + next.DroppedCells,
        DroppedVcpus = DroppedVcpus + next.DroppedVcpus,
        DroppedExits = DroppedExits + next.DroppedExits,
        UnreadReasons = UnreadReasons + next.UnreadReasons,
        OtherQualifiers = OtherQualifiers + next.OtherQualifiers,
        MissedEvents = MissedEvents + next.MissedEvents,
    };

    /// <summary>This as far as some of the rows tell; what was lost may have been of them, and stays.</summary>
    public Trust OfRows(IReadOnlyList<SnapshotRow> rows)
    {
        ulong exits = 0, timed = 0, unread = 0, others = 0;
        foreach (SnapshotRow row in rows)
        {
            exits += row.Count;
            timed += row.Timed;
            if (row.Code.Isa == Isa.None) unread += row.Count;
            if (row.Qualifier.State == QualifierState.Other) others += row.Count;
        }
        return this with { Exits = exits, Entries = timed, UnreadReasons = unread, OtherQualifiers = others };
    }
}
