using System.Collections.Immutable;

namespace Kvmscope.Core.Recordings;

/// <summary>A change of a host's offset from UTC, as at the begin and the end of summer time.</summary>
/// <param name="At">From then on.</param>
/// <param name="Offset">The offset from UTC, in whole minutes.</param>
public readonly record struct ZoneChange(DateTimeOffset At, TimeSpan Offset);

/// <summary>
/// The offset from UTC that a recorded host had over time: times are shown as its own clock showed them, and are read so too, on any
/// machine and whatever zones that knows.
/// </summary>
public sealed class HostZone
{
    private const int DaysAhead = 800;

    private readonly TimeSpan _first;
    private readonly ZoneChange[] _changes;

    /// <summary>Makes it.</summary>
    /// <param name="first">The offset before the first change.</param>
    /// <param name="changes">Later offsets, in any order.</param>
    public HostZone(TimeSpan first, IEnumerable<ZoneChange> changes) => (_first, _changes) = (first, [.. changes.OrderBy(c => c.At)]);

    /// <summary>The changes of a zone in the two years after a time, as a recording that begins then keeps them.</summary>
    public static ImmutableArray<ZoneChange> ChangesOf(TimeZoneInfo zone, DateTimeOffset from)
    {
        var changes = ImmutableArray.CreateBuilder<ZoneChange>();
        DateTimeOffset at = from.ToUniversalTime();
        TimeSpan offset = Minutes(zone.GetUtcOffset(at));
        for (int day = 0; day < DaysAhead; day++, at = at.AddDays(1))
        {
            TimeSpan next = Minutes(zone.GetUtcOffset(at.AddDays(1)));
            if (next == offset) continue;
            (DateTimeOffset before, DateTimeOffset after) = (at, at.AddDays(1));
            while (after - before > TimeSpan.FromSeconds(1))
            {
                DateTimeOffset middle = before + ((after - before) / 2);
                if (Minutes(zone.GetUtcOffset(middle)) == offset) before = middle;
                else after = middle;
            }
            changes.Add(new ZoneChange(DateTimeOffset.FromUnixTimeSeconds(after.ToUnixTimeSeconds()), next));
            offset = next;
        }
        return changes.ToImmutable();
    }

    /// <summary>One zone of several recordings, one after the other: each has its own from its begin on.</summary>
    internal static HostZone Join(IReadOnlyList<(DateTimeOffset Begin, HostZone Zone)> parts)
    {
        var changes = new List<ZoneChange>();
        for (int i = 0; i < parts.Count; i++)
        {
            (DateTimeOffset begin, HostZone zone) = parts[i];
            if (i > 0) changes.Add(new ZoneChange(begin, zone.OffsetAt(begin)));
            changes.AddRange(zone._changes.Where(c => c.At > begin && (i + 1 == parts.Count || c.At < parts[i + 1].Begin)));
        }
        return new HostZone(parts[0].Zone.OffsetAt(parts[0].Begin), changes);
    }

    /// <summary>The offset at a time.</summary>
    public TimeSpan OffsetAt(DateTimeOffset time)
    {
        int low = 0, high = _changes.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_changes[middle].At <= time) low = middle + 1;
            else high = middle;
        }
        return low == 0 ? _first : _changes[low - 1].Offset;
    }

    /// <summary>The same time with the host's offset.</summary>
    public DateTimeOffset Show(DateTimeOffset time) => time.ToOffset(OffsetAt(time));

    /// <summary>
    /// What a time without an offset means: one time; two where clocks were set back to winter time; where they were set forward and it
    /// was never shown, the time of that change.
    /// </summary>
    public IReadOnlyList<DateTimeOffset> Read(DateTime local)
    {
        local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        var times = new List<DateTimeOffset>();
        foreach (TimeSpan offset in _changes.Select(c => c.Offset).Prepend(_first).Distinct())
        {
            if (Of(local, offset) is { } time && OffsetAt(time) == offset) times.Add(time);
        }
        if (times.Count > 0) return [.. times.Order()];
        TimeSpan before = _first;
        foreach (ZoneChange change in _changes)
        {
            if (Of(local, before) is { } late && late >= change.At && Of(local, change.Offset) is { } early && early < change.At)
                return [change.At.ToOffset(change.Offset)];
            before = change.Offset;
        }
        return Of(local, _first) is { } only ? [only] : [];
    }

    private static DateTimeOffset? Of(DateTime local, TimeSpan offset)
    {
        long utc = local.Ticks - offset.Ticks;
        return utc < DateTime.MinValue.Ticks || utc > DateTime.MaxValue.Ticks ? null : new DateTimeOffset(local, offset);
    }

    private static TimeSpan Minutes(TimeSpan offset) => TimeSpan.FromMinutes(Math.Round(offset.TotalMinutes));
}
