using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Model;

/// <summary>
/// What was counted for one group of vCPUs, one reason and one level. Counters are cumulative since attach; <see cref="MaxNs"/> alone
/// is the largest since the snapshot before.
/// </summary>
public sealed class SnapshotRow
{
    private ulong[]? _bins;

    /// <summary>The VM, or null where the snapshot is not grouped by VM.</summary>
    public VmIdentity? Vm { get; init; }

    /// <summary>The vCPU's id as its VMM numbered it, or null where the snapshot is not grouped by vCPU.</summary>
    public int? Vcpu { get; init; }

    /// <summary>The reason, raw.</summary>
    public required ExitCode Code { get; init; }

    /// <summary>L1 or L2.</summary>
    public required ExitLevel Level { get; init; }

    /// <summary>The reason's argument; none where qualifiers were not asked for.</summary>
    public Qualifier Qualifier { get; init; }

    /// <summary>
    /// Where the handling time went, exits that are open at the snapshot included; null without the split. The guest's part is 0, and
    /// what an exit without an end took is unattributed.
    /// </summary>
    public TimeParts? Parts { get; set; }

    /// <summary>What became of reflected exits; null where nested rounds were not asked for, at L1, and where none was reflected.</summary>
    public ReflectedRounds? Rounds { get; set; }

    /// <summary>Exits seen (kvm_exit), whether or not they were followed by an entry.</summary>
    public ulong Count { get; set; }

    /// <summary>Exits whose handling time was measured: those followed by a kvm_entry. Equals the sum of <see cref="Bins"/>.</summary>
    public ulong Timed { get; set; }

    /// <summary>The sum of the measured handling times in ns.</summary>
    public ulong TotalNs { get; set; }

    /// <summary>The longest measured handling time in ns since the snapshot before (or since attach, for the first).</summary>
    public ulong MaxNs { get; set; }

    /// <summary>The histogram, <see cref="HistogramLayout.BinCount"/> bins; made when it is first asked for.</summary>
    public ulong[] Bins => _bins ??= new ulong[HistogramLayout.BinCount];

    /// <summary>The row with other parts; the histogram is shared, and not to be changed.</summary>
    internal SnapshotRow WithParts(in TimeParts parts)
    {
        var row = (SnapshotRow)MemberwiseClone();
        row.Parts = parts;
        return row;
    }

    /// <summary>Whether <see cref="Bins"/> was made; where not, all of them are 0, and reading is best left.</summary>
    internal bool HasBins => _bins is not null;
}
