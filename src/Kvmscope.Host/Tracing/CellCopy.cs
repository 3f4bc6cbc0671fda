using System.Runtime.CompilerServices;
using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>A consistent copy of one cell, taken while the kernel side writes it.</summary>
internal unsafe ref struct CellCopy
{
    const int MostTries = 1000;

    internal ulong Count;
    internal ulong Timed;
    internal ulong TotalNs;
    internal ulong MaxNs;
    internal fixed ulong Bins[HistogramLayout.BinCount];

    /// <summary>
    /// Copies until no duration was being added meanwhile: the writer sets `begun`, adds, and sets `timed`. A writer that
    /// is itself preempted in between (this host being a guest) is given up on after a while: then one duration may be
    /// in the total and not yet in the histogram, or the other way round.
    /// </summary>
    /// <param name="cell">The cell, in mapped memory.</param>
    /// <param name="takeMax">Exchange the largest duration for 0, so that the next read has its own.</param>
    internal void Take(ref kvmscope_cell cell, bool takeMax)
    {
        for (int tries = 0; tries < MostTries; tries++)
        {
            Timed = Volatile.Read(ref cell.timed);
            TotalNs = Volatile.Read(ref cell.total_ns);
            fixed (ulong* from = cell.bins, to = Bins)
                Unsafe.CopyBlock(to, from, HistogramLayout.BinCount * sizeof(ulong));
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref cell.begun) == Timed) break;
        }
        Count = Volatile.Read(ref cell.count);
        MaxNs = !takeMax || Volatile.Read(ref cell.max_ns) == 0 ? Volatile.Read(ref cell.max_ns) : Interlocked.Exchange(ref cell.max_ns, 0);
    }
}
