using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>
/// Reads the mapped tables, whose counters are cumulative, and says what happened since the reading before: of each cell and each slot
/// it remembers what it last read. What vCPUs that ended leave behind is part of the next reading, and then forgotten.
/// </summary>
internal sealed unsafe class TableReader(MappedTable<kvmscope_slot> slots, MappedTable<kvmscope_cell> cells, VmDirectory vms, TraceOptions options)
{
    private const int IndexEntries = kvmscope_limits.KVMSCOPE_LEVELS * kvmscope_limits.KVMSCOPE_REASON_INDEXES;

    // A slot's chain, at most: its qualifiers, and for each of its usual reasons the rest and the rounds.
    private const int MostExtras = kvmscope_limits.KVMSCOPE_MAX_QUALIFIED + 2 * IndexEntries;

    // Longer than a slot takes to read: the reader lost its CPU meanwhile, and what it read does not belong together.
    private const ulong TooLongNs = 50_000;
    private const int MostTries = 5;

    private static readonly Tally s_nothing = new();

    private readonly Tally?[] _cells = new Tally?[cells.Count];
    private readonly SlotReading?[] _slots = new SlotReading?[slots.Count];
    private readonly Reading _ended = new(options.Finest);
    private SlotLosses _endedLosses;
    private Accounting _accounting = new();
    private List<OpenExits> _open = [];
    private Tally _scratch = new();

    /// <summary>What a slot said of its wall clock, and of the exit that was open, when it was last read.</summary>
    private readonly record struct SlotReading(ulong WallNs, TimeParts Outside, GroupKey? OpenKey, TimeParts OpenParts);

    /// <summary>What one reading adds up.</summary>
    private sealed class Reading(Grouping grouping)
    {
        internal RowTable Rows { get; } = new(grouping);

        internal Dictionary<GroupKey, VcpuTime> Times { get; } = [];

        internal Dictionary<int, VmIdentity> Vms { get; } = [];

        internal List<OpenExits> Open { get; } = [];

        internal int Restarted { get; set; }

        internal void AddTime(VcpuTime time)
        {
            GroupKey key = Rows.KeyOf(time.Key);
            ref VcpuTime sum = ref CollectionsMarshal.GetValueRefOrAddDefault(Times, key, out _);
            TimeParts parts = time.Parts;
            parts.Add(sum.Parts);
            sum = new VcpuTime(key, unchecked(sum.WallNs + time.WallNs), parts);
        }

        internal void Add(Reading other)
        {
            foreach (Row row in other.Rows.Rows) Rows.Add(row);
            foreach (VcpuTime time in other.Times.Values) AddTime(time);
            foreach (VmIdentity vm in other.Vms.Values) Vms.TryAdd(vm.Ordinal, vm);
            Restarted += other.Restarted;
        }

        internal void Clear()
        {
            Rows.Clear();
            Times.Clear();
            Vms.Clear();
            Restarted = 0;
        }
    }

    /// <summary>What happened since the reading before; its times and what was missing are left to the caller.</summary>
    /// <param name="grouping">How fine vCPUs are kept apart; no finer than the options' finest.</param>
    /// <param name="lost">The loss counters that belong to no slot, cumulative.</param>
    /// <param name="missedEvents">Events that the kernel passed over, cumulative.</param>
    internal Interval Read(Grouping grouping, kvmscope_losses lost, ulong missedEvents)
    {
        var reading = new Reading(grouping);
        reading.Add(_ended);
        _ended.Clear();
        SlotLosses losses = _endedLosses;
        for (int i = 1; i < slots.Count; i++)
        {
            ref var slot = ref slots[i];
            if (slot.tgid == 0) continue;
            losses.Add(ref slot);
            AddSlot(ref slot, i, reading, isFinal: false);
        }
        Row[] rows = [.. reading.Rows.Rows.Where(row => row.HasAny)];
        VcpuTime[] times = [.. reading.Times.Values.Where(time => time.WallNs != 0 || !time.Parts.IsZero)];
        OpenExits[] before = Regroup(_open, reading.Rows), after = Regroup(reading.Open, reading.Rows);
        _open = reading.Open;
        return new Interval
        {
            Changes = rows,
            TimeChanges = times,
            OpenBefore = before,
            OpenAfter = after,
            Vms = NamedIn(reading.Vms, rows.Select(r => r.Key).Concat(times.Select(t => t.Key)).Concat(before.Concat(after).Select(o => o.Key))),
            Accounting = Since(losses.ToAccounting(lost, missedEvents), rows),
            RestartedRows = reading.Restarted,
        };
    }

