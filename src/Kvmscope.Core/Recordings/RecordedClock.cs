namespace Kvmscope.Core.Recordings;

/// <summary>A stretch of a recording in which the host's wall clock ran as fast as the monotonic one, or one in which it was set.</summary>
/// <param name="From">
/// Its begin in ns, on the axis that never goes back: CLOCK_MONOTONIC of a recording, or the time since the begin.
/// </param>
/// <param name="To">Its end.</param>
/// <param name="WallFrom">The wall clock at its begin, ns since 1970.</param>
/// <param name="WallTo">The wall clock at its end; before its begin where the clock was set back in it.</param>
internal readonly record struct ClockStretch(long From, long To, long WallFrom, long WallTo)
{
    internal ClockStretch Shifted(long by) => this with { From = From + by, To = To + by };
}

/// <summary>
/// The wall clock over a recording, as the host had it: it may have been set. Times are shown by it and are looked up by it, so that
/// what is shown selects what was there then. Where it was set back, a time can have been there twice.
/// </summary>
public sealed class RecordedClock
{
    // A millisecond is less than half of the shortest interval, and more than what reading two clocks one after the other makes.
    private const long EvenNs = 1_000_000;

    private readonly IReadOnlyList<ClockStretch> _stretches;

    internal RecordedClock(IReadOnlyList<ClockStretch> stretches, HostZone zone) => (_stretches, Zone) = (stretches, zone);

    /// <summary>The host's offset from UTC.</summary>
    public HostZone Zone { get; }

    /// <summary>When it begins.</summary>
    public DateTimeOffset Begin => Show(_stretches[0].WallFrom);

    /// <summary>When it ends.</summary>
    public DateTimeOffset End => Show(_stretches[^1].WallTo);

    /// <summary>The end of the axis, ns.</summary>
    public long EndNs => _stretches[^1].To;

    /// <summary>The begin of the axis, ns.</summary>
    public long BeginNs => _stretches[0].From;

    /// <summary>
    /// Where a time was, in ns on the axis: nearly always one place. None is earlier than the begin or later than the end.
    /// </summary>
    public IReadOnlyList<long> PlacesOf(DateTimeOffset time)
    {
        long wall = WallNs(time);
        var places = new SortedSet<long>();
        foreach (ClockStretch stretch in _stretches)
        {
            if (stretch.WallFrom <= wall && wall <= stretch.WallTo) places.Add(Within(stretch, wall));
            // It was set back twice in a row: what it showed between is in no other stretch.
            else if (wall == stretch.WallTo) places.Add(stretch.To);
            else if (wall == stretch.WallFrom) places.Add(stretch.From);
        }
        if (places.Count > 0) return [.. places];
        // It was never shown: it is before all, after all, or was passed over when the clock was set back.
        if (wall < _stretches[0].WallFrom) places.Add(BeginNs);
        if (wall > _stretches[^1].WallTo) places.Add(EndNs);
        foreach (ClockStretch stretch in _stretches)
            if (stretch.WallTo < wall && wall < stretch.WallFrom) places.Add(stretch.To);
        return [.. places];
    }

    /// <summary>
    /// Where the clock showed a time between two times: nearly always one place after the other, in one piece. If it was set back, there
    /// may be several.
    /// </summary>
    /// <param name="from">The first time; null for any.</param>
    /// <param name="to">The last time; null for any.</param>
    public IReadOnlyList<(long From, long To)> PlacesBetween(DateTimeOffset? from, DateTimeOffset? to)
    {
        long first = from is { } begin ? WallNs(begin) : long.MinValue, last = to is { } end ? WallNs(end) : long.MaxValue;
        var pieces = new List<(long From, long To)>();
        foreach (ClockStretch stretch in _stretches)
        {
            long low = Math.Min(stretch.WallFrom, stretch.WallTo), high = Math.Max(stretch.WallFrom, stretch.WallTo);
            if (low > last || high < first) continue;
            // How the clock went while it was set back is not known: all of that or nothing.
            bool isBack = stretch.WallTo < stretch.WallFrom;
            if (isBack && (low < first || high > last)) continue;
            pieces.Add(isBack || stretch.From == stretch.To
                ? (stretch.From, stretch.To)
                : (first > low ? Within(stretch, first) : stretch.From, last < high ? Within(stretch, last) : stretch.To));
        }
        return Union(pieces);
    }

    // Those of two recorders at once overlap.
    private static List<(long From, long To)> Union(List<(long From, long To)> pieces)
    {
        var union = new List<(long From, long To)>();
        foreach ((long from, long to) in pieces.OrderBy(p => p.From))
        {
            if (union.Count > 0 && from <= union[^1].To) union[^1] = (union[^1].From, Math.Max(union[^1].To, to));
            else union.Add((from, to));
        }
        return union;
    }

