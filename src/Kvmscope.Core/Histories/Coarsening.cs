using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Histories;

/// <summary>
/// Makes old entries coarser, a few each time an interval comes, so that no time takes long. Never over a gap, or a time in which the
/// wall clock was set.
/// </summary>
/// <param name="entries">The entries.</param>
/// <param name="maker">Adds them up.</param>
internal sealed class Coarsening(EntryStore entries, EntryMaker maker)
{
    private const long Second = 1_000_000_000, Minute = 60 * Second, Hour = 60 * Minute;

    /// <summary>How long anything is kept.</summary>
    internal const long KeptNs = 24 * Hour;

    /// <summary>From which age on, in which steps.</summary>
    internal static readonly (long AgeNs, long StepNs)[] Tiers =
        [(15 * Minute, 10 * Second), (Hour, Minute), (6 * Hour, 5 * Minute)];

    /// <summary>Does what is due: at most one sum for each tier.</summary>
    internal void Run()
    {
        long now = entries[entries.Count - 1].To;
        for (int tier = 1; tier <= Tiers.Length; tier++) Run(tier, now - Tiers[tier - 1].AgeNs, Tiers[tier - 1].StepNs);
        int old = 0;
        while (old < entries.Count - 1 && entries[old].To <= now - KeptNs) old++;
        entries.RemoveOldest(old);
    }

    private void Run(int tier, long until, long stepNs)
    {
        int end = entries.IndexAfter(until), first = end;
        while (first > 0 && entries[first - 1].Tier < tier) first--;
        while (first < end)
        {
            int last = first + 1;
            while (last < entries.Count && AreTogether(entries[last - 1], entries[last], stepNs)) last++;
            // Some of them are too young.
            if (last > end) return;
            if (last - first > 1)
            {
                HistoryEntry sum = maker.Merge(entries.Range(first, last - first), Math.Max(stepNs, entries[first].StepNs));
                sum.Tier = tier;
                entries.Replace(first, last - first, sum);
                return;
            }
            entries[first++].Tier = tier;
        }
    }

    private static bool AreTogether(HistoryEntry entry, HistoryEntry next, long stepNs) =>
        entry.Middle / stepNs == next.Middle / stepNs && !next.Head.IsAfterGap && next.From == entry.To
        && !IsClockSet(entry) && !IsClockSet(next);

    private static bool IsClockSet(HistoryEntry entry) =>
        Math.Abs(((entry.Head.To - entry.Head.From).Ticks * 100) - (entry.To - entry.From)) >= ClockStep.LeastNs;
}
