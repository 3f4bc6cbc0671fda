using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>
/// Reads the mapped tables, whose counters are cumulative, and gives what happened since the reading before: it remembers
/// what it last read of each cell and each slot. The counters of a vCPU that ended are part of the next reading, and then forgotten.
/// </summary>
internal sealed unsafe class TableReader(
    MappedTable<kvmscope_slot> slots, MappedTable<kvmscope_cell> cells, VmDirectory vms, TraceOptions options,
    ReturnReader? returns = null, KnownVcpus? known = null)
{
    private const int IndexEntries = kvmscope_limits.KVMSCOPE_LEVELS * kvmscope_limits.KVMSCOPE_REASON_INDEXES;

    // Longer than it takes to read a slot: the reader was preempted, and what it read is not consistent.
    private const ulong TooLongNs = 50_000;
    private const int MaxTries = 5;

    private static readonly Tally s_nothing = new();

    private readonly Tally?[] _cells = new Tally?[cells.Count];
    private readonly SlotReading?[] _slots = new SlotReading?[slots.Count];
    private readonly OpenExitWatch _watch = new(slots, cells, options);
    // Whether the slot's vCPU had ended when it was last read: it stays until the slot is freed.
    private readonly bool[] _hasEnded = new bool[slots.Count];

    // Whether the exit with which the slot's vCPU ended is counted as such.
    private readonly bool[] _hasFinal = new bool[slots.Count];

    // Of each slot, the handling time in ns of cells that were emptied for other keys.
    private readonly ulong[] _emptiedNs = new ulong[slots.Count];
    private readonly EndedVms _ended = new(options.Finest, vms);
    private SlotLosses _endedLosses;
    private Accounting _accounting = new();
    private List<OpenExits> _open = [];
    private Tally _scratch = new();

    // Used again, because its table is large.
    private Reading _reading = new(options.Finest);

    /// <summary>The wall clock of a slot, and of its open exit, when it was last read.</summary>
    private readonly record struct SlotReading(ulong WallNs, TimeParts Outside, GroupKey? OpenKey, TimeParts OpenParts);

    /// <summary>How many rows vCPUs that ended have left for the next reading.</summary>
    internal int EndedRows => _ended.Rows;

    /// <summary>What happened since the reading before. The caller adds the times and what was missing.</summary>
    /// <param name="grouping">How rows are grouped; no finer than the options' finest grouping.</param>
    /// <param name="lost">The loss counters that belong to no slot, cumulative.</param>
    /// <param name="missedEvents">Events that the kernel skipped, cumulative.</param>
    internal Interval Read(Grouping grouping, kvmscope_losses lost, ulong missedEvents)
    {
        Reading reading = _reading.Grouping == grouping ? _reading : _reading = new Reading(grouping);
        _ended.MoveTo(reading);
        SlotLosses losses = _endedLosses;
        losses.AddMerged(_ended.MergedVms, _ended.OtherExits);
        for (int i = 1; i < slots.Count; i++)
        {
            ref kvmscope_slot slot = ref slots[i];
            if (slot.tgid == 0) continue;
            losses.Add(ref slot, slot.ended != 0);
            losses.AddReturns(returns?.Lost(i) ?? 0);
            AddSlot(ref slot, i, reading, isFinal: false);
        }
        known?.Add(reading);
        GroupKey[] vcpus = [.. reading.Vcpus];
        List<Row> rows = Changed(reading.Rows.Rows);
        VcpuTime[] times = [.. reading.Times.Values.Where(time => time.WallNs != 0 || !time.Parts.IsZero)];
        VmmReturns[] returned = [.. reading.Returns.Rows.Where(row => row.HasAny)];
        VcpuState[] states = grouping == Grouping.Vcpu && returns is not null ? [.. reading.States] : [];
        OpenExits[] before = Regroup(_open, reading.Rows), after = Regroup(reading.Open, reading.Rows);
        OpenAge[] ages = OpenExitWatch.Merge(reading.Ages, options.OpenExits);
        _open = [.. reading.Open];
        _ended.Shown();
        var interval = new Interval
        {
            Changes = rows,
            Returns = returned,
            VcpuStates = states,
            TimeChanges = times,
            Vcpus = vcpus,
            OpenBefore = before,
            OpenAfter = after,
            OpenAges = ages,
            Vms = NamedIn(reading.Vms, rows.Select(r => r.Key.Vm), times.Select(t => t.Key.Vm), before.Select(o => o.Key.Vm),
                ages.Select(o => o.Key.Vm), returned.Select(r => r.Key.Vm), states.Select(s => s.Vm), vcpus.Select(v => v.Vm)),
            Accounting = Since(losses.ToAccounting(lost, missedEvents, slots.Count - 1), rows),
            RestartedRows = reading.Restarted,
        };
        reading.Clear();
        return interval;
    }

    /// <summary>
    /// Looks at what is open between two readings, where only that tells how long it has been (<see cref="OpenExitWatch"/>).
    /// </summary>
    internal void Watch() => _watch.Look();

    /// <summary>Reads a slot for the last time: its vCPU has ended, and an open exit was its last.</summary>
    internal void End(ref kvmscope_slot slot, int number)
    {
        AddSlot(ref slot, number, _ended.Of(vms.Of(number)), isFinal: true);
        _endedLosses.Add(ref slot, hasEnded: true);
        _endedLosses.AddReturns(returns?.Lost(number) ?? 0);
        returns?.Forget(number);
        _slots[number] = null;
        _hasFinal[number] = _hasEnded[number] = false;
        _watch.Forget(number);
        _emptiedNs[number] = 0;
    }

    /// <summary>The VM has ended, and none of its vCPUs has a slot any more.</summary>
    internal void EndVm(VmIdentity vm)
    {
        _ended.Close(vm);
        known?.Forget(vm);
    }

    /// <summary>Reads a cell for the last time: another key will have it. No program writes it any more.</summary>
    internal void Empty(ref kvmscope_slot slot, int slotNumber, int number)
    {
        VmIdentity vm = vms.Of(slotNumber);
        AddExtra(ref cells[number], number, GroupKey.OfVcpu(vm.Ordinal, (int)slot.vcpu_id), _ended.Of(vm));
        _emptiedNs[slotNumber] += cells[number].total_ns;
        ForgetCell(number);
    }

    /// <summary>Forgets a cell, which will have another owner.</summary>
    internal void ForgetCell(int number) => _cells[number] = null;

    private void AddSlot(ref kvmscope_slot slot, int number, Reading reading, bool isFinal)
    {
        VmIdentity vm = vms.Of(number);
        reading.Vms.TryAdd(vm.Ordinal, vm);
        var owner = GroupKey.OfVcpu(vm.Ordinal, (int)slot.vcpu_id);
        AddVcpu(ref slot, number, vm, owner, reading);
        AddIndexed(ref slot, owner, reading);
        if (slot.extra != 0) AddExtras(ref slot, owner, reading);
        if (isFinal || slot.ended != 0) AddFinal(ref slot, number, owner, reading);
        else AddOpen(ref slot, number, owner, reading);
        if (options.WantSplit) AddClock(ref slot, number, owner, reading, isFinal);
        returns?.Add(number, owner, reading);
        known?.Seen(slot.tgid, (int)slot.vcpu_id);
    }

    private void AddVcpu(ref kvmscope_slot slot, int number, VmIdentity vm, GroupKey owner, Reading reading)
    {
        // Without a hook that sees its end, the sweeper takes its address away.
        bool hadEnded = _hasEnded[number], hasEnded = slot.ended != 0 || Volatile.Read(ref slot.vcpu) == 0;
        _hasEnded[number] = hasEnded;
        // A slot that the kernel side could neither use nor give back has no VM and no thread.
        if (!(hadEnded && hasEnded) && (slot.kvm != 0 || slot.tid != 0)) reading.AddVcpu(vm, owner);
    }

    private void AddIndexed(ref kvmscope_slot slot, GroupKey owner, Reading reading)
    {
        ReadOnlySpan<uint> entries = MemoryMarshal.CreateReadOnlySpan(ref slot.index[0], IndexEntries);
        CellCopy copy = default;
        uint nothing = 0;
        for (int at = Next(entries, 0); at < IndexEntries; at = Next(entries, at + 1))
        {
            int number = (int)Volatile.Read(ref slot.index[at]);
            if (number < kvmscope_open.KVMSCOPE_FIRST_CELL || number >= cells.Count) continue;
            ref kvmscope_cell cell = ref cells[number];
            ExitCode code = new((Isa)cell.isa, cell.code);
            // An open exit of which more will be known at its end is not yet part of a row.
            ref uint open = ref IsKeyed(code) ? ref nothing : ref slot.open;
            if (!HasChanged(ref cell, number, ref open)) continue;
            copy.Take(ref cell, number, ref open);
            if (copy.Count != 0) AddCell(owner with { Code = code, Level = (ExitLevel)cell.level }, number, copy, reading);
        }
    }

    private void AddExtras(ref kvmscope_slot slot, GroupKey owner, Reading reading)
    {
        uint next = Volatile.Read(ref slot.extra);
        for (int i = 0; i < cells.Count && next != 0 && next < cells.Count; i++)
        {
            ref kvmscope_cell cell = ref cells[(int)next];
            AddExtra(ref cell, (int)next, owner, reading);
            next = cell.next;
        }
    }

    private void AddExtra(ref kvmscope_cell cell, int number, GroupKey owner, Reading reading)
    {
        uint nothing = 0;
        bool isRound = cell.kind == kvmscope_cell_kind.KVMSCOPE_CELL_ROUND;
        if (!isRound && !HasChanged(ref cell, number, ref nothing)) return;
        CellCopy copy = default;
        copy.Take(ref cell, number, ref nothing);
        GroupKey key = owner with
        {
            Code = new((Isa)cell.isa, cell.code),
            Level = (ExitLevel)cell.level,
            Qualifier = CellKeys.PartOf(cell.states, kvmscope_key_part.KVMSCOPE_KEY_QUALIFIER, cell.qualifier),
            Place = CellKeys.PlaceOf(cell.states, cell.page, cell.rip),
        };
        if (!isRound && copy.Count != 0) AddCell(key, number, copy, reading);
        else if (isRound && copy.Parts[kvmscope_round.KVMSCOPE_ROUND_REFLECTED] != 0) AddRounds(key, number, copy, reading);
    }

    // Most cells do not change in most intervals: they are not copied.
    private bool HasChanged(ref kvmscope_cell cell, int number, ref uint open)
    {
        if (_cells[number] is not { } before) return true;
        ulong ended = Volatile.Read(ref cell.ended), untimed = Volatile.Read(ref cell.untimed), begun = Volatile.Read(ref cell.begun);
        ulong count = Math.Max(begun, ended + (Volatile.Read(ref open) == number ? 1UL : 0));
        return count != before.Count || ended - Math.Min(untimed, ended) != before.Timed;
    }

    private void AddCell(GroupKey key, int number, in CellCopy copy, Reading reading)
    {
        _scratch.Clear();
        _scratch.Count = copy.Count;
        Fill(_scratch, copy);
        if (options.WantSplit) _scratch.Parts = PartsOf(copy);
        AddScratch(key, number, reading);
    }

    private void AddRounds(GroupKey key, int number, in CellCopy copy, Reading reading)
    {
        var rounds = new ReflectedRounds
        {
            Reflected = copy.Parts[kvmscope_round.KVMSCOPE_ROUND_REFLECTED],
            L1Exits = copy.Parts[kvmscope_round.KVMSCOPE_ROUND_L1_EXITS],
            HandlingNs = copy.Parts[kvmscope_round.KVMSCOPE_ROUND_HANDLING],
        };
        Fill(rounds, copy);
        _scratch.Clear();
        _scratch.Rounds = rounds;
        AddScratch(key, number, reading);
    }

    private void AddScratch(GroupKey key, int number, Reading reading)
    {
        if (!reading.Rows.RowOf(key).AddDifference(_scratch, _cells[number] ?? s_nothing)) reading.Restarted++;
        (_cells[number], _scratch) = (_scratch, _cells[number] ?? new Tally());
    }

    private static void Fill(Durations to, in CellCopy copy)
    {
        (to.Timed, to.TotalNs, to.MaxNs) = (copy.Timed, copy.TotalNs, copy.MaxNs);
        if (copy.Timed == 0) return;
        fixed (ulong* bins = copy.Bins) to.Bins.Add(new ReadOnlySpan<ulong>(bins, HistogramLayout.BinCount));
    }

    private static TimeParts PartsOf(in CellCopy copy)
    {
        fixed (ulong* parts = copy.Parts) return WallClock.PartsOf(parts, copy.TotalNs);
    }

    // An open exit of which more will be known is not yet part of a row. Read after the cells, so that an exit which ends in between is
    // missed until the next reading, and never counted twice.
    private void AddOpen(ref kvmscope_slot slot, int number, GroupKey owner, Reading reading)
    {
        uint open = Volatile.Read(ref slot.open);
        if (OpenKeyOf(ref slot, open, owner)?.WithoutQualifier() is not { } key) return;
        if (IsKeyed(key.Code)) reading.Open.Add(new OpenExits(key, 1));
        if (_watch.AgeOf(ref slot, number, open) is var (ns, isAtLeast)) reading.Ages.Add(new OpenAge(key, 1, ns, isAtLeast));
    }

    // An exit with which its vCPU ended is counted with what is known of it, once: the slot is read until it is freed.
    private void AddFinal(ref kvmscope_slot slot, int number, GroupKey owner, Reading reading)
    {
        if (_hasFinal[number] || OpenKeyOf(ref slot, slot.open, owner) is not { } key) return;
        _hasFinal[number] = true;
        Row row = reading.Rows.RowOf(key);
        if (IsKeyed(key.Code)) row.Count++;
        row.Final++;
    }

    private void AddClock(ref kvmscope_slot slot, int number, GroupKey owner, Reading reading, bool isFinal)
    {
        WallClock clock = default;
        ulong handled = 0;
        for (int tries = 0; tries < MaxTries; tries++)
        {
            ulong start = Now();
            handled = Handled(ref slot, number);
            clock.Take(ref slot, Now, isFinal);
            if (isFinal || Now() - start < TooLongNs) break;
        }
        if (clock.WallNs == 0) return;
        SlotReading before = _slots[number].GetValueOrDefault();
        // Take its last time out of the row to which it belonged then, and add its time now to the row to which it belongs now.
        if (before.OpenKey is { } last) reading.Rows.RowOf(last).AddParts(default(TimeParts).Less(before.OpenParts));
        GroupKey? open = OpenKeyOf(ref slot, (uint)clock.Open, owner);
        if (open is { } key) reading.Rows.RowOf(key).AddParts(clock.OpenParts);
        ulong attributed = clock.Outside.Sum + handled + clock.OpenNs;
        clock.Outside[TimePart.Unattributed] = clock.WallNs > attributed ? clock.WallNs - attributed : 0;
        reading.AddTime(new VcpuTime(owner, unchecked(clock.WallNs - before.WallNs), clock.Outside.Less(before.Outside)));
        _slots[number] = new SlotReading(clock.WallNs, clock.Outside, open, clock.OpenParts);
    }

    // All handling times of the slot in ns: what its rows hold, and what happened since they were read, which the next reading shows.
    private ulong Handled(ref kvmscope_slot slot, int slotNumber)
    {
        ulong sum = _emptiedNs[slotNumber];
        ReadOnlySpan<uint> entries = MemoryMarshal.CreateReadOnlySpan(ref slot.index[0], IndexEntries);
        for (int at = Next(entries, 0); at < IndexEntries; at = Next(entries, at + 1))
        {
            uint number = Volatile.Read(ref slot.index[at]);
            if (number >= kvmscope_open.KVMSCOPE_FIRST_CELL && number < cells.Count) sum += Volatile.Read(ref cells[(int)number].total_ns);
        }
        uint extra = Volatile.Read(ref slot.extra);
        for (int i = 0; i < cells.Count && extra != 0 && extra < cells.Count; i++)
        {
            ref kvmscope_cell cell = ref cells[(int)extra];
            if (cell.kind != kvmscope_cell_kind.KVMSCOPE_CELL_ROUND) sum += Volatile.Read(ref cell.total_ns);
            extra = cell.next;
        }
        return sum;
    }

    private GroupKey? OpenKeyOf(ref kvmscope_slot slot, uint open, GroupKey owner)
    {
        if (open < kvmscope_open.KVMSCOPE_FIRST_CELL || open >= cells.Count) return null;
        ref kvmscope_cell cell = ref cells[(int)open];
        ExitCode code = new((Isa)cell.isa, cell.code);
        return owner with
        {
            Code = code,
            Level = (ExitLevel)cell.level,
            Qualifier = OpenQualifier(ref slot, code),
            Place = OpenPlace(ref slot),
        };
    }

    private Qualifier OpenQualifier(ref kvmscope_slot slot, ExitCode code) =>
        options.WantQualifiers && Qualifiers.KindOf(code) != QualifierKind.None && slot.qualifier_state
            is kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_KNOWN or kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_GUESS
            ? Qualifier.Of(slot.qualifier) : Qualifier.None;

    private Place? OpenPlace(ref kvmscope_slot slot)
    {
        bool hasPage = options.PageShift is not null && slot.page_state == kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_KNOWN;
        Qualifier rip = CellKeys.PartOf(slot.states, kvmscope_key_part.KVMSCOPE_KEY_RIP, slot.rip);
        return Place.Of(hasPage ? Qualifier.Of(slot.page) : default, options.WantRips ? rip : default);
    }

    private Accounting Since(Accounting now, List<Row> rows)
    {
        Accounting since = now.Less(_accounting);
        _accounting = now;
        return since.WithRows(rows);
    }

    private static OpenExits[] Regroup(List<OpenExits> open, RowTable rows) =>
        [.. open.GroupBy(o => rows.KeyOf(o.Key)).Select(g => new OpenExits(g.Key, (ulong)g.Count()))];

    private static VmIdentity[] NamedIn(Dictionary<int, VmIdentity> known, params ReadOnlySpan<IEnumerable<int>> numbers)
    {
        HashSet<int> named = [];
        foreach (IEnumerable<int> some in numbers) named.UnionWith(some);
        named.IntersectWith(known.Keys);
        return [.. named.Order().Select(vm => known[vm])];
    }

    // Tens of thousands: with room for all from the start.
    private static List<Row> Changed(IReadOnlyCollection<Row> all)
    {
        List<Row> rows = new(all.Count);
        foreach (Row row in all)
            if (row.HasAny) rows.Add(row);
        return rows;
    }

    private bool IsKeyed(ExitCode code) => (options.Parts & Qualifiers.PartsOf(code)) != ExitParts.None;

    private static ulong Now() => (ulong)MonotonicClock.NowNs();

    // Most of the index is 0: this search is vectorised.
    private static int Next(ReadOnlySpan<uint> entries, int from)
    {
        if (from >= IndexEntries) return IndexEntries;
        int found = entries[from..].IndexOfAnyExcept(0u);
        return found < 0 ? IndexEntries : from + found;
    }
}
