using Kvmscope.Core.Tracing;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>How large the kernel side's tables are: bounded, from the host or from --max-vcpus.</summary>
/// <param name="MaxVcpus">vCPUs that can be held at once.</param>
/// <param name="Cells">(vCPU, reason, level) combinations, all vCPUs together.</param>
/// <param name="CellRun">Cells that a CPU takes from the free list at a time.</param>
/// <param name="Extras">Cells among them that are of a qualifier or count rounds; at least 1.</param>
/// <param name="Threads">Threads of vCPUs that can be remembered; at least 1.</param>
public sealed record TableSizes(int MaxVcpus, int Cells, int CellRun, int Extras = 1, int Threads = 1)
{
    /// <summary>The most vCPUs that --max-vcpus may ask for.</summary>
    public const int MostVcpus = 1 << 16;

    /// <summary>Cells a vCPU on average: a busy guest with a nested one has some 25 reasons at two levels.</summary>
    public const int CellsPerVcpu = 50;

    /// <summary>Qualifiers of a vCPU on average, all vCPUs together; a single one may have more (KVMSCOPE_MAX_QUALIFIED).</summary>
    const int QualifiersPerVcpu = 96;

    /// <summary>Reasons of a vCPU with reflected exits, or with exits of other qualifiers, on average.</summary>
    const int SharedPerVcpu = 16;

    /// <summary>
    /// Free entries of an LRU map that a CPU may keep to itself, and has until it needs them: LOCAL_FREE_TARGET of
    /// kernel/bpf/bpf_lru_list.c. Up to Linux 6.16 they are kept however small the map is, and a CPU that finds none evicts
    /// what others use (torvalds/linux d4adf1c9ee77, "bpf: Adjust free target to avoid global starvation of LRU map").
    /// </summary>
    public const int ThreadsKeptByCpu = 128;

    const int SlowExitRing = 256 << 10;

    // An element of a hash or LRU map with a small key and value, and its bucket.
    const long HashEntryBytes = 80;

    /// <summary>Sizes for a host.</summary>
    /// <param name="maxVcpus">What the user asked for, or null.</param>
    /// <param name="cpus">Possible CPUs of the host.</param>
    /// <param name="vcpusNow">vCPUs that run on it now.</param>
    /// <param name="options">What is asked for beside counts and times; null is nothing.</param>
    public static TableSizes For(int? maxVcpus, int cpus, int vcpusNow, TraceOptions? options = null)
    {
        int vcpus = Math.Clamp(maxVcpus ?? Math.Max(128, Math.Max(4 * cpus, 2 * vcpusNow + 64)), 1, MostVcpus);
        int extrasPerVcpu = (options?.WantQualifiers == true ? QualifiersPerVcpu + SharedPerVcpu : 0)
            + (options?.WantNested == true ? SharedPerVcpu : 0);
        int cells = vcpus * (CellsPerVcpu + extrasPerVcpu);
        int threads = options is { WantSplit: true } or { WantWho: true } ? 4 * vcpus + ThreadsKeptByCpu * cpus : 1;
        return new TableSizes(vcpus, cells, Math.Clamp(cells / (8 * cpus), 1, 64), extrasPerVcpu == 0 ? 1 : cells, threads);
    }

    /// <summary>Entries of the table of slots; slot 0 is nobody's.</summary>
    public int SlotEntries => MaxVcpus + 1;

    /// <summary>Entries of the table of cells; the first numbers are words (kvmscope_open).</summary>
    public int CellEntries => Cells + kvmscope_open.KVMSCOPE_FIRST_CELL;

    /// <summary>Runs on the free list when all cells are free one by one.</summary>
    public int FreeCellRuns => Cells;

    /// <summary>Addresses of vCPUs that have a slot, with room for those that could not be removed.</summary>
    public int Homes => 2 * MaxVcpus;

    /// <summary>Bytes of the ring buffer of slow exits: a power of two.</summary>
    public int RingBytes => SlowExitRing;

    /// <summary>Bytes of kernel memory that the tables take, but for the kernel's own overhead.</summary>
    public unsafe long Bytes =>
        (long)CellEntries * sizeof(kvmscope_cell) + (long)SlotEntries * sizeof(kvmscope_slot)
        + (long)(FreeCellRuns + MaxVcpus) * sizeof(kvmscope_run) + ((long)Homes + kvmscope_limits.KVMSCOPE_MAX_TURNED_AWAY + Extras + Threads) * HashEntryBytes + RingBytes;
}
