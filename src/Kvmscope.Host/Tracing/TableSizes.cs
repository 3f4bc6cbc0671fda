using Kvmscope.Core.Sources;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>How large the kernel side's tables are: bounded, from the host or from --max-vcpus.</summary>
/// <param name="MaxVcpus">vCPUs that can be held at once.</param>
/// <param name="ReasonCells">(vCPU, reason, level) combinations, all vCPUs together.</param>
/// <param name="CellRun">Cells of reasons that a CPU takes from the free list at a time.</param>
/// <param name="SharedCells">Cells for what exits of a reason share: the other qualifiers, the rounds.</param>
/// <param name="QualifiedCells">Cells of qualifiers.</param>
/// <param name="Threads">Threads of vCPUs that can be remembered; at least 1.</param>
public sealed record TableSizes(int MaxVcpus, int ReasonCells, int CellRun, int SharedCells = 0, int QualifiedCells = 0, int Threads = 1)
{
    /// <summary>Cells of reasons a vCPU on average, whatever else is wanted: a busy guest with a nested one has some 25 reasons at two levels.</summary>
    public const int CellsPerVcpu = 50;

    /// <summary>Qualifiers of a vCPU on average, all vCPUs together; a single one may have more (KVMSCOPE_MAX_QUALIFIED).</summary>
    public const int QualifiersPerVcpu = 96;

    /// <summary>Reasons of a vCPU with reflected exits, or with exits of other qualifiers, on average.</summary>
    public const int SharedPerVcpu = 16;

    /// <summary>
    /// Free entries of an LRU map that a CPU may keep to itself, and has until it needs them: LOCAL_FREE_TARGET of
    /// kernel/bpf/bpf_lru_list.c. Up to Linux 6.16 they are kept however small the map is, and a CPU that finds none evicts
    /// what others use (torvalds/linux d4adf1c9ee77, "bpf: Adjust free target to avoid global starvation of LRU map").
    /// </summary>
    public const int ThreadsKeptByCpu = 128;

    private const int SlowExitRing = 256 << 10;

    // An element of a hash or LRU map with a small key and value, and its bucket.
    private const long HashEntryBytes = 80;

    /// <summary>Sizes for a host.</summary>
    /// <param name="maxVcpus">What the user asked for, or null.</param>
    /// <param name="cpus">Possible CPUs of the host.</param>
    /// <param name="vcpusNow">vCPUs that run on it now.</param>
    /// <param name="options">What is asked for beside counts and times; null is nothing.</param>
    public static TableSizes For(int? maxVcpus, int cpus, int vcpusNow, TraceOptions? options = null)
    {
        int vcpus = Math.Clamp(maxVcpus ?? Math.Max(128, Math.Max(4 * cpus, 2 * vcpusNow + 64)), 1, TraceOptions.MostVcpus);
        bool qualifiers = options?.WantQualifiers == true;
        int cells = vcpus * CellsPerVcpu;
        int shared = vcpus * SharedPerVcpu * ((qualifiers ? 1 : 0) + (options?.WantNested == true ? 1 : 0));
        int threads = options?.WantWho == true ? 4 * vcpus + ThreadsKeptByCpu * cpus : 1;
        return new TableSizes(vcpus, cells, Math.Clamp(cells / (8 * cpus), 1, 64), shared, qualifiers ? vcpus * QualifiersPerVcpu : 0, threads);
    }

    /// <summary>Entries of the table of slots; slot 0 is nobody's.</summary>
    public int SlotEntries => MaxVcpus + 1;

    /// <summary>Cells of all three lists.</summary>
    public int Cells => ReasonCells + SharedCells + QualifiedCells;

    /// <summary>Entries of the table of cells; the first numbers are words (kvmscope_open).</summary>
    public int CellEntries => Cells + kvmscope_open.KVMSCOPE_FIRST_CELL;

    /// <summary>Entries of the free list of shared cells: as many runs as there are when all are free one by one, and no map is empty.</summary>
    public int SharedEntries => Math.Max(1, SharedCells);

    /// <summary>Entries of the free list of cells of qualifiers.</summary>
    public int QualifiedEntries => Math.Max(1, QualifiedCells);

    /// <summary>Entries of the table that finds cells of the two other lists.</summary>
    public int Extras => Math.Max(1, SharedCells + QualifiedCells);

    /// <summary>Addresses of vCPUs that have a slot, with room for those that could not be removed.</summary>
    public int VcpuToSlot => 2 * MaxVcpus;

    /// <summary>Bytes of the ring buffer of slow exits: a power of two.</summary>
    public int RingBytes => SlowExitRing;

    /// <summary>Cells that a CPU takes at a time of a list that has so many: as large a share of it as of the reasons'.</summary>
    internal int RunOf(int cells) => Math.Clamp((int)((long)CellRun * cells / ReasonCells), 1, CellRun);

    /// <summary>Bytes of kernel memory that the tables take, but for the kernel's own overhead.</summary>
    public unsafe long Bytes =>
        (long)CellEntries * sizeof(kvmscope_cell) + (long)SlotEntries * sizeof(kvmscope_slot)
        + (long)(Cells + MaxVcpus) * sizeof(kvmscope_run)
        + ((long)VcpuToSlot + kvmscope_limits.KVMSCOPE_MAX_UNTRACKED + Extras + Threads) * HashEntryBytes + RingBytes;
}
