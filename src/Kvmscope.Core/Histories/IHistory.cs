using Kvmscope.Core.Model;

namespace Kvmscope.Core.Histories;

/// <summary>
/// Intervals of some time that can be looked at from any point of it: of a trace, from memory (<c>LiveHistory</c>), or of
/// recordings (<c>RecordedHistory</c>). Places on its axis are ns; they never go back, whatever the wall clock does.
/// </summary>
public interface IHistory
{
    /// <summary>The oldest place of which anything is kept.</summary>
    long From { get; }

    /// <summary>The end of the newest interval; equal to <see cref="From"/> where there is none yet.</summary>
    long To { get; }

    /// <summary>How long an interval is, ns, as it was asked for.</summary>
    long StepNs { get; }

    /// <summary>How finely exits before a place are kept.</summary>
    HistoryDetail DetailAt(long place);

    /// <summary>The next end of an interval before a place, or <see cref="From"/>; jumps over times in which nothing was
    /// recorded.</summary>
    long EdgeBefore(long place);

    /// <summary>The next end of an interval after a place, or <see cref="To"/>.</summary>
    long EdgeAfter(long place);

    /// <summary>The sum of the intervals that are mostly between two places; null where there is none.</summary>
    /// <param name="from">The begin.</param>
    /// <param name="to">The end.</param>
    /// <param name="grouping">How fine vCPUs are kept apart; it is coarser where no more is kept.</param>
    /// <param name="parts">What exits of a reason are kept apart by, as far as it is kept.</param>
    Interval? Sum(long from, long to, Grouping grouping, ExitParts parts);

    /// <summary>The last slow exits that ended between two places, in order.</summary>
    /// <param name="from">The begin.</param>
    /// <param name="to">The end.</param>
    /// <param name="most">How many at most: the latest.</param>
    IReadOnlyList<SlowExit> Slow(long from, long to, int most);

    /// <summary>What the host's wall clock showed at a place.</summary>
    DateTimeOffset TimeAt(long place);

    /// <summary>The last place at which the wall clock showed this time; null where it is not in the history.</summary>
    long? PlaceOf(DateTimeOffset time);
}

/// <summary>How finely a history is kept at some place.</summary>
/// <param name="StepNs">How long its intervals are.</param>
/// <param name="Grouping">How fine vCPUs are kept apart.</param>
/// <param name="Parts">What exits of a reason are kept apart by.</param>
public readonly record struct HistoryDetail(long StepNs, Grouping Grouping, ExitParts Parts);
