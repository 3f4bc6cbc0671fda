namespace Kvmscope.Core.Recordings;

/// <summary>Some intervals of a recording that follow one another.</summary>
/// <param name="First">The place of the first among the recording's intervals.</param>
/// <param name="Count">How many.</param>
public readonly record struct IntervalRange(int First, int Count)
{
    /// <summary>Behind the last.</summary>
    public int End => First + Count;
}
