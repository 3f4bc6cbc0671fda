using Kvmscope.Core.Model;

namespace Kvmscope.Recordings;

/// <summary>What is recorded, and where to.</summary>
/// <param name="Path">The file, or what the files are named after where they rotate.</param>
/// <param name="Interval">How long an interval is.</param>
/// <param name="Grouping">Which vCPUs are kept apart.</param>
/// <param name="Rotate">How long a file is; null for one file.</param>
/// <param name="Keep">How many files are kept; null for all.</param>
internal sealed record RecordPlan(string Path, TimeSpan Interval, Grouping Grouping, TimeSpan? Rotate, int? Keep)
{
    /// <summary>How many slow exits of one interval are kept; the rest is counted as lost. A threshold that lets more through is too low.</summary>
    public const int MostSlow = 10_000;
}
