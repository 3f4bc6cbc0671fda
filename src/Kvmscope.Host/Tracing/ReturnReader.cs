using System.Runtime.CompilerServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>
/// Reads the tables of returns to the VMM, whose counters are cumulative, and gives what happened since the reading before. They belong to
/// slots: what a vCPU that ended leaves is read once more, and then forgotten.
/// </summary>
/// <param name="vmms">By slot.</param>
/// <param name="cells">By slot and kind of return.</param>
internal sealed class ReturnReader(MappedTable<kvmscope_vmm> vmms, MappedTable<kvmscope_cell> cells)
{
    private const int Kinds = kvmscope_limits.KVMSCOPE_RETURN_KINDS;

    private static readonly Tally s_nothing = new();

    private readonly Tally?[] _before = new Tally?[cells.Count];
    private Tally _scratch = new();

    /// <summary>Adds what happened in a slot since the reading before.</summary>
    internal unsafe void Add(int slot, GroupKey owner, Reading reading)
    {
        ref kvmscope_vmm vmm = ref vmms[slot];
        uint used = Math.Min(Volatile.Read(ref vmm.used), Kinds);
        CellCopy copy = default;
        for (int i = 0; i < used; i++)
        {
            int at = slot * Kinds + i;
            copy.Take(ref cells[at], kvmscope_open.KVMSCOPE_FIRST_CELL + i, ref vmm.open);
            if (copy.Count == 0) continue;
            _scratch.Clear();
            (_scratch.Count, _scratch.Timed, _scratch.TotalNs, _scratch.MaxNs) = (copy.Count, copy.Timed, copy.TotalNs, copy.MaxNs);
            if (copy.Timed != 0) _scratch.Bins.Add(new ReadOnlySpan<ulong>(copy.Bins, HistogramLayout.BinCount));
            VmmReturns row = reading.Returns.RowOf(new ReturnKey(owner.Vm, owner.Vcpu, new VmmReason((int)vmm.kinds[i])));
            if (!row.AddDifference(_scratch, _before[at] ?? s_nothing)) reading.Restarted++;
            (_before[at], _scratch) = (_scratch, _before[at] ?? new Tally());
        }
        reading.States.Add(StateOf(ref vmm, owner));
    }

    /// <summary>Returns of a slot that were not counted, since it was taken.</summary>
    internal ulong Lost(int slot) => Volatile.Read(ref vmms[slot].lost);

    /// <summary>Empties what belongs to a slot, which will have another owner.</summary>
    internal void Forget(int slot)
    {
        for (int at = slot * Kinds; at < (slot + 1) * Kinds; at++)
        {
            if (_before[at] is null) continue;
            _before[at] = null;
            Clear(ref cells[at]);
        }
        Clear(ref vmms[slot]);
    }

    private static VcpuState StateOf(ref kvmscope_vmm vmm, GroupKey owner)
    {
        while (true)
        {
            uint open = Volatile.Read(ref vmm.open);
            ulong since = Volatile.Read(ref vmm.since_ns);
            if (open != Volatile.Read(ref vmm.open)) continue;
            return new VcpuState(owner.Vm, owner.Vcpu, PlaceOf(open), open == kvmscope_vmm_open.KVMSCOPE_VMM_FRESH ? 0 : (long)since);
        }
    }

    /// <summary>Where a vCPU is, by `open`.</summary>
    internal static VcpuPlace PlaceOf(uint open) => open switch
    {
        kvmscope_vmm_open.KVMSCOPE_VMM_FRESH => VcpuPlace.Unknown,
        kvmscope_vmm_open.KVMSCOPE_VMM_RUN => VcpuPlace.KvmRun,
        _ => VcpuPlace.Vmm,
    };

    private static unsafe void Clear<T>(ref T value) where T : unmanaged =>
        Unsafe.InitBlockUnaligned(ref Unsafe.As<T, byte>(ref value), 0, (uint)sizeof(T));
}
