using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Reports;

/// <summary>Exits as a report adds them up, with what of them was busy.</summary>
/// <param name="All">All of them.</param>
/// <param name="Rest">The busy part where another part was idle; null where all or nothing was.</param>
/// <param name="IsIdle">Whether most of the time was idle.</param>
/// <param name="IsWhollyBusy">Whether nothing was idle.</param>
internal readonly record struct ReportPart(Tally All, Tally? Rest, bool IsIdle, bool IsWhollyBusy)
{
    /// <summary>How much of the time was busy, in ns.</summary>
    internal ulong BusyNs => IsWhollyBusy ? All.TotalNs : Rest?.TotalNs ?? 0;

    internal static ReportPart Of(GroupKey key, Tally tally, bool knowsHalts)
    {
        Tally? busy = Idleness.Busy(key, tally, knowsHalts);
        bool isWhole = ReferenceEquals(busy, tally);
        return new(tally, isWhole ? null : busy, Idleness.IsMostlyIdle(key, tally, knowsHalts), isWhole);
    }
}
