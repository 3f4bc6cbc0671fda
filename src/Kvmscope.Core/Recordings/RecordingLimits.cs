using System.Text.Json;

namespace Kvmscope.Core.Recordings;

/// <summary>
/// How much of a recording is read at most. A small file can claim to hold anything, as deflate packs a thousand equal bytes into one;
/// each limit is far above what a recorder writes (docs/limits.md).
/// </summary>
internal static class RecordingLimits
{
    /// <summary>Bytes of a line, inflated. A line of an hour of a thousand vCPUs with all arguments has less.</summary>
    internal const int LineBytes = (1 << 28) - 1;

    /// <summary>Bytes of the header's line: it names VMs.</summary>
    internal const int HeaderBytes = 1 << 24;

    /// <summary>Bytes of one text. Names of VMs have up to 4096.</summary>
    internal const int TextBytes = 1 << 18;

    /// <summary>
    /// Things that one line lists, rows apart, which are not kept: VMs, vCPUs, open and slow exits. A recorder has up to 65 536 vCPUs.
    /// </summary>
    internal const int Listed = 1 << 20;

    /// <summary>How much more room a slow exit takes than other things; a recorder keeps 10 000 per interval.</summary>
    internal const int SlowWeight = 4;

    /// <summary>How much more room a note of what is missing takes: there are a few dozen at most, and they are compared.</summary>
    internal const int MissingWeight = 4096;

    /// <summary>Different rows, vCPUs and VMs in one answer.</summary>
    internal const int Summed = 1 << 20;

    /// <summary>
    /// Bytes that are searched for the next member where some are damaged, over a whole file: more than the largest member has.
    /// </summary>
    internal const long SearchBytes = 1L << 30;

    /// <summary>How much room a name takes, in things.</summary>
    internal static int WeightOf(string name) => 1 + (name.Length >> 7);
}

/// <summary>Counts what a line lists.</summary>
internal struct ListBudget
{
    private int _used;

    /// <summary>Counts something.</summary>
    /// <exception cref="JsonException">The line lists more than a recorder writes.</exception>
    internal void Take(int weight = 1)
    {
        _used += weight;
        if (_used > RecordingLimits.Listed) throw new JsonException("it lists more than a recorder writes");
    }
}
