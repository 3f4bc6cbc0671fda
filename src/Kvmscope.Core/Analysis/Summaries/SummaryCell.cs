using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Summaries;

/// <summary>The counters of the rows for which it is decided together what was idle (<see cref="RowGrouping"/>).</summary>
internal struct SummaryCell
{
    /// <summary>The end of a list of cells or rows.</summary>
    internal const int None = -1;

    internal SummaryCell(GroupKey key, SummaryRow group) =>
        (Key, Group, IsIdleReason) = (key, group, ExitReasons.IsIdle(key.Code));

    internal readonly GroupKey Key;
    internal readonly SummaryRow Group;
    internal readonly bool IsIdleReason;

    /// <summary>The reading of the summary that the figures are of.</summary>
    internal long Reading;

    /// <summary>The first of its rows, and the next cell of its group.</summary>
    internal int FirstRow, NextCell;

    internal ulong Count, Timed, TotalNs, MaxNs;
    internal TimeParts Parts;
    internal bool HasParts, HasRounds;
    internal BusyShare Busy;

    internal void Begin(long reading)
    {
        Reading = reading;
        FirstRow = None;
        Count = Timed = TotalNs = MaxNs = 0;
        Parts = default;
        HasParts = HasRounds = false;
    }

    internal void Add(Row row)
    {
        Count += row.Count;
        Timed += row.Timed;
        TotalNs += row.TotalNs;
        MaxNs = Math.Max(MaxNs, row.MaxNs);
        HasRounds |= row.Rounds is not null;
        if (!row.HasParts) return;
        HasParts = true;
        Parts.Add(row.PartsOrNone);
    }

    internal void Decide(bool knowsHalts) => Busy = IsIdleReason
        ? Idleness.BusyOf(Key, Timed, TotalNs, HasParts ? Parts : null, knowsHalts)
        : BusyShare.All(TotalNs, isMostlyIdle: false);
}

/// <summary>The wall clock of a VM or vCPU, or of all.</summary>
internal sealed class WallClock
{
    /// <summary>The reading of the summary that it is of.</summary>
    internal long Reading { get; private set; }

    /// <summary>How long it was observed, ns.</summary>
    internal ulong Ns { get; private set; }

    /// <summary>What is in no exit.</summary>
    internal TimeParts Parts { get; private set; }

    internal void Begin(long reading) => (Reading, Ns, Parts) = (reading, 0, default);

    internal void Add(in VcpuTime time)
    {
        Ns += time.WallNs;
        TimeParts parts = Parts;
        parts.Add(time.Parts);
        Parts = parts;
    }
}