    /// <summary>Reads a slot for the last time: its vCPU is gone, and what is open now stays so.</summary>
    internal void End(ref kvmscope_slot slot, int number)
    {
        AddSlot(ref slot, number, _ended, isFinal: true);
        _endedLosses.Add(ref slot);
        _slots[number] = null;
    }

    /// <summary>Forgets a cell, which will be another's.</summary>
    internal void ForgetCell(int number) => _cells[number] = null;

    private void AddSlot(ref kvmscope_slot slot, int number, Reading reading, bool isFinal)
    {
        VmIdentity vm = vms.Of(slot.tgid, slot.kvm);
        reading.Vms.TryAdd(vm.Ordinal, vm);
        var owner = GroupKey.OfVcpu(vm.Ordinal, (int)slot.vcpu_id);
        AddIndexed(ref slot, owner, reading);
        if (slot.extra != 0) AddExtras(ref slot, owner, reading);
        if (options.WantQualifiers) AddOpen(ref slot, owner, reading, isFinal);
        if (options.WantSplit) AddClock(ref slot, number, owner, reading, isFinal);
    }

    private void AddIndexed(ref kvmscope_slot slot, GroupKey owner, Reading reading)
    {
        var entries = MemoryMarshal.CreateReadOnlySpan(ref slot.index[0], IndexEntries);
        CellCopy copy = default;
        uint nothing = 0;
        for (int at = Next(entries, 0); at < IndexEntries; at = Next(entries, at + 1))
        {
            int number = (int)Volatile.Read(ref slot.index[at]);
            if (number < kvmscope_open.KVMSCOPE_FIRST_CELL || number >= cells.Count) continue;
            ref var cell = ref cells[number];
            ExitCode code = new((Isa)cell.isa, cell.code);
            // An open exit whose qualifier is to be known at its end belongs to no row yet.
            ref uint open = ref IsQualified(code) ? ref nothing : ref slot.open;
            if (!HasChanged(ref cell, number, ref open)) continue;
            copy.Take(ref cell, number, ref open);
            if (copy.Count != 0) AddCell(owner with { Code = code, Level = (ExitLevel)cell.level }, number, copy, reading);
        }
    }

    private void AddExtras(ref kvmscope_slot slot, GroupKey owner, Reading reading)
    {
        CellCopy copy = default;
        uint nothing = 0;
        uint next = Volatile.Read(ref slot.extra);
        for (int i = 0; i < MostExtras && next != 0 && next < cells.Count; i++)
        {
            int number = (int)next;
            ref var cell = ref cells[number];
            next = cell.next;
            bool isRound = cell.kind == kvmscope_cell_kind.KVMSCOPE_CELL_ROUND;
            if (!isRound && !HasChanged(ref cell, number, ref nothing)) continue;
            copy.Take(ref cell, number, ref nothing);
            Qualifier qualifier = cell.kind switch
            {
                kvmscope_cell_kind.KVMSCOPE_CELL_QUALIFIED => Qualifier.Of(cell.qualifier),
                kvmscope_cell_kind.KVMSCOPE_CELL_OTHER => Qualifier.Other,
                _ => Qualifier.None,
            };
            GroupKey key = owner with { Code = new((Isa)cell.isa, cell.code), Level = (ExitLevel)cell.level, Qualifier = qualifier };
            if (!isRound && copy.Count != 0) AddCell(key, number, copy, reading);
            else if (isRound && copy.Parts[kvmscope_round.KVMSCOPE_ROUND_REFLECTED] != 0) AddRounds(key, number, copy, reading);
        }
    }

