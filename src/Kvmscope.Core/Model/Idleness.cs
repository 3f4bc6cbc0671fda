using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>
/// Which exits, and which part of their time, the guest was idle for. Where the split is known, only what was halted or polled is idle, and
/// the rest is busy. Where it is not, a reason that waits for work stands for idle time; docs/time.md says which do not.
/// </summary>
internal static class Idleness
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
    /// Whether exits are idle, as far as their reason tells. L2's halts are not: L1 handles them, and that is what nesting costs. WFE is
    /// not: it spins.
    /// </summary>
    internal static bool IsIdle(GroupKey key) => key.Level != ExitLevel.L2 && ExitReasons.IsIdle(key.Code) && !Spins(key);

    /// <summary>Whether halts and their polling were measured, so that the parts tell.</summary>
    internal static bool KnowsHalts(Interval interval) => !interval.Missing.Any(m => m.Part is TimePart.Halt or TimePart.Poll);

    /// <summary>The idle part of the time, open exits included, in ns; null where only the reason tells.</summary>
    /// <param name="key">Which exits.</param>
    /// <param name="tally">Their counters, with settled parts.</param>
    /// <param name="knowsHalts">As <see cref="KnowsHalts"/> says.</param>
    internal static ulong? IdleNs(GroupKey key, Tally tally, bool knowsHalts)
    {
        if (!ExitReasons.IsIdle(key.Code)) return 0;
        if (!knowsHalts || tally.Parts is not { } parts) return null;
        ulong vmm = parts[TimePart.Vmm], exits = Math.Max(tally.Timed, 1);
        return parts[TimePart.Halt] + parts[TimePart.Poll] + (vmm / exits >= VmmWaitNs ? vmm : 0);
    }

    /// <summary>Whether most of the time was idle.</summary>
    internal static bool IsMostlyIdle(GroupKey key, Tally tally, bool knowsHalts)
    {
        ulong whole = tally.Parts?.Sum ?? 0;
        return IdleNs(key, tally, knowsHalts) is { } idle && whole > 0 ? idle >= whole - idle : IsIdle(key);
    }

    /// <summary>What of the exits is busy: all of them, the part of their time that was not idle, or nothing (null).</summary>
    /// <remarks>How that part is distributed over the exits is not known: it has no histogram and no longest.</remarks>
    internal static Tally? Busy(GroupKey key, Tally tally, bool knowsHalts)
    {
        if (IdleNs(key, tally, knowsHalts) is not { } idle) return IsIdle(key) ? null : tally;
        if (idle == 0) return tally;
        ulong rest = tally.Parts!.Value.Sum - idle;
        return new Tally { Count = tally.Count, Timed = tally.Timed, Final = tally.Final, TotalNs = Math.Min(rest, tally.TotalNs) };
    }

    private static bool Spins(GroupKey key) =>
        Qualifiers.KindOf(key.Code) == QualifierKind.Wait && key.Qualifier.State == QualifierState.Known && (key.Qualifier.Raw & 1) == 1;
}
