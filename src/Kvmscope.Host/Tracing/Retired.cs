using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>What vCPUs that ended left behind: VMs that end while traced stay in the result.</summary>
internal sealed class Retired
{
    readonly RowTable _rows;
    TrustSums _sums;

    /// <param name="grouping">The finest grouping that will be asked for; rows are kept as fine as that and no finer, as long runs see many vCPUs end.</param>
    internal Retired(Grouping grouping)
    {
        Kept = grouping;
        _rows = new RowTable(grouping);
    }

    /// <summary>How fine rows are kept.</summary>
    internal Grouping Kept { get; }

    /// <summary>What the slots said.</summary>
    internal TrustSums Sums => _sums;

    /// <summary>Where a slot's cells are added.</summary>
    internal RowTable Rows => _rows;

    /// <summary>Adds a slot's own counters.</summary>
    internal void Add(ref kvmscope_slot slot) => _sums.Add(ref slot);

    /// <summary>The rows, to be added to a snapshot; their maxima belong to that snapshot alone.</summary>
    internal IEnumerable<SnapshotRow> Take()
    {
        foreach (var row in _rows.Rows)
        {
            yield return row;
            row.MaxNs = 0;
        }
    }
}