    // Most cells of most intervals are as they were: of these nothing is copied.
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
        TimeParts parts = default;
        ulong left = copy.TotalNs;
        for (int i = 0; i < kvmscope_part.KVMSCOPE_PARTS; i++)
        {
            ulong ns = Math.Min(left, copy.Parts[i]);
            parts[WallClock.PartOf(i)] = ns;
            left -= ns;
        }
        parts[TimePart.Kvm] = left;
        return parts;
    }

    // An exit that will have no end is one of what is known of it; another is in no row yet. Read after the cells, so that an exit which
    // ends meanwhile is missed until the next reading and never counted twice.
    private void AddOpen(ref kvmscope_slot slot, GroupKey owner, Reading reading, bool isFinal)
    {
        if (OpenKeyOf(ref slot, Volatile.Read(ref slot.open), owner) is not { } key || !IsQualified(key.Code)) return;
        if (isFinal) reading.Rows.RowOf(key).Count++;
        else reading.Open.Add(new OpenExits(key.WithoutQualifier(), 1));
    }

    private void AddClock(ref kvmscope_slot slot, int number, GroupKey owner, Reading reading, bool isFinal)
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
        SlotReading before = _slots[number].GetValueOrDefault();
        // The time that it had last in the row of what was known of it then; what it has now is in the row of what is known now.
        if (before.OpenKey is { } last) reading.Rows.RowOf(last).AddParts(default(TimeParts).Less(before.OpenParts));
        GroupKey? open = OpenKeyOf(ref slot, (uint)clock.Open, owner);
        if (open is { } key) reading.Rows.RowOf(key).AddParts(clock.OpenParts);
        ulong attributed = clock.Outside.Sum + handled + clock.OpenNs;
        clock.Outside[TimePart.Unattributed] = clock.WallNs > attributed ? clock.WallNs - attributed : 0;
        reading.AddTime(new VcpuTime(owner, unchecked(clock.WallNs - before.WallNs), clock.Outside.Less(before.Outside)));
        _slots[number] = new SlotReading(clock.WallNs, clock.Outside, open, clock.OpenParts);
    }

    // All handling times of the slot, ns: what its rows hold. Newer than the rows by what happened since, which the next reading shows.
    private ulong Handled(ref kvmscope_slot slot)
    {
        ulong sum = 0;
        var entries = MemoryMarshal.CreateReadOnlySpan(ref slot.index[0], IndexEntries);
        for (int at = Next(entries, 0); at < IndexEntries; at = Next(entries, at + 1))
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

    private GroupKey? OpenKeyOf(ref kvmscope_slot slot, uint open, GroupKey owner)
    {
        if (open < kvmscope_open.KVMSCOPE_FIRST_CELL || open >= cells.Count) return null;
        ref var cell = ref cells[(int)open];
        ExitCode code = new((Isa)cell.isa, cell.code);
        bool isKnown = IsQualified(code) && slot.qualifier_state is kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_KNOWN
            or kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_GUESS;
        return owner with { Code = code, Level = (ExitLevel)cell.level, Qualifier = isKnown ? Qualifier.Of(slot.qualifier) : Qualifier.None };
    }

    private Accounting Since(Accounting now, Row[] rows)
    {
        Accounting since = now.Less(_accounting);
        _accounting = now;
        return since.WithRows(rows);
    }

    private static OpenExits[] Regroup(List<OpenExits> open, RowTable rows) =>
        [.. open.GroupBy(o => rows.KeyOf(o.Key)).Select(g => new OpenExits(g.Key, (ulong)g.Count()))];

    private static VmIdentity[] NamedIn(Dictionary<int, VmIdentity> known, IEnumerable<GroupKey> keys) =>
        [.. keys.Select(key => key.Vm).Where(vm => vm >= 0).Distinct().Order().Select(vm => known.GetValueOrDefault(vm)).OfType<VmIdentity>()];

    private bool IsQualified(ExitCode code) => options.WantQualifiers && Qualifiers.KindOf(code) != QualifierKind.None;

    private static ulong Now() => (ulong)MonotonicClock.NowNs();

    // The index is mostly zeros: this search is vectorised.
    private static int Next(ReadOnlySpan<uint> entries, int from)
    {
        if (from >= IndexEntries) return IndexEntries;
        int found = entries[from..].IndexOfAnyExcept(0u);
        return found < 0 ? IndexEntries : from + found;
    }
}
