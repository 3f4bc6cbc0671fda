using Kvmscope.Core.Model;

namespace Kvmscope.Core.Recordings;

/// <summary>
/// What happened to one group of vCPUs, one reason and one level (and argument) in an interval, or in many. Its parts are differences
/// that may be negative (<see cref="TimeParts.Less"/>): only their sum over the time that is asked for is settled.
/// </summary>
public sealed class RecordedRow
{
    /// <summary>What it is of.</summary>
    public RowKey Key { get; set; }

    /// <inheritdoc cref="SnapshotRow.Count"/>
    public ulong Count { get; set; }

    /// <inheritdoc cref="SnapshotRow.Timed"/>
    public ulong Timed { get; set; }

    /// <inheritdoc cref="SnapshotRow.TotalNs"/>
    public ulong TotalNs { get; set; }

    /// <summary>The longest measured handling time in ns.</summary>
    public ulong MaxNs { get; set; }

    /// <summary>The histogram of the handling times.</summary>
    public BinWindow Bins { get; } = new();

    /// <summary>Where the time went, not settled; null without the split.</summary>
    public TimeParts? Parts { get; set; }

    /// <summary>What became of reflected exits; null where there was none.</summary>
    public RecordedRounds? Rounds { get; set; }

    /// <summary>Takes over a row of a difference of snapshots.</summary>
    public static RecordedRow Of(SnapshotRow row)
    {
        var made = new RecordedRow
        {
            Key = new RowKey(row.Vm?.Ordinal ?? -1, row.Vcpu ?? -1, row.Code, row.Level, row.Qualifier),
            Count = row.Count,
            Timed = row.Timed,
            TotalNs = row.TotalNs,
            MaxNs = row.MaxNs,
            Parts = row.Parts,
            Rounds = row.Rounds is { } rounds ? RecordedRounds.Of(rounds) : null,
        };
        if (row.HasBins) made.Bins.Add(row.Bins);
        return made;
    }

    /// <summary>Adds another interval's row of the same key.</summary>
    public void Add(RecordedRow more)
    {
        Count += more.Count;
        Timed += more.Timed;
        TotalNs += more.TotalNs;
        MaxNs = Math.Max(MaxNs, more.MaxNs);
        Bins.Add(more.Bins);
        if (more.Parts is { } parts)
        {
            TimeParts sum = Parts ?? default;
            sum.Add(parts);
            Parts = sum;
        }
        if (more.Rounds is { } rounds) (Rounds ??= new RecordedRounds()).Add(rounds);
    }

    /// <summary>Empties it for the next use.</summary>
    public void Clear()
    {
        Key = default;
        Count = Timed = TotalNs = MaxNs = 0;
        Bins.Clear();
        Parts = null;
        Rounds = null;
    }

    /// <summary>The row as a snapshot has it; its parts are not settled.</summary>
    /// <param name="vm">The VM, or null where VMs are not kept apart.</param>
    public SnapshotRow ToRow(VmIdentity? vm)
    {
        var row = new SnapshotRow
        {
            Vm = vm,
            Vcpu = Key.Vcpu < 0 ? null : Key.Vcpu,
            Code = Key.Code,
            Level = Key.Level,
            Qualifier = Key.Qualifier,
            Count = Count,
            Timed = Timed,
            TotalNs = TotalNs,
            MaxNs = MaxNs,
            Parts = Parts,
            Rounds = Rounds?.ToRounds(),
        };
        if (Bins.Counts.Length > 0) Bins.AddTo(row.Bins);
        return row;
    }
}
