using Kvmscope.Core.Model;

namespace Kvmscope.Recordings;

/// <summary>What is recorded and where it is written.</summary>
/// <param name="Path">The file, or the name from which the names of rotating files are made.</param>
/// <param name="Interval">The length of an interval.</param>
/// <param name="Grouping">What is kept apart.</param>
/// <param name="Rotate">The time that one file covers; null for one file.</param>
/// <param name="Keep">How many files are kept; null for all.</param>
internal sealed record RecordPlan(string Path, TimeSpan Interval, Grouping Grouping, TimeSpan? Rotate, int? Keep)
{
    /// <summary>How many slow exits are kept per interval; the rest is counted as lost. With more the threshold is too low.</summary>
    public const int MostSlow = 10_000;
}
