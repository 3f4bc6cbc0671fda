namespace Kvmscope.Server.Metrics;

/// <summary>A cumulative counter with its labels.</summary>
/// <param name="labels">Its labels.</param>
/// <param name="created">Since when it counts.</param>
internal sealed class Series(SeriesLabels labels, DateTimeOffset created)
{
    private ulong _counted, _before, _shown;

    /// <summary>Its labels.</summary>
    internal SeriesLabels Labels => labels;

    /// <summary>Since when it counts.</summary>
    internal DateTimeOffset Created => created;

    /// <summary>What is counted now and may not be in the next interval, where it is added instead: exits that are open.</summary>
    internal ulong Open { get; set; }

    /// <summary>Adds; the largest number stays where there would be more.</summary>
    internal void Add(ulong more) => _counted = Sum(_counted, more);

    /// <summary>The next of these were counted before the series began.</summary>
    internal void LeaveOut(ulong number) => _before = Sum(_before, number);

    /// <summary>What is open stays counted, as it is not known how it ended.</summary>
    internal void KeepOpen()
    {
        Add(Open);
        Open = 0;
    }

    /// <summary>The value to show; never less than it was shown before.</summary>
    internal ulong Show() => Show(Sum(_counted, Open));

    /// <summary>The value to show, where it is this less what another series has.</summary>
    internal ulong ShowLess(Series other) => Show(_counted - Math.Min(_counted, other._counted));

    private ulong Show(ulong value) => _shown = Math.Max(_shown, value - Math.Min(value, _before));

    internal static ulong Sum(ulong a, ulong b)
    {
        ulong sum = unchecked(a + b);
        return sum < a ? ulong.MaxValue : sum;
    }
}
