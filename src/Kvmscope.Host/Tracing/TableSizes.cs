using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>How large the kernel side's tables are: bounded, from the host or from --max-vcpus.</summary>
/// <param name="MaxVcpus">vCPUs that can be held at once.</param>
/// <param name="Cells">(vCPU, reason, level) combinations, all vCPUs together.</param>
/// <param name="CellRun">Cells that a CPU takes from the free list at a time.</param>
public sealed record TableSizes(int MaxVcpus, int Cells, int CellRun)
{
    /// <summary>The most vCPUs that --max-vcpus may ask for.</summary>
    public const int MostVcpus = 1 << 16;

    /// <summary>Cells a vCPU on average: a busy guest with a nested one has some 25 reasons at two levels.</summary>
    public const int CellsPerVcpu = 50;

    const int SlowExitRing = 256 << 10;

    /// <summary>Sizes for a host.</summary>
    /// <param name="maxVcpus">What the user asked for, or null.</param>
    /// <param name="cpus">Possible CPUs of the host.</param>
    /// <param name="vcpusNow">vCPUs that run on it now.</param>
    public static TableSizes For(int? maxVcpus, int cpus, int vcpusNow)
    {
        int vcpus = Math.Clamp(maxVcpus ?? Math.Max(128, Math.Max(4 * cpus, 2 * vcpusNow + 64)), 1, MostVcpus);
        int cells = vcpus * CellsPerVcpu;
        return new TableSizes(vcpus, cells, Math.Clamp(cells / (8 * cpus), 1, 64));
    }

    /// <summary>Entries of the table of slots; slot 0 is nobody's.</summary>
    public int SlotEntries => MaxVcpus + 1;

    /// <summary>Entries of the table of cells; the first numbers are words (kvmscope_open).</summary>
    public int CellEntries => Cells + kvmscope_open.KVMSCOPE_FIRST_CELL;

    /// <summary>Runs on the free list when all cells are free one by one.</summary>
    public int FreeCellRuns => Cells;

    /// <summary>Addresses that can be remembered: vCPUs that hold a slot and as many that found none.</summary>
    public int Homes => 2 * MaxVcpus;

    /// <summary>Bytes of the ring buffer of slow exits: a power of two.</summary>
    public int RingBytes => SlowExitRing;

    /// <summary>Bytes of kernel memory that the tables take, but for the kernel's own overhead.</summary>
    public unsafe long Bytes =>
        (long)CellEntries * sizeof(kvmscope_cell) + (long)SlotEntries * sizeof(kvmscope_slot)
        + (long)(FreeCellRuns + MaxVcpus) * sizeof(kvmscope_run) + Homes * 64L + RingBytes;
}
