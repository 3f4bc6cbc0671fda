using System.Runtime.CompilerServices;
using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>A consistent copy of one cell, made while the BPF programs write it.</summary>
internal unsafe ref struct CellCopy
{
    private const int MaxTries = 1000;

    internal ulong Count;
    internal ulong Timed;
    internal ulong TotalNs;
    internal ulong MaxNs;
    internal fixed ulong Parts[kvmscope_part.KVMSCOPE_PARTS];
    internal fixed ulong Bins[HistogramLayout.BinCount];

    /// <summary>
    /// Copies until nothing changed during the copy: the writer sets `begun`, then `open`, adds, and sets `ended`. An exit
    /// that is open in this cell is counted nowhere else, so `open` of the slot must be the same before and after. A writer
    /// can be preempted in the middle (if this host is a guest): after <see cref="MaxTries"/> tries the copy is taken as it is.
    /// </summary>
    /// <param name="cell">The cell, in mapped memory.</param>
    /// <param name="number">Its number.</param>
    /// <param name="open">The slot's field `open`.</param>
    /// <returns>Whether the copy is consistent. If not, the count is right, and the rest may lack a part of the last exit.</returns>
    internal bool Take(ref kvmscope_cell cell, int number, ref uint open)
    {
        bool isConsistent = false;
        for (int tries = 0; tries < MaxTries && !isConsistent; tries++)
        {
            bool isOpen = Volatile.Read(ref open) == number;
            ulong ended = Volatile.Read(ref cell.ended);
            ulong untimed = Volatile.Read(ref cell.untimed);
            Timed = ended - Math.Min(untimed, ended);
            TotalNs = Volatile.Read(ref cell.total_ns);
            for (int i = 0; i < kvmscope_part.KVMSCOPE_PARTS; i++) Parts[i] = Volatile.Read(ref cell.parts[i]);
            fixed (ulong* from = cell.bins, to = Bins)
                Unsafe.CopyBlock(to, from, HistogramLayout.BinCount * sizeof(ulong));
            Interlocked.MemoryBarrier();
            ulong begun = Volatile.Read(ref cell.begun);
            isConsistent = begun == ended && Volatile.Read(ref open) == number == isOpen;
            // What has begun is an exit: a count must never decrease, not even in a copy that is not consistent.
            Count = Math.Max(begun, ended + (isOpen ? 1UL : 0));
        }
        // Set to 0, so that each reading has the maximum since the reading before.
        MaxNs = Volatile.Read(ref cell.max_ns) == 0 ? 0 : Interlocked.Exchange(ref cell.max_ns, 0);
        return isConsistent;
    }
}
