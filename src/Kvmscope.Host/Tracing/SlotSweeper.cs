using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>
/// Frees the slots of vCPUs that ended, in two sweeps. The first sweep unlinks a slot, so that no program that starts later
/// can find it. At the next sweep, no program that found it before can still be running: the slot is read for the last
/// time, cleared, and put on the free list.
/// </summary>
internal sealed unsafe class SlotSweeper(
    MappedTable<kvmscope_slot> slots, MappedTable<kvmscope_cell> cells, MappedTable<kvmscope_sketch> sketches, TableReader reader,
    VmDirectory vms, IFreeLists free, int vcpuToSlotFd, int extrasFd, int threadsFd, Func<int, bool> isAlive, Func<int, bool> holdsVcpus,
    LastReader? last = null)
{
    private readonly List<int> _unlinked = [];
    private readonly Dictionary<uint, bool> _alive = [];

    /// <summary>One sweep. Returns whether slots were freed.</summary>
    internal bool Sweep()
    {
        bool returned = _unlinked.Count > 0;
        foreach (int slot in _unlinked) ReturnSlot(slot);
        _unlinked.Clear();
        Unlink();
        vms.ForgetEnded(isAlive);
        return returned;
    }

    private void Unlink()
    {
        _alive.Clear();
        int used = 0;
        for (int i = 1; i < slots.Count; i++)
            if (slots[i].tgid != 0) used++;
        bool isScarce = used > slots.Count / 4 * 3;
        for (int i = 1; i < slots.Count; i++)
        {
            ref kvmscope_slot slot = ref slots[i];
            if (slot.tgid == 0) continue;
            vms.Of(i);
            if (slot.ended == 0 && IsAlive(slot.tgid, isScarce)) continue;
            if (slot.ended == 0) ForgetAddress(ref slot, i);
            _unlinked.Add(i);
        }
    }

    private bool IsAlive(uint tgid, bool isScarce)
    {
        if (_alive.TryGetValue(tgid, out bool alive)) return alive;
        // Reading the file descriptors of a process costs more than asking whether it is alive: only when slots are scarce.
        alive = isAlive((int)tgid) && (!isScarce || holdsVcpus((int)tgid));
        _alive.Add(tgid, alive);
        return alive;
    }

    private void ForgetAddress(ref kvmscope_slot slot, int number)
    {
        ulong vcpu = slot.vcpu;
        Volatile.Write(ref slot.vcpu, 0);
        uint found;
        if (vcpu != 0 && Interop.Libbpf.bpf_map_lookup_elem(vcpuToSlotFd, &vcpu, &found) == 0 && found == number)
            Interop.Libbpf.bpf_map_delete_elem(vcpuToSlotFd, &vcpu);
    }

    private void ReturnSlot(int number)
    {
        ref kvmscope_slot slot = ref slots[number];
        reader.End(ref slot, number);
        last?.End(ref slot, number);
        const int IndexEntries = kvmscope_limits.KVMSCOPE_LEVELS * kvmscope_limits.KVMSCOPE_REASON_INDEXES;
        ReadOnlySpan<uint> entries = MemoryMarshal.CreateReadOnlySpan(ref slot.index[0], IndexEntries);
        foreach (uint cell in entries)
        {
            if (cell < kvmscope_open.KVMSCOPE_FIRST_CELL || cell >= cells.Count) continue;
            ReturnSketch((int)cells[(int)cell].sketch);
            ReturnCell((int)cell);
        }
        ReturnExtras(slot.extra);
        ForgetThread(slot.tid, number);
        ForgetThread(slot.user_tid, number);
        if (vms.Release(number) is { } ended) reader.EndVm(ended);
        Clear(ref slot);
        free.ReturnSlot(number);
    }

    private void ReturnExtras(uint number)
    {
        while (number != 0 && number < cells.Count)
        {
            ref kvmscope_cell cell = ref cells[(int)number];
            kvmscope_extra key = CellKeys.EntryOf(ref cell, cell.head);
            Interop.Libbpf.bpf_map_delete_elem(extrasFd, &key);
            uint next = cell.next;
            ReturnCell((int)number);
            number = next;
        }
    }

    private void ReturnCell(int number)
    {
        reader.ForgetCell(number);
        Clear(ref cells[number]);
        free.ReturnCell(number);
    }

    private void ReturnSketch(int number)
    {
        if (number <= 0 || number >= sketches.Count) return;
        Clear(ref sketches[number]);
        free.ReturnSketch(number);
    }

    private void ForgetThread(uint tid, int number)
    {
        // thread_entry() of bpf/slots.bpf.h: the upper half says since when.
        ulong entry;
        if (tid != 0 && Interop.Libbpf.bpf_map_lookup_elem(threadsFd, &tid, &entry) == 0 && (uint)entry == number)
            Interop.Libbpf.bpf_map_delete_elem(threadsFd, &tid);
    }

    private static void Clear<T>(ref T value) where T : unmanaged =>
        Unsafe.InitBlockUnaligned(ref Unsafe.As<T, byte>(ref value), 0, (uint)sizeof(T));
}
