using System.Runtime.InteropServices;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Interop;

namespace Kvmscope.Host.Tracing;

/// <summary>The free lists from which the BPF programs take slots, cells and sketches.</summary>
internal sealed unsafe class FreeLists : IFreeLists
{
    private readonly int _slotsFd, _sketchesFd;
    private readonly TableSizes _sizes;
    private readonly CellList[] _lists;

    /// <summary>A list of cells. Its cells are a range of numbers, so the number of a cell says which list it belongs to.</summary>
    /// <param name="Fd">The queue.</param>
    /// <param name="First">The first number.</param>
    /// <param name="End">The number after the last.</param>
    private sealed record CellList(int Fd, int First, int End);

    /// <param name="mapFd">Maps by name.</param>
    /// <param name="sizes">The sizes of the maps.</param>
    internal FreeLists(Func<string, int> mapFd, TableSizes sizes)
    {
        _slotsFd = mapFd("free_slots");
        _sketchesFd = mapFd("free_sketches");
        _sizes = sizes;
        int shared = kvmscope_open.KVMSCOPE_FIRST_CELL + sizes.ReasonCells, qualified = shared + sizes.SharedCells;
        _lists =
        [
            new(mapFd("free_reasons"), kvmscope_open.KVMSCOPE_FIRST_CELL, shared),
            new(mapFd("free_shared"), shared, qualified),
            new(mapFd("free_qualified"), qualified, qualified + sizes.QualifiedCells),
        ];
    }

    /// <summary>Fills all lists. Call it once, before attach.</summary>
    internal void Fill()
    {
        for (int slot = 1; slot < _sizes.SlotEntries; slot++) ReturnSlot(slot);
        for (int sketch = 1; sketch < _sizes.SketchEntries; sketch++) ReturnSketch(sketch);
        foreach (CellList list in _lists)
        {
            int run = _sizes.RunOf(list.End - list.First);
            for (int first = list.First; first < list.End; first += run) Push(list.Fd, first, Math.Min(run, list.End - first));
        }
    }

    /// <inheritdoc/>
    public void ReturnSlot(int slot) => Push(_slotsFd, slot, 1);

    /// <inheritdoc/>
    public void ReturnSketch(int sketch) => Push(_sketchesFd, sketch, 1);

    /// <inheritdoc/>
    public void ReturnCell(int cell) => Push(_lists.First(list => cell < list.End).Fd, cell, 1);

    private static void Push(int fd, int first, int count)
    {
        kvmscope_run run = new() { first = (uint)first, count = (uint)count };
        if (Interop.Libbpf.bpf_map_update_elem(fd, null, &run, 0) != 0)
            throw Errno.Error("cannot fill a free list", Marshal.GetLastPInvokeError());
    }
}

/// <summary>Takes back what vCPUs that ended had.</summary>
internal interface IFreeLists
{
    /// <summary>Puts a slot on its free list.</summary>
    void ReturnSlot(int slot);

    /// <summary>Puts a cell on the free list of its kind.</summary>
    void ReturnCell(int cell);

    /// <summary>Puts a sketch on its free list.</summary>
    void ReturnSketch(int sketch);
}
