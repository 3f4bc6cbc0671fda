namespace Kvmscope.Core.Histories;

/// <summary>The wall clock of a live history: what it showed at the ends of its entries, and between them as if it went evenly.</summary>
internal static class EntryClock
{
    /// <summary>What it showed at a place.</summary>
    internal static DateTimeOffset At(List<HistoryEntry> all, long place)
    {
        if (all.Count == 0) return DateTimeOffset.UnixEpoch;
        place = Math.Clamp(place, all[0].From, all[^1].To);
        int at = LiveHistory.Search(all, place, static (e, ns) => e.To < ns);
        HistoryEntry entry = all[at];
        if (place >= entry.From) return Between(entry.From, entry.To, entry.Head.From, entry.Head.To, place);
        return Between(all[at - 1].To, entry.From, all[at - 1].Head.To, entry.Head.From, place);
    }

    /// <summary>The last place at which it showed a time; null where it never did.</summary>
    internal static long? PlaceOf(List<HistoryEntry> all, DateTimeOffset time)
    {
        for (int i = all.Count - 1; i >= 0; i--)
        {
            HistoryEntry entry = all[i];
            if (Place(entry.From, entry.To, entry.Head.From, entry.Head.To, time) is { } place) return place;
            if (i > 0 && Place(all[i - 1].To, entry.From, all[i - 1].Head.To, entry.Head.From, time) is { } between) return between;
        }
        return null;
    }

    private static DateTimeOffset Between(long from, long to, DateTimeOffset wallFrom, DateTimeOffset wallTo, long place)
    {
        if (to <= from) return wallTo;
        var ticks = (long)((Int128)(wallTo - wallFrom).Ticks * (place - from) / (to - from));
        return wallFrom.AddTicks(ticks);
    }

    private static long? Place(long from, long to, DateTimeOffset wallFrom, DateTimeOffset wallTo, DateTimeOffset time)
    {
        if (time < wallFrom || time > wallTo) return null;
        return wallTo == wallFrom ? to : from + (long)((Int128)(time - wallFrom).Ticks * (to - from) / (wallTo - wallFrom).Ticks);
    }
}
