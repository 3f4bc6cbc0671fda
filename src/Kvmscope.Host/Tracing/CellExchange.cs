using System.Runtime.CompilerServices;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>
/// Takes the cells of keys that are rare now and gives them to keys that are frequent (<see cref="KeyPriorities"/>), while the BPF programs
/// count. Nothing is lost: what a cell counted is read before it is emptied, and is part of the next interval.
/// </summary>
/// <remarks>
/// A cell has one writer: the program that handles an event of its vCPU. Only cells of keys change hands. No program keeps the number of
/// such a cell from one event to the next, except as a hint (`recent_cell`), and a hint is used only if the cell says that it has the key
/// (is_cell_of() in bpf/keys.bpf.h); `open` of a slot and the index name only the reasons' own cells, which stay. So:
///
/// 1. The cell's entry in `extras` is removed and its `head` set to 0: no program that begins from now on finds it.
/// 2. The wait: programs that had found it before have ended. Nobody writes the cell any more, and its counters are complete.
/// 3. It is read for the last time, emptied, and gets its new key, still without `head`.
/// 4. Another wait: a program that compared the old key when the wait was over has ended too, and cannot see the new `head` with it. (x86
///    would not need this, as it does not reorder reads.)
/// 5. The new entry is put into `extras`, and `head` is set. If the vCPU found a free cell for this key meanwhile, the entry is there
///    already: then the cell stays without a key, for the next time.
///
/// The list of a slot's cells (`extra`, `next`) is walked by user space only. A program puts new cells in front of it, and does not change
/// `next` of a cell that is in it. So user space can take out every cell except the first, and put one in behind the first.
/// All of this runs in the thread that reads and sweeps.
/// </remarks>
internal sealed unsafe class CellExchange(
    MappedTable<kvmscope_slot> slots, MappedTable<kvmscope_cell> cells, MappedTable<kvmscope_sketch> sketches,
    MappedTable<kvmscope_control> control, TableReader reader, int extrasFd, Action waitForPrograms)
{
    // What was counted in each cell when it was looked at last.
    private readonly ulong[] _ended = new ulong[cells.Count];
    private readonly Dictionary<int, ulong> _reasons = [];
    private readonly List<HeldKey> _held = [];
    private readonly List<WaitingKey> _waiting = [];
    private readonly List<(int Sketch, int At)> _counters = [];

    /// <summary>Looks at what was counted since the last time, and exchanges.</summary>
    /// <returns>How many cells changed hands.</returns>
    internal int Run()
    {
        if (sketches.Count <= 1) return 0;
        _held.Clear();
        _waiting.Clear();
        _counters.Clear();
        for (int i = 1; i < slots.Count; i++)
            if (slots[i] is { extra: not 0, vcpu: not 0, ended: 0 }) Survey(ref slots[i], i);
        IReadOnlyList<(HeldKey From, WaitingKey To)> decided = KeyPriorities.Decide(_held, _waiting);
        if (decided.Count > 0) Exchange(decided);
        Interlocked.Increment(ref control[0].sketch_round);
        return decided.Count;
    }

    private void Survey(ref kvmscope_slot slot, int number)
    {
        _reasons.Clear();
        int firstHeld = _held.Count;
        uint first = Volatile.Read(ref slot.extra), next = first;
        for (int i = 0; i < cells.Count && next != 0 && next < cells.Count; i++)
        {
            ref kvmscope_cell cell = ref cells[(int)next];
            int head = (int)cell.head;
            if (cell.kind != kvmscope_cell_kind.KVMSCOPE_CELL_ROUND)
            {
                ulong exits = Since((int)next);
                if (head >= kvmscope_open.KVMSCOPE_FIRST_CELL && head < cells.Count)
                    _reasons[head] = exits + (_reasons.TryGetValue(head, out ulong sum) ? sum : Since(head));
                if (cell.kind == kvmscope_cell_kind.KVMSCOPE_CELL_QUALIFIED)
                    _held.Add(new HeldKey((int)next, number, head, exits, 0, CanMove: next != first));
            }
            next = cell.next;
        }
        for (int i = firstHeld; i < _held.Count; i++)
            _held[i] = _held[i] with { ReasonExits = _reasons.GetValueOrDefault(_held[i].Reason) };
        foreach ((int head, ulong exits) in _reasons) AddWaiting(head, number, exits);
    }

    private ulong Since(int number)
    {
        ulong ended = Volatile.Read(ref cells[number].ended), before = _ended[number];
        _ended[number] = ended;
        // A cell that was given back has another owner and begins at 0.
        return ended >= before ? ended - before : ended;
    }

    private void AddWaiting(int head, int slot, ulong exits)
    {
        int number = (int)cells[head].sketch;
        if (number <= 0 || number >= sketches.Count) return;
        ref kvmscope_sketch sketch = ref sketches[number];
        if (sketch.round != control[0].sketch_round) return;
        for (int i = 0; i < kvmscope_limits.KVMSCOPE_SKETCH_KEYS; i++)
        {
            if (sketch.count[i] <= sketch.floor) continue;
            // What was taken from all counters in this round may have been this key's.
            _waiting.Add(new WaitingKey(_counters.Count, slot, head, sketch.count[i] - sketch.began, exits));
            _counters.Add((number, i));
        }
    }

    private void Exchange(IReadOnlyList<(HeldKey From, WaitingKey To)> decided)
    {
        foreach ((HeldKey from, _) in decided) TakeAway(from);
        waitForPrograms();
        foreach ((HeldKey from, WaitingKey to) in decided) GiveKey(from, to);
        waitForPrograms();
        foreach ((HeldKey from, WaitingKey to) in decided) Publish(from, to.Reason);
    }

    private void TakeAway(HeldKey from)
    {
        if (from.Reason == 0) return;
        ref kvmscope_cell cell = ref cells[from.Cell];
        kvmscope_extra entry = CellKeys.EntryOf(ref cell, cell.head);
        Interop.Libbpf.bpf_map_delete_elem(extrasFd, &entry);
        Volatile.Write(ref cell.head, 0);
    }

    private void GiveKey(HeldKey from, WaitingKey to)
    {
        ref kvmscope_cell cell = ref cells[from.Cell];
        reader.Empty(ref slots[from.Vcpu], from.Vcpu, from.Cell);
        uint next = cell.next;
        Unsafe.InitBlockUnaligned(ref Unsafe.As<kvmscope_cell, byte>(ref cell), 0, (uint)sizeof(kvmscope_cell));
        cell.next = next;
        _ended[from.Cell] = 0;
        ref kvmscope_cell head = ref cells[to.Reason];
        (cell.code, cell.slot, cell.isa, cell.level) = (head.code, head.slot, head.isa, head.level);
        cell.kind = kvmscope_cell_kind.KVMSCOPE_CELL_QUALIFIED;
        (int number, int at) = _counters[to.Id];
        ref kvmscope_sketch sketch = ref sketches[number];
        (cell.states, cell.qualifier, cell.page, cell.rip) = (sketch.states[at], sketch.qualifier[at], sketch.page[at], sketch.rip[at]);
        if (from.Vcpu != to.Vcpu) Move(from.Cell, from.Vcpu, to.Vcpu);
    }

    private void Move(int number, int from, int to)
    {
        uint before = slots[from].extra;
        for (int i = 0; i < cells.Count && cells[(int)before].next != number; i++) before = cells[(int)before].next;
        cells[(int)before].next = cells[number].next;
        ref kvmscope_cell first = ref cells[(int)Volatile.Read(ref slots[to].extra)];
        cells[number].next = first.next;
        first.next = (uint)number;
    }

    private void Publish(HeldKey from, int head)
    {
        ref kvmscope_cell cell = ref cells[from.Cell];
        kvmscope_extra entry = CellKeys.EntryOf(ref cell, (uint)head);
        uint number = (uint)from.Cell;
        const ulong NoExist = 1; // BPF_NOEXIST
        bool isTaken = Interop.Libbpf.bpf_map_update_elem(extrasFd, &entry, &number, NoExist) != 0;
        // Not before now: with room in its share, the old key would have taken a free cell.
        if (from.Reason != 0) cells[from.Reason].given++;
        if (isTaken) return;
        cells[head].given--;
        Volatile.Write(ref cell.head, (uint)head);
    }
}
