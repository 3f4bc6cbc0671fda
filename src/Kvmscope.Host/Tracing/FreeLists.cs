using System.Runtime.InteropServices;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>The free lists that the kernel side takes slots and cells from.</summary>
internal sealed unsafe class FreeLists(int slotsFd, int cellsFd)
{
    /// <summary>Puts all slots and cells on the lists; once, before attach.</summary>
    internal void Fill(TableSizes sizes)
    {
        for (int slot = 1; slot < sizes.SlotEntries; slot++) GiveSlot(slot);
        int left = sizes.Cells;
        for (int first = kvmscope_open.KVMSCOPE_FIRST_CELL; left > 0; first += sizes.CellRun, left -= sizes.CellRun)
            Push(cellsFd, first, Math.Min(sizes.CellRun, left));
    }

    /// <summary>Gives a slot back.</summary>
    internal void GiveSlot(int slot) => Push(slotsFd, slot, 1);

    /// <summary>Gives a cell back.</summary>
    internal void GiveCell(int cell) => Push(cellsFd, cell, 1);

    static void Push(int fd, int first, int count)
    {
        kvmscope_run run = new() { first = (uint)first, count = (uint)count };
        if (Interop.Libbpf.bpf_map_update_elem(fd, null, &run, 0) != 0)
            throw Errno.Error("cannot fill a free list", Marshal.GetLastPInvokeError());
    }
}
