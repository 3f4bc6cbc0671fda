namespace Kvmscope.Core.Model;

/// <summary>
/// L2 exits of one reason that were reflected to L1, and the rounds that they began: from the exit until L2 runs again on that vCPU.
/// Cumulative, as the row that it belongs to.
/// </summary>
public sealed class ReflectedRounds
{
    /// <summary>Exits after which L1 ran: the exit was flagged L2 and the next entry was not.</summary>
    public ulong Reflected { get; set; }

    /// <summary>Rounds that ended: L2 ran again. Equals the sum of <see cref="Bins"/>.</summary>
    public ulong Ended { get; set; }

    /// <summary>The ended rounds' durations in ns, summed.</summary>
    public ulong TotalNs { get; set; }

    /// <summary>Of these, handling of exits by this host (L0) in ns: the reflected exit and L1's; the rest is L1's own time.</summary>
    public ulong HandlingNs { get; set; }

    /// <summary>Exits of L1 in the ended rounds, the VM entry instruction's included.</summary>
    public ulong L1Exits { get; set; }

    /// <summary>The longest round in ns since the snapshot before.</summary>
    public ulong MaxNs { get; set; }

    /// <summary>The rounds' durations, <see cref="HistogramLayout.BinCount"/> bins.</summary>
    public ulong[] Bins { get; } = new ulong[HistogramLayout.BinCount];
}
