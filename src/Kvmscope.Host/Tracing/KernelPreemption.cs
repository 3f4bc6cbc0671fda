namespace Kvmscope.Host.Tracing;

/// <summary>Whether the kernel preempts its own code, and with it BPF programs at events that allow it.</summary>
internal static class KernelPreemption
{
    /// <summary>
    /// Whether it does, or may do. The mode of a kernel that can change it is in debugfs; where that is not mounted or does not have it,
    /// the kernel's version tells whether it was built to preempt itself.
    /// </summary>
    /// <param name="root">The root of the file system.</param>
    internal static bool IsFull(string root)
    {
        // The mode in brackets: "none voluntary (full)".
        if (Read(Path.Combine(root, "sys/kernel/debug/sched/preempt")) is { } modes && modes.Split('(', ')') is [_, var mode, ..])
            return mode is not ("none" or "voluntary");
        return Read(Path.Combine(root, "proc/sys/kernel/version"))?.Contains("PREEMPT", StringComparison.Ordinal) ?? true;
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
