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

    /// <summary>How finely all exits between two places are kept: what <see cref="Sum"/> of them can tell at most.</summary>
    HistoryDetail DetailOf(long from, long to) => DetailAt(Math.Min(to, from + 1));

    /// <summary>Places at which another source begins; between two of them it only becomes finer.</summary>
    IReadOnlyList<long> Seams => [];

    /// <summary>The shortest steps in which all of a time can be read without reading too much, ns.</summary>
    long StepFor(long from, long to) => StepNs;

    /// <summary>As <see cref="EdgeBefore"/>, or an end up to <paramref name="slack"/> ns later up to which less has to be read.</summary>
    long EdgeNear(long place, long slack) => EdgeBefore(place);

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
    /// <param name="check">Called now and then where it reads files; what it throws ends the reading.</param>
    Interval? Sum(long from, long to, Grouping grouping, ExitParts parts, Action? check = null);

    /// <summary>The last slow exits that ended between two places, in order.</summary>
    /// <param name="from">The begin.</param>
    /// <param name="to">The end.</param>
    /// <param name="most">How many at most: the latest.</param>
    /// <param name="goesOn">Asked now and then where it reads files, from the end to the begin; false ends it with what was found.</param>
    IReadOnlyList<SlowExit> Slow(long from, long to, int most, Func<bool>? goesOn = null);

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
