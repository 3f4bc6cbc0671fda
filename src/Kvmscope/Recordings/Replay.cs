using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;

namespace Kvmscope.Recordings;

/// <summary>Plays a recording as if it were live: interval by interval, at some speed.</summary>
internal static class Replay
{
    private const int MostSlow = 1000;

    /// <summary>Plays all of it; where nothing was recorded it goes on at once.</summary>
    /// <param name="history">The recording.</param>
    /// <param name="speed">How many times as fast as it was.</param>
    /// <param name="take">Takes each interval, at the time of its end.</param>
    /// <param name="wait">Waits for some time, and says whether to end.</param>
    /// <returns>Whether it was played to its end.</returns>
    public static bool Play(IHistory history, double speed, Action<Interval> take, Func<TimeSpan, bool> wait)
    {
        TimeSpan owed = TimeSpan.Zero;
        for (long at = history.From, end; at < history.To && (end = history.EdgeAfter(at)) > at; at = end)
        {
            if (history.Sum(at, end, Grouping.Vcpu, ExitParts.All) is not { } interval) continue;
            owed += TimeSpan.FromSeconds(interval.Seconds / speed);
            // Less than this cannot be waited for exactly.
            if (owed >= TimeSpan.FromMilliseconds(1))
            {
                if (wait(owed)) return false;
                owed = TimeSpan.Zero;
            }
            take(interval with
            {
                // Of several boots: places never go back.
                FromNs = Math.Max(at, end - (interval.ToNs - interval.FromNs)),
                ToNs = end,
                Slow = history.Slow(at, end, MostSlow),
            });
        }
        return !wait(TimeSpan.Zero);
    }
}
