using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>Reads the mapped tables: a snapshot in one pass over the cells in use.</summary>
internal sealed unsafe class SnapshotReader(MappedTable<kvmscope_slot> slots, MappedTable<kvmscope_cell> cells, VmDirectory vms, Retired retired)
{
    const int Places = kvmscope_limits.KVMSCOPE_LEVELS * kvmscope_limits.KVMSCOPE_PLACES;

    /// <summary>All rows and what was lost.</summary>
    internal (IReadOnlyList<SnapshotRow> Rows, Trust Trust) Read(Grouping grouping, kvmscope_losses lost)
    {
        RowTable rows = new(grouping);
        foreach (var row in retired.Take())
            RowTable.Add(rows.RowOf(row.Vm!, row.Vcpu ?? 0, row.Code, row.Level), row);
        var sums = retired.Sums;
        for (int i = 1; i < slots.Count; i++)
        {
            ref var slot = ref slots[i];
            if (slot.tgid == 0) continue;
            sums.Add(ref slot);
            AddSlot(ref slot, rows);
        }
        return ([.. rows.Rows], sums.ToTrust(rows.Rows, lost));
    }

    /// <summary>One slot's cells, added to rows.</summary>
    internal void AddSlot(ref kvmscope_slot slot, RowTable rows)
    {
        var vm = vms.Of(slot.tgid, slot.kvm);
        var places = MemoryMarshal.CreateReadOnlySpan(ref slot.index[0], Places);
        CellCopy copy = default;
        for (int at = Next(places, 0); at < Places; at = Next(places, at + 1))
        {
            int number = (int)Volatile.Read(ref slot.index[at]);
            if (number < kvmscope_open.KVMSCOPE_FIRST_CELL || number >= cells.Count) continue;
            ref var cell = ref cells[number];
            copy.Take(ref cell, number, ref slot.open);
            if (copy.Count == 0) continue;
            var row = rows.RowOf(vm, (int)slot.vcpu_id, new ExitCode((Isa)cell.isa, cell.code), (ExitLevel)cell.level);
            RowTable.Add(row, copy);
        }
    }

    // The index is mostly zeros: this search is vectorised.
    static int Next(ReadOnlySpan<uint> places, int from)
    {
        if (from >= Places) return Places;
        int found = places[from..].IndexOfAnyExcept(0u);
        return found < 0 ? Places : from + found;
    }
}