    /// <summary>
    /// The place between two times of which the first is later, if the clock was set back there and not recorded otherwise between them.
    /// </summary>
    public (long From, long To)? PlaceOfStep(DateTimeOffset from, DateTimeOffset to)
    {
        long[] begins = [.. PlacesOf(from)], ends = [.. PlacesOf(to)];
        (long, long)[] steps =
        [
            .. _stretches.Where(s => s.WallTo < s.WallFrom).Select(s => (s.From, s.To))
                .Where(s => HasNear(begins, s.From) && HasNear(ends, s.To)),
        ];
        return steps is [var only] ? only : null;
    }

    // Of places in order.
    private static bool HasNear(long[] places, long place)
    {
        int at = Array.BinarySearch(places, place);
        if (at >= 0) return true;
        return (~at < places.Length && IsNear(places[~at], place)) || (~at > 0 && IsNear(places[~at - 1], place));

        static bool IsNear(long a, long b) => Int128.Abs((Int128)a - b) <= EvenNs;
    }

    /// <summary>Whether a time was shown by the clock, to a second.</summary>
    public bool Has(DateTimeOffset time)
    {
        long wall = WallNs(time);
        foreach (ClockStretch stretch in _stretches)
            if (stretch.WallFrom <= wall + 1_000_000_000 && wall <= stretch.WallTo) return true;
        return false;
    }

    /// <summary>The days on which it was recorded, by the host's calendar.</summary>
    public IEnumerable<DateTime> Days()
    {
        DateTime next = DateTime.MinValue;
        // Each day once, also where many stretches have it.
        foreach (ClockStretch stretch in _stretches.Where(s => s.WallTo >= s.WallFrom).OrderBy(s => s.WallFrom))
        {
            DateTime day = Show(stretch.WallFrom).Date, last = Show(stretch.WallTo).Date;
            if (day < next) day = next;
            for (; day <= last; day = day.AddDays(1)) yield return day;
            if (next < day) next = day;
        }
    }

    /// <summary>What the clock showed at a place; where it was set just then, what it showed before.</summary>
    public DateTimeOffset At(long place)
    {
        foreach (ClockStretch stretch in _stretches)
        {
            if (place > stretch.To) continue;
            double share = stretch.To == stretch.From ? 0 : (double)(place - stretch.From) / (stretch.To - stretch.From);
            return Show(stretch.WallFrom + (long)(share * (stretch.WallTo - stretch.WallFrom)));
        }
        return End;
    }

    /// <summary>Divides a clock that was read at some points into stretches.</summary>
    /// <param name="points">The axis and the wall clock, in ns; the axis never goes back.</param>
    internal static List<ClockStretch> Stretches(IEnumerable<(long Ns, long Wall)> points)
    {
        var stretches = new List<ClockStretch>();
        (long Ns, long Wall)? before = null;
        bool isEven = false;
        foreach ((long ns, long wall) in points)
        {
            if (before is { } last)
            {
                bool even = IsEven(last.Ns, last.Wall, ns, wall);
                // Against the stretch's begin: small differences must not add up.
                if (even && isEven && IsEven(stretches[^1].From, stretches[^1].WallFrom, ns, wall))
                    stretches[^1] = stretches[^1] with { To = ns, WallTo = wall };
                else stretches.Add(new ClockStretch(last.Ns, ns, last.Wall, wall));
                isEven = even;
            }
            before = (ns, wall);
        }
        if (stretches.Count == 0 && before is { } only) stretches.Add(new ClockStretch(only.Ns, only.Ns, only.Wall, only.Wall));
        return stretches;
    }

    private static bool IsEven(long fromNs, long fromWall, long toNs, long toWall) =>
        Int128.Abs((Int128)toWall - fromWall - ((Int128)toNs - fromNs)) < EvenNs;

    internal static long WallNs(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100;

    internal static DateTimeOffset OfWall(long ns) => DateTimeOffset.UnixEpoch.AddTicks(ns / 100);

    private DateTimeOffset Show(long wall) => Zone.Show(OfWall(wall));

    private static long Within(ClockStretch stretch, long wall) => stretch.WallTo == stretch.WallFrom
        ? stretch.From
        : stretch.From
            + (long)(((Int128)wall - stretch.WallFrom) * (stretch.To - stretch.From) / ((Int128)stretch.WallTo - stretch.WallFrom));
}

/// <summary>Something that happened to a host's clock between two readings.</summary>
/// <param name="Before">What it showed at the reading before.</param>
/// <param name="After">What it showed at the reading after.</param>
/// <param name="By">By how much it went further than the time that passed; negative where it was set back.</param>
/// <param name="Kind">What it was.</param>
public readonly record struct ClockStep(DateTimeOffset Before, DateTimeOffset After, TimeSpan By, ClockStepKind Kind)
{
    /// <summary>Less is noise between the readings of two clocks.</summary>
    internal const long LeastNs = 100_000_000;
}

/// <summary>What happened to a clock.</summary>
public enum ClockStepKind
{
    /// <summary>It was set.</summary>
    Set,

    /// <summary>The host was suspended: CLOCK_BOOTTIME went on, and CLOCK_MONOTONIC stood still.</summary>
    Suspended,

    /// <summary>One of both: the recording does not have CLOCK_BOOTTIME.</summary>
    SetOrSuspended,
}
