namespace Kvmscope.Host.Machines;

/// <summary>One process for good: a pid alone is given out again after its process ended.</summary>
/// <param name="Pid">The process (thread group).</param>
/// <param name="StartTicks">When it started, in clock ticks since boot (/proc/PID/stat, field 22).</param>
public readonly record struct ProcessIdentity(int Pid, ulong StartTicks)
{
    /// <summary>Identifies the process that has the pid now; false where there is none.</summary>
    public static bool TryRead(int pid, out ProcessIdentity identity, string procRoot = "/proc") =>
        TryRead(new ProcRoot(procRoot), pid, out identity);

    /// <summary>Whether this very process still runs. A zombie does not: its VMs are gone.</summary>
    public bool IsAlive(string procRoot = "/proc") => TryRead(Pid, out ProcessIdentity now, procRoot) && now == this;

    /// <inheritdoc cref="TryRead(int, out ProcessIdentity, string)"/>
    internal static bool TryRead(ProcRoot proc, int pid, out ProcessIdentity identity)
    {
        Span<byte> buffer = stackalloc byte[1024];
        int length = proc.Read(pid, "stat"u8, buffer);
        bool found = ProcessStat.TryParse(buffer[..Math.Max(length, 0)], out ProcessStat stat) && !stat.HasEnded;
        identity = found ? new ProcessIdentity(pid, stat.StartTicks) : default;
        return found;
    }
}
