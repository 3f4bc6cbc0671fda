using System.Diagnostics;
using System.Runtime.InteropServices;
using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

public sealed unsafe class CellCopyTests
{
    private const uint Cell = kvmscope_open.KVMSCOPE_FIRST_CELL + 5;

    // All durations are the same, so the sums in a copy follow from its count.
    private const ulong Ns = 3000;

    private sealed class Memory : IDisposable
    {
        internal readonly kvmscope_cell* At = (kvmscope_cell*)NativeMemory.AllocZeroed((nuint)sizeof(kvmscope_cell));
        internal readonly uint* Open = (uint*)NativeMemory.AllocZeroed(64);

        internal CellCopyValues Copy()
        {
            CellCopy copy = default;
            bool isConsistent = copy.Take(ref *At, (int)Cell, ref *Open);
            ulong bins = 0;
            for (int i = 0; i < HistogramLayout.BinCount; i++) bins += copy.Bins[i];
            return new(copy.Count, copy.Timed, copy.TotalNs, copy.MaxNs, bins, isConsistent);
        }

        public void Dispose()
        {
            NativeMemory.Free(At);
            NativeMemory.Free(Open);
        }
    }

    private readonly record struct CellCopyValues(ulong Count, ulong Timed, ulong TotalNs, ulong MaxNs, ulong Bins, bool IsConsistent);

    [Fact]
    public void An_exit_that_is_open_in_this_cell_is_counted()
    {
        using Memory memory = new();
        memory.At->untimed = 3;
        memory.At->begun = memory.At->ended = 7;
        Assert.Equal(7UL, memory.Copy().Count);
        *memory.Open = Cell;
        Assert.Equal(8UL, memory.Copy().Count);
        foreach (uint other in new[] { Cell + 1, 0u, (uint)kvmscope_open.KVMSCOPE_OPEN_RUNNING, (uint)kvmscope_open.KVMSCOPE_OPEN_SKIPPED })
        {
            *memory.Open = other;
            Assert.Equal(7UL, memory.Copy().Count);
        }
    }

    [Fact]
    public void The_maximum_is_given_once()
    {
        using Memory memory = new();
        memory.At->max_ns = 9;
        Assert.Equal((9UL, 0UL), (memory.Copy().MaxNs, memory.Copy().MaxNs));
    }

    [Fact]
    public void A_writer_that_stopped_halfway_does_not_block_the_reader()
    {
        using Memory memory = new();
        memory.At->begun = 5;
        memory.At->ended = 4;
        CellCopyValues copy = memory.Copy();
        // The exit that is being added was counted while it was open, and still is.
        Assert.Equal((5UL, 4UL, false), (copy.Count, copy.Timed, copy.IsConsistent));
    }

    [Fact]
    public void Copies_are_consistent_while_a_thread_writes()
    {
        using Memory memory = new();
        using CancellationTokenSource stop = new();
        ulong written = 0;
        // handle_exit() and handle_entry() of bpf/pairing.bpf.h: one vCPU, one reason.
        Thread writer = new(() =>
        {
            ref kvmscope_cell cell = ref *memory.At;
            int bin = HistogramLayout.BinOf(Ns);
            while (!stop.IsCancellationRequested)
            {
                Volatile.Write(ref *memory.Open, Cell);
                written++;
                Thread.SpinWait(5);
                Volatile.Write(ref cell.begun, cell.ended + 1);
                Volatile.Write(ref *memory.Open, kvmscope_open.KVMSCOPE_OPEN_RUNNING);
                Volatile.Write(ref cell.total_ns, cell.total_ns + Ns);
                if (Volatile.Read(ref cell.max_ns) < Ns) Volatile.Write(ref cell.max_ns, Ns);
                Volatile.Write(ref cell.bins[bin], cell.bins[bin] + 1);
                Volatile.Write(ref cell.ended, cell.ended + 1);
                Thread.SpinWait(5);
            }
        });
        writer.Start();
        ulong consistent = 0;
        try
        {
            ulong before = 0;
            for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1);)
            {
                CellCopyValues copy = memory.Copy();
                Assert.InRange(copy.Count, copy.Timed, copy.IsConsistent ? copy.Timed + 1 : ulong.MaxValue);
                Assert.True(copy.Count >= before, $"{copy.Count} after {before}");
                before = copy.Count;
                // The writer is a thread, and can be preempted in the middle.
                if (!copy.IsConsistent) continue;
                Assert.Equal((copy.Timed, Ns * copy.Timed), (copy.Bins, copy.TotalNs));
                consistent++;
            }
        }
        finally
        {
            stop.Cancel();
            writer.Join();
        }
        Assert.True(consistent > 0);
        Assert.Equal(written, memory.Copy().Count);
    }
}
