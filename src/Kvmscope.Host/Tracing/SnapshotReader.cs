using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Tracing;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>Reads the mapped tables: a snapshot in one pass over the cells in use.</summary>
internal sealed unsafe class SnapshotReader(
    MappedTable<kvmscope_slot> slots, MappedTable<kvmscope_cell> cells, VmDirectory vms, Retired retired, TraceOptions options)
{
    const int Places = kvmscope_limits.KVMSCOPE_LEVELS * kvmscope_limits.KVMSCOPE_PLACES;

    // A slot's chain, at most: its qualifiers, and for each of its usual reasons the rest and the rounds.
    const int MostExtras = kvmscope_limits.KVMSCOPE_MAX_QUALIFIED + 2 * Places;

    // Longer than a slot takes to read: the reader lost its CPU meanwhile, and what it read does not belong together.
    const ulong TooLongNs = 50_000;
    const int MostTries = 5;

    /// <summary>All rows and what was lost.</summary>
    internal Snapshot Read(Grouping grouping, kvmscope_losses lost, DateTimeOffset at, long now)
    {
        RowTable rows = new(grouping);
        foreach (var row in retired.Take())
            RowTable.Add(rows.RowOf(row.Vm!, row.Vcpu ?? 0, row.Code, row.Level, row.Qualifier), row);
        foreach (var time in retired.Rows.Times) rows.AddTime(time.Vm, time.Vcpu, time.WallNs, time.Parts);
        var sums = retired.Sums;
        for (int i = 1; i < slots.Count; i++)
        {
            ref var slot = ref slots[i];
            if (slot.tgid == 0) continue;
            sums.Add(ref slot);
            AddSlot(ref slot, rows);
        }
        return new Snapshot(at, now, [.. rows.Rows], sums.ToTrust(rows.Rows, lost)) { Times = [.. rows.Times], OpenExits = [.. rows.Open] };
    }

    /// <summary>One slot's cells and its wall clock, added to rows.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="rows">Where it is added.</param>
    /// <param name="isFinal">The vCPU is gone: what is open now stays so.</param>
    internal void AddSlot(ref kvmscope_slot slot, RowTable rows, bool isFinal = false)
    {
        var vm = vms.Of(slot.tgid, slot.kvm);
        AddIndexed(ref slot, vm, rows);
        if (slot.extra != 0) AddExtras(ref slot, vm, rows);
        if (options.WantQualifiers) AddOpen(ref slot, vm, rows, isFinal);
        if (options.WantSplit) AddClock(ref slot, vm, rows, isFinal);
    }

    void AddIndexed(ref kvmscope_slot slot, VmIdentity vm, RowTable rows)
    {
        var places = MemoryMarshal.CreateReadOnlySpan(ref slot.index[0], Places);
        CellCopy copy = default;
        for (int at = Next(places, 0); at < Places; at = Next(places, at + 1))
        {
            int number = (int)Volatile.Read(ref slot.index[at]);
            if (number < kvmscope_open.KVMSCOPE_FIRST_CELL || number >= cells.Count) continue;
            ref var cell = ref cells[number];
            ExitCode code = new((Isa)cell.isa, cell.code);
            // An open exit whose qualifier is to be known at its end belongs to no row yet.
            uint nothing = 0;
            if (IsQualified(code)) copy.Take(ref cell, number, ref nothing);
            else copy.Take(ref cell, number, ref slot.open);
            if (copy.Count == 0) continue;
            Add(rows.RowOf(vm, (int)slot.vcpu_id, code, (ExitLevel)cell.level), copy);
        }
    }

    void AddExtras(ref kvmscope_slot slot, VmIdentity vm, RowTable rows)
    {
        CellCopy copy = default;
        uint nothing = 0;
        uint number = Volatile.Read(ref slot.extra);
        for (int i = 0; i < MostExtras && number != 0 && number < cells.Count; i++)
        {
            ref var cell = ref cells[(int)number];
            copy.Take(ref cell, (int)number, ref nothing);
            ExitCode code = new((Isa)cell.isa, cell.code);
            Qualifier qualifier = cell.kind switch
            {
                kvmscope_cell_kind.KVMSCOPE_CELL_QUALIFIED => Qualifier.Of(cell.qualifier),
                kvmscope_cell_kind.KVMSCOPE_CELL_OTHER => Qualifier.Other,
                _ => Qualifier.None,
            };
            number = cell.next;
            bool isRound = cell.kind == kvmscope_cell_kind.KVMSCOPE_CELL_ROUND;
            if (isRound ? copy.Parts[kvmscope_round.KVMSCOPE_ROUND_REFLECTED] == 0 : copy.Count == 0) continue;
            var row = rows.RowOf(vm, (int)slot.vcpu_id, code, (ExitLevel)cell.level, qualifier);
            if (isRound) RowTable.AddRounds(row, copy);
            else Add(row, copy);
        }
    }

    void Add(SnapshotRow row, in CellCopy copy)
    {
        RowTable.Add(row, copy);
        if (!options.WantSplit) return;
        TimeParts parts = default;
        ulong left = copy.TotalNs;
        for (int i = 0; i < kvmscope_part.KVMSCOPE_PARTS; i++)
        {
            ulong ns = Math.Min(left, copy.Parts[i]);
            parts[WallClock.PartOf(i)] = ns;
            left -= ns;
        }
        parts[TimePart.Kvm] = left;
        RowTable.Add(row, parts);
    }

    // An exit that will have no end is one of what is known of it; another is in no row yet. Read after the cells, so that an exit which
    // ends meanwhile is missed until the next snapshot and never counted twice.
    void AddOpen(ref kvmscope_slot slot, VmIdentity vm, RowTable rows, bool isFinal)
    {
        uint open = Volatile.Read(ref slot.open);
        if (open < kvmscope_open.KVMSCOPE_FIRST_CELL || open >= cells.Count) return;
        ref var cell = ref cells[(int)open];
        ExitCode code = new((Isa)cell.isa, cell.code);
        if (!IsQualified(code)) return;
        if (!isFinal) rows.AddOpen(vm, (int)slot.vcpu_id, code, (ExitLevel)cell.level);
        else if (OpenRow(ref slot, open, vm, rows) is { } row) row.Count++;
    }

    void AddClock(ref kvmscope_slot slot, VmIdentity vm, RowTable rows, bool isFinal)
    {
        WallClock clock = default;
        ulong handled = 0;
        for (int tries = 0; tries < MostTries; tries++)
        {
            ulong start = Now();
            handled = Handled(ref slot);
            clock.Take(ref slot, Now, isFinal);
            if (isFinal || Now() - start < TooLongNs) break;
        }
        if (clock.WallNs == 0) return;
        if (OpenRow(ref slot, (uint)clock.Open, vm, rows) is { } row) RowTable.Add(row, clock.OpenParts);
        ulong attributed = clock.Outside.Sum + handled + clock.OpenNs;
        clock.Outside[TimePart.Unattributed] = clock.WallNs > attributed ? clock.WallNs - attributed : 0;
        rows.AddTime(vm, (int)slot.vcpu_id, clock.WallNs, clock.Outside);
    }

    // All handling times of the slot, ns: what its rows hold. Newer than the rows by what happened since, which the next snapshot shows.
    ulong Handled(ref kvmscope_slot slot)
    {
        ulong sum = 0;
        var places = MemoryMarshal.CreateReadOnlySpan(ref slot.index[0], Places);
        for (int at = Next(places, 0); at < Places; at = Next(places, at + 1))
        {
            uint number = Volatile.Read(ref slot.index[at]);
            if (number >= kvmscope_open.KVMSCOPE_FIRST_CELL && number < cells.Count) sum += Volatile.Read(ref cells[(int)number].total_ns);
        }
        uint extra = Volatile.Read(ref slot.extra);
        for (int i = 0; i < MostExtras && extra != 0 && extra < cells.Count; i++)
        {
            ref var cell = ref cells[(int)extra];
            if (cell.kind != kvmscope_cell_kind.KVMSCOPE_CELL_ROUND) sum += Volatile.Read(ref cell.total_ns);
            extra = cell.next;
        }
        return sum;
    }

    SnapshotRow? OpenRow(ref kvmscope_slot slot, uint open, VmIdentity vm, RowTable rows)
    {
        if (open < kvmscope_open.KVMSCOPE_FIRST_CELL || open >= cells.Count) return null;
        ref var cell = ref cells[(int)open];
        ExitCode code = new((Isa)cell.isa, cell.code);
        bool isKnown = IsQualified(code) && slot.qualifier_state is kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_KNOWN
            or kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_GUESS;
        var qualifier = isKnown ? Qualifier.Of(slot.qualifier) : Qualifier.None;
        return rows.RowOf(vm, (int)slot.vcpu_id, code, (ExitLevel)cell.level, qualifier);
    }

    bool IsQualified(ExitCode code) => options.WantQualifiers && Qualifiers.KindOf(code) != QualifierKind.None;

    static ulong Now() => (ulong)MonotonicClock.NowNs();

    // The index is mostly zeros: this search is vectorised.
    static int Next(ReadOnlySpan<uint> places, int from)
    {
        if (from >= Places) return Places;
        int found = places[from..].IndexOfAnyExcept(0u);
        return found < 0 ? Places : from + found;
    }
}
