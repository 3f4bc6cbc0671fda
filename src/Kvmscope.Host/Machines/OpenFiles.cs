using Kvmscope.Host.Interop;

namespace Kvmscope.Host.Machines;

/// <summary>
/// Tells descriptors of one process apart by the file behind them: a process may have any number of descriptors of one vCPU (dup(2)),
/// and all have the same link in /proc.
/// </summary>
internal static class OpenFiles
{
    /// <summary>Compares the files behind two descriptors of a process: 0 where they are the same, otherwise in some fixed order.</summary>
    /// <returns>Null where that cannot be known.</returns>
    internal delegate int? Comparison(int pid, int first, int second);

    /// <summary>How many files are behind these descriptors.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="descriptors">Its descriptors.</param>
    /// <param name="compare">How to compare two of them.</param>
    /// <returns>Null where that cannot be known.</returns>
    internal static int? CountDistinct(int pid, IReadOnlyList<int> descriptors, Comparison compare)
    {
        // Sorted by the kernel's order of files, each once.
        List<int> distinct = [];
        foreach (int descriptor in descriptors)
        {
            int low = 0, high = distinct.Count;
            bool isKnown = false;
            while (low < high && !isKnown)
            {
                int middle = (low + high) / 2;
                if (compare(pid, descriptor, distinct[middle]) is not { } order) return null;
                isKnown = order == 0;
                if (order < 0) high = middle;
                else low = middle + 1;
            }
            if (!isKnown) distinct.Insert(low, descriptor);
        }
        return distinct.Count;
    }

    /// <summary>kcmp(2), which kernels with CONFIG_KCMP have, and which needs the same rights as reading the links.</summary>
    internal static int? Kcmp(int pid, int first, int second) =>
        Libc.syscall5(SystemCall.kcmp, pid, pid, Libc.KCMP_FILE, first, second) switch
        {
            0 => 0,
            1 => -1,
            2 => 1,
            _ => null,
        };
}
