using System.Numerics;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>The sizes of the tables of the BPF programs: fixed by the host's size or by --max-vcpus.</summary>
/// <param name="MaxVcpus">vCPUs that can have a slot at the same time.</param>
/// <param name="ReasonCells">Cells for (vCPU, reason, level), for all vCPUs together.</param>
/// <param name="CellRun">Cells for reasons that a CPU takes from the free list at a time.</param>
/// <param name="SharedCells">Cells that the exits of a reason share: for other qualifiers and for rounds.</param>
/// <param name="QualifiedCells">Cells for keys: qualifiers, pages, instructions.</param>
/// <param name="Threads">Threads of vCPUs that can be remembered, at least 1.</param>
/// <param name="Sketches">Sketches of the keys that found no cell, each for one vCPU, reason and level.</param>
/// <param name="CountsReturns">Whether returns to the VMM are counted.</param>
/// <param name="LastExits">Exits that are kept per vCPU.</param>
public sealed record TableSizes(
    int MaxVcpus, int ReasonCells, int CellRun, int SharedCells = 0, int QualifiedCells = 0, int Threads = 1, int Sketches = 0,
    bool CountsReturns = false, int LastExits = 0)
{
    /// <summary>Cells for reasons per vCPU on average: a busy guest with a nested guest has about 25 reasons at two levels.</summary>
    public const int CellsPerVcpu = 50;

    /// <summary>Keys per vCPU on average; a single reason of a vCPU can have KVMSCOPE_SHARE.</summary>
    public const int QualifiersPerVcpu = 96;

    /// <summary>Reasons per vCPU, on average, with more keys than cells.</summary>
    public const int SketchesPerVcpu = 6;

    /// <summary>Reasons with reflected exits, or with other qualifiers, per vCPU on average.</summary>
    public const int SharedPerVcpu = 16;

    /// <summary>
    /// Free entries of an LRU map that each CPU may reserve for itself: LOCAL_FREE_TARGET of kernel/bpf/bpf_lru_list.c.
    /// Up to Linux 6.16 a CPU reserves that many even in a small map, and a CPU that finds no free entry removes entries
    /// that others use (torvalds/linux d4adf1c9ee77, "bpf: Adjust free target to avoid global starvation of LRU map").
    /// </summary>
    public const int ThreadsKeptByCpu = 128;

    private const int SlowExitRing = 256 << 10;

    // One element of a hash or LRU map with a small key and value, and its bucket; and of the map of keys.
    private const long HashEntryBytes = 80, ExtraBytes = 104;

    /// <summary>Sizes for a host.</summary>
    /// <param name="maxVcpus">The number that the user gave, or null.</param>
    /// <param name="cpus">Possible CPUs of the host.</param>
    /// <param name="vcpusNow">vCPUs that the host has now.</param>
    /// <param name="options">What is wanted in addition to counts and times; null: nothing.</param>
    /// <param name="mostBytes">What the tables may take, unless the user gave the number.</param>
    public static TableSizes For(int? maxVcpus, int cpus, int vcpusNow, TraceOptions? options = null, long mostBytes = long.MaxValue)
    {
        long wanted = maxVcpus ?? Math.Max(128, Math.Max(4L * cpus, 2L * vcpusNow + 64));
        int vcpus = (int)Math.Clamp(wanted, 1, TraceOptions.MostVcpus);
        TableSizes sizes = Of(vcpus, cpus, options);
        if (maxVcpus is not null || sizes.Bytes <= mostBytes) return sizes;
        // The most that fits; at least one, which the check of memory refuses where not even that fits.
        int fits = 1;
        for (int beyond = vcpus; beyond - fits > 1;)
        {
            int middle = fits + (beyond - fits) / 2;
            if (Of(middle, cpus, options).Bytes <= mostBytes) fits = middle;
            else beyond = middle;
        }
        return Of(fits, cpus, options) with { Wanted = vcpus };
    }

    /// <summary>The vCPUs that there should be room for, where memory does not allow it; otherwise null.</summary>
    public int? Wanted { get; private init; }

    private static TableSizes Of(int vcpus, int cpus, TraceOptions? options)
    {
        bool qualifiers = options is { Parts: not ExitParts.None };
        int cells = vcpus * CellsPerVcpu;
        int shared = vcpus * SharedPerVcpu * ((qualifiers ? 1 : 0) + (options?.WantNested == true ? 1 : 0));
        int threads = options is { WantWho: true } or { FollowsRuns: true } ? 4 * vcpus + ThreadsKeptByCpu * cpus : 1;
        int qualified = qualifiers ? vcpus * QualifiersPerVcpu : 0;
        return new TableSizes(vcpus, cells, Math.Clamp(cells / (8 * cpus), 1, 64), shared, qualified, threads,
            qualifiers ? vcpus * SketchesPerVcpu : 0, options?.WantReturns == true, options?.LastExits ?? 0);
    }

    /// <summary>Entries of the table of slots; slot 0 is not used.</summary>
    public int SlotEntries => MaxVcpus + 1;

    /// <summary>Cells of all three lists.</summary>
    public int Cells => ReasonCells + SharedCells + QualifiedCells;

    /// <summary>Entries of the table of cells; the first numbers have special meanings (kvmscope_open).</summary>
    public int CellEntries => Cells + kvmscope_open.KVMSCOPE_FIRST_CELL;

    /// <summary>
    /// Entries of the free list of shared cells: one run per cell, because they may be freed one by one; at least 1, because a map cannot
    /// be empty.
    /// </summary>
    public int SharedEntries => Math.Max(1, SharedCells);

    /// <summary>Entries of the free list of cells for keys.</summary>
    public int QualifiedEntries => Math.Max(1, QualifiedCells);

    /// <summary>Entries of the table of sketches; number 0 is none.</summary>
    public int SketchEntries => Sketches + 1;

    /// <summary>Entries of the table in which the cells of the two other lists are found.</summary>
    public int Extras => Math.Max(1, SharedCells + QualifiedCells);

    /// <summary>Entries of the table from the address of a vCPU to its slot, with room for those that could not be removed.</summary>
    public int VcpuToSlot => 2 * MaxVcpus;

    /// <summary>Entries of the table of calls of KVM_RUN.</summary>
    public int VmmEntries => CountsReturns || LastExits > 0 ? SlotEntries : 1;

    /// <summary>Entries of the table of returns to the VMM.</summary>
    public int ReturnEntries => CountsReturns ? SlotEntries * kvmscope_limits.KVMSCOPE_RETURN_KINDS : 1;

    /// <summary>Entries of the table of the last exits.</summary>
    public int LastEntries => Math.Max(1, SlotEntries * LastPlaces(LastExits));

    /// <summary>The size of the ring of a vCPU's last exits: a power of two, or 0.</summary>
    public static int LastPlaces(int exits) => (int)BitOperations.RoundUpToPowerOf2((uint)exits);

    /// <summary>Bytes of the ring buffer of slow exits: a power of two.</summary>
    public int RingBytes => SlowExitRing;

    /// <summary>Sets the sizes of all maps before load.</summary>
    /// <param name="set">Sets the entries of a map.</param>
    internal void Set(Action<string, int> set)
    {
        set("cells", CellEntries);
        set("slots", SlotEntries);
        set("sketches", SketchEntries);
        set("vcpu_to_slot", VcpuToSlot);
        set("free_slots", MaxVcpus);
        set("free_reasons", ReasonCells);
        set("free_shared", SharedEntries);
        set("free_qualified", QualifiedEntries);
        set("free_sketches", SketchEntries);
        set("slow_exits", RingBytes);
        set("extras", Extras);
        set("threads", Threads);
        set("vmms", VmmEntries);
        set("return_cells", ReturnEntries);
        set("last_exits", LastEntries);
    }

    /// <summary>Cells that a CPU takes at a time from a list of this length: the same share as from the list for reasons.</summary>
    internal int RunOf(int cells) => Math.Clamp((int)((long)CellRun * cells / ReasonCells), 1, CellRun);

    /// <summary>Bytes of kernel memory that the tables take, without the kernel's own overhead.</summary>
    public unsafe long Bytes =>
        (long)CellEntries * sizeof(kvmscope_cell) + (long)SlotEntries * sizeof(kvmscope_slot)
        + (long)SketchEntries * sizeof(kvmscope_sketch) + (long)(Cells + MaxVcpus + SketchEntries) * sizeof(kvmscope_run)
        + ((long)VcpuToSlot + kvmscope_limits.KVMSCOPE_MAX_UNTRACKED + Threads) * HashEntryBytes + Extras * ExtraBytes
        + (long)VmmEntries * sizeof(kvmscope_vmm) + (long)ReturnEntries * sizeof(kvmscope_cell)
        + (long)LastEntries * sizeof(kvmscope_last) + RingBytes;
}
