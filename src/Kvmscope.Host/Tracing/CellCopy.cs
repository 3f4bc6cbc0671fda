using System.Runtime.CompilerServices;
using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>A consistent copy of one cell, taken while the kernel side writes it.</summary>
internal unsafe ref struct CellCopy
{
    private const int MostTries = 1000;

    internal ulong Count;
    internal ulong Timed;
    internal ulong TotalNs;
    internal ulong MaxNs;
    internal fixed ulong Parts[kvmscope_part.KVMSCOPE_PARTS];
    internal fixed ulong Bins[HistogramLayout.BinCount];

    /// <summary>
    /// Copies until nothing moved meanwhile: the writer sets `begun`, then `open`, adds, and sets `ended`; and an exit that
    /// is open in this cell is one that is counted nowhere else, so the slot must say the same before and after. A writer
    /// that is itself preempted half-way (this host being a guest) is given up on after a while.
    /// </summary>
    /// <param name="cell">The cell, in mapped memory.</param>
    /// <param name="number">Its number.</param>
    /// <param name="open">The slot's word for what is open.</param>
    /// <returns>Whether all belongs together; else the count is right, and the rest may lack a part of the last exit.</returns>
    internal bool Take(ref kvmscope_cell cell, int number, ref uint open)
    {
        bool isConsistent = false;
        for (int tries = 0; tries < MostTries && !isConsistent; tries++)
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
            // What was begun meanwhile was an exit: a count must never run backwards, not even where this is given up.
            Count = Math.Max(begun, ended + (isOpen ? 1UL : 0));
        }
        // Exchanged, so that each snapshot has the maximum since the one before.
        MaxNs = Volatile.Read(ref cell.max_ns) == 0 ? 0 : Interlocked.Exchange(ref cell.max_ns, 0);
        return isConsistent;
    }
}
