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
        BusyShare busy = Idleness.BusyOf(key, tally.Timed, tally.TotalNs, tally.Parts, knowsHalts);
        Tally? rest = busy is { HasAny: true, IsWhole: false }
            ? new Tally { Count = tally.Count, Timed = tally.Timed, Final = tally.Final, TotalNs = busy.Ns }
            : null;
        return new(tally, rest, busy.IsMostlyIdle, busy.IsWhole);
    }
}
