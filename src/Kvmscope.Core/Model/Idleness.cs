using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>
/// Which exits, and which part of their time, the guest was idle for. Where the split is known, only what was halted or polled is idle, and
/// the rest is busy. Where it is not, a reason that waits for work stands for idle time; docs/time.md says which do not.
/// </summary>
public static class Idleness
{
    /// <summary>
    /// Shorter than a halt can be: a thread that sleeps and wakes needs this long on most hosts, and halt polling mostly ends earlier. A
    /// vCPU that halts for less, thousands of times a second, is at work with another one.
    /// </summary>
    internal const ulong TooShortNs = 50_000;

    /// <summary>More often per second than any guest's timer tick, which has 1000 at most.</summary>
    internal const double TooFrequent = 1_000;

    // A halt that goes to the VMM (without an interrupt controller in the kernel) waits there: longer than a VMM takes to run the vCPU
    // again, and as long as the shortest usual tick.
    private const ulong VmmWaitNs = 1_000_000;

    /// <summary>
    /// Whether exits are idle, as far as their reason and qualifier tell. L2's halts are not: L1 handles them, and that is what nesting
    /// costs. WFE is not, as it spins.
    /// </summary>
    public static bool IsIdle(GroupKey key) => key.Level != ExitLevel.L2 && ExitReasons.IsIdle(key.Code) && !Spins(key);

    /// <summary>Whether halts and their polling were measured, so that the parts tell.</summary>
    internal static bool KnowsHalts(Interval interval) => !interval.Missing.Any(m => m.Part is TimePart.Halt or TimePart.Poll);

    /// <summary>The idle part of the time, open exits included, in ns; null where only the reason tells.</summary>
    /// <param name="key">Which exits.</param>
    /// <param name="tally">Their counters, with settled parts.</param>
    /// <param name="knowsHalts">As <see cref="KnowsHalts"/> says.</param>
    internal static ulong? IdleNs(GroupKey key, Tally tally, bool knowsHalts) => IdleNs(key.Code, tally.Timed, tally.Parts, knowsHalts);

    private static ulong? IdleNs(ExitCode code, ulong timed, in TimeParts? split, bool knowsHalts)
    {
        if (!ExitReasons.IsIdle(code)) return 0;
        if (!knowsHalts || split is not { } parts) return null;
        ulong vmm = parts[TimePart.Vmm], exits = Math.Max(timed, 1);
        return parts[TimePart.Halt] + parts[TimePart.Poll] + (vmm / exits >= VmmWaitNs ? vmm : 0);
    }

    /// <summary>How much of the exits was busy.</summary>
    /// <param name="key">Which exits.</param>
    /// <param name="timed">How many of them have a handling time.</param>
    /// <param name="totalNs">The sum of those, ns.</param>
    /// <param name="parts">Where it went, settled; null without the split.</param>
    /// <param name="knowsHalts">As <see cref="KnowsHalts"/> says.</param>
    internal static BusyShare BusyOf(in GroupKey key, ulong timed, ulong totalNs, in TimeParts? parts, bool knowsHalts)
    {
        if (!ExitReasons.IsIdle(key.Code)) return BusyShare.All(totalNs, isMostlyIdle: false);
        ulong whole = parts?.Sum ?? 0;
        bool isIdle = IsIdle(key);
        if (IdleNs(key.Code, timed, parts, knowsHalts) is not { } idle) return isIdle ? BusyShare.None : BusyShare.All(totalNs, false);
        bool isMostlyIdle = whole > 0 ? idle >= whole - idle : isIdle;
        return idle == 0 ? BusyShare.All(totalNs, isMostlyIdle) : BusyShare.Part(Math.Min(whole - idle, totalNs), isMostlyIdle);
    }

    private static bool Spins(GroupKey key) =>
        key.Qualifier.State == QualifierState.Known && Qualifiers.InfoOf(key.Code) is { } info && !info.Waits(key.Qualifier.Raw);
}

/// <summary>How much of some exits was busy: all of them, the part of their time that was not idle, or nothing.</summary>
/// <param name="IsWhole">Whether nothing was idle.</param>
/// <param name="HasAny">Whether anything was busy. How a part of the time is distributed over the exits is not known: it has no histogram
/// and no longest.</param>
/// <param name="Ns">How much of the handling time was busy, ns.</param>
/// <param name="IsMostlyIdle">Whether most of the time was idle.</param>
internal readonly record struct BusyShare(bool IsWhole, bool HasAny, ulong Ns, bool IsMostlyIdle)
{
    internal static BusyShare None => new(false, false, 0, true);

    internal static BusyShare All(ulong ns, bool isMostlyIdle) => new(true, true, ns, isMostlyIdle);

    internal static BusyShare Part(ulong ns, bool isMostlyIdle) => new(false, true, ns, isMostlyIdle);
}
