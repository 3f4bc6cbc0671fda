namespace Kvmscope.Core.Analysis.Timelines;

/// <summary>One interval of a timeline.</summary>
/// <param name="Started">Wall-clock time at which it began.</param>
/// <param name="Seconds">How long it was.</param>
public sealed record TimelineColumn(DateTimeOffset Started, double Seconds)
{
    /// <summary>Wall-clock time at which it ended.</summary>
    public DateTimeOffset Ended => Started.AddSeconds(Seconds);
}
