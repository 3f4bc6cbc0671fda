using System.Globalization;
using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Checks;

/// <summary>
/// Whether the tables fit into the host's memory and, before 5.11, into the limit on locked memory, which BPF maps count against there.
/// </summary>
internal static class MemoryCheck
{
    private const string Name = "memory";
    private const string LimitHint = "ulimit -l unlimited, or run with CAP_SYS_RESOURCE";

    internal static Finding Memory(HostFacts facts, HostFiles files, CapabilitySet held, long tableBytes)
    {
        if (facts.Version is { } version && !version.IsAtLeast(5, 11) && !held.Has(Capability.SysResource)
            && LockedLimit(files) is { } limit && (limit < tableBytes || tableBytes == 0))
        {
            return limit < tableBytes
                ? Finding.Refused(Name, $"ulimit -l is {Size(limit)}, tables take {Size(tableBytes)}", LimitHint,
                    $"ulimit -l is too small on this kernel: {Size(limit)}, and the tables take {Size(tableBytes)}")
                : Finding.Limited(Name, $"ulimit -l is {Size(limit)}, and limits BPF maps here", LimitHint);
        }
        if (Available(files) is not { } available) return Finding.Unknown(Name, "available memory cannot be read");
        string found = tableBytes == 0 ? $"{Size(available)} available" : $"{Size(available)} available, tables take {Size(tableBytes)}";
        if (available < tableBytes)
            return Finding.Failed(Name, found, "make the tables smaller with --max-vcpus", $"not enough memory: {found}");
        return available / 4 < tableBytes
            ? Finding.Limited(Name, found, "make the tables smaller with --max-vcpus")
            : Finding.Ok(Name, found);
    }

    /// <summary>
    /// What tables of automatic size may take: a quarter of what is available, so that whoever makes vCPUs cannot make a tracer take the
    /// host's memory or give up. A limit on locked memory is an error instead: its user can raise it.
    /// </summary>
    internal static long MostBytes(HostFiles files) => Available(files) / 4 ?? long.MaxValue;

    // Of the host, or what a service manager or container runtime permits: the kernel charges tables to the control group of who made them.
    private static long? Available(HostFiles files)
    {
        long? ofHost = files.Field("proc/meminfo", "MemAvailable") is { } text && TryNumber(text.Split(' ')[0], out long kib)
            && kib < long.MaxValue / 1024
                ? kib * 1024
                : null;
        return ofHost is { } bytes ? Math.Min(bytes, GroupLimit(files)) : null;
    }

    // memory.max of the process's control group (version 2) and of those above it; "max" is no limit.
    private static long GroupLimit(HostFiles files)
    {
        long least = long.MaxValue;
        for (string? group = files.Field("proc/self/cgroup", "0:"); !string.IsNullOrEmpty(group); group = Path.GetDirectoryName(group))
        {
            if (files.Text($"sys/fs/cgroup{group}/memory.max") is { } text && TryNumber(text, out long limit))
                least = Math.Min(least, limit);
        }
        return least;
    }

    // "Max locked memory         8388608              8388608              bytes": the soft limit first.
    private static long? LockedLimit(HostFiles files) =>
        files.Field("proc/self/limits", "Max locked memory") is { } text && TryNumber(text.Split(' ')[0], out long bytes)
            ? bytes
            : null;

    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    /// <summary>An amount of memory in words.</summary>
    internal static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(bytes + 1023) / 1024} KiB"),
    };
}
