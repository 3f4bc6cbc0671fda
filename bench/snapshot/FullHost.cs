using System.Runtime.InteropServices;
using Kvmscope.Core.Model;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Contract;

namespace Kvmscope.SnapshotBench;

/// <summary>
/// The tables of a full host: every vCPU has made exits for every reason at both levels. Written as the BPF programs write them.
/// </summary>
internal sealed class FullHost(MappedTable<kvmscope_slot> slots, MappedTable<kvmscope_cell> cells)
{
    internal const int Vcpus = 1024, Reasons = 25, Levels = 2;
    private const int VcpusOfVm = 32;

    // No process has this number, so its name is not looked up repeatedly.
    private const int FirstPid = 5_000_000;

    /// <summary>Codes of SVM that a busy guest makes.</summary>
    private static readonly ulong[] s_codes =
    [
        0x00, 0x04, 0x10, 0x14, 0x20, 0x27, 0x41, 0x4e, 0x52, 0x60, 0x61, 0x64, 0x6e, 0x72, 0x75, 0x77, 0x78, 0x79, 0x7b,
        0x7c, 0x81, 0x8a, 0x8d, 0x400, 0x401,
    ];

    /// <summary>Gives each vCPU a slot, and each slot its cells.</summary>
    internal void Fill()
    {
        int number = kvmscope_open.KVMSCOPE_FIRST_CELL;
        for (int vcpu = 0; vcpu < Vcpus; vcpu++)
        {
            int vm = vcpu / VcpusOfVm;
            ref kvmscope_slot slot = ref slots[1 + vcpu];
            slot.vcpu = 0xffff_8880_0000_0000 + (ulong)vcpu * 0x4000;
            slot.kvm = 0xffff_c900_0000_0000 + (ulong)vm * 0x10000;
            slot.tgid = (uint)(FirstPid + vm);
            slot.tid = (uint)(FirstPid + 1000 + vcpu);
            slot.vcpu_id = (uint)(vcpu % VcpusOfVm);
            slot.open = kvmscope_open.KVMSCOPE_OPEN_RUNNING;
            Span<uint> index = MemoryMarshal.Cast<kvmscope_slot, uint>(new Span<kvmscope_slot>(ref slot));
            index = index[^(Levels * kvmscope_limits.KVMSCOPE_REASON_INDEXES)..];
            for (int level = 0; level < Levels; level++)
                foreach (ulong code in s_codes)
                {
                    ref kvmscope_cell cell = ref cells[number];
                    cell.code = code;
                    cell.slot = (uint)(1 + vcpu);
                    cell.isa = kvmscope_isa.KVMSCOPE_ISA_SVM;
                    cell.level = (byte)(1 + level);
                    index[level * kvmscope_limits.KVMSCOPE_REASON_INDEXES + ReasonIndex(code)] = (uint)number++;
                }
        }
    }

    /// <summary>The exits of one interval in every cell: durations in about 12 bins, which depend on the reason.</summary>
    internal void RunGuests()
    {
        const int Cells = Vcpus * Reasons * Levels;
        for (int i = 0; i < Cells; i++)
        {
            ref kvmscope_cell cell = ref cells[kvmscope_open.KVMSCOPE_FIRST_CELL + i];
            Span<ulong> bins = MemoryMarshal.Cast<kvmscope_cell, ulong>(new Span<kvmscope_cell>(ref cell))[^HistogramLayout.BinCount..];
            int first = 16 + i % Reasons;
            for (int bin = first; bin < first + 12; bin++)
            {
                ulong count = (ulong)(1 + (i + bin) % 7);
                bins[bin] += count;
                cell.ended += count;
                cell.total_ns += count * HistogramLayout.LowNs(bin);
            }

            cell.begun = cell.ended;
            cell.max_ns = HistogramLayout.LowNs(first + 11);
        }
    }

    /// <summary>reason_index() of bpf/x86/kvm_compat.bpf.h, for the codes above.</summary>
    private static int ReasonIndex(ulong code) =>
        code < 0x400 ? (int)code : (int)(code - 0x400) + kvmscope_limits.KVMSCOPE_REASON_INDEX_HIGH;
}
