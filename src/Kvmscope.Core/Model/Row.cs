using System.Runtime.InteropServices;

namespace Kvmscope.Core.Model;

/// <summary>What was counted for one group.</summary>
/// <param name="key">Which group.</param>
public sealed class Row(GroupKey key) : Tally
{
    /// <summary>Which group.</summary>
    public GroupKey Key { get; internal set; } = key;

    /// <summary>The row with other parts; its histograms are shared, so do not change them.</summary>
    internal Row WithParts(in TimeParts parts)
    {
        var row = (Row)MemberwiseClone();
        row.Parts = parts;
        return row;
    }
}

/// <summary>Rows by their keys.</summary>
/// <param name="grouping">How finely vCPUs are kept apart.</param>
/// <param name="parts">What exits of a reason are kept apart by.</param>
/// <param name="expected">How many rows it has room for from the start.</param>
public sealed class RowTable(Grouping grouping, ExitParts parts = ExitParts.All, int expected = 0)
{
    private readonly Dictionary<GroupKey, Row> _rows = new(expected);
    private readonly bool _keepsAll = grouping == Grouping.Vcpu && parts == ExitParts.All;

    /// <summary>The rows so far.</summary>
    public IReadOnlyCollection<Row> Rows => _rows.Values;

    /// <summary>The key under which this table keeps a row.</summary>
    public GroupKey KeyOf(GroupKey key) => _keepsAll ? key : key.At(grouping).Keep(parts);

    /// <summary>The row of a group, or of the coarser group that this table keeps; made where there is none.</summary>
    public Row RowOf(GroupKey key)
    {
        key = KeyOf(key);
        ref Row? row = ref CollectionsMarshal.GetValueRefOrAddDefault(_rows, key, out _);
        return row ??= new Row(key);
    }

    /// <summary>The row of a group, or of the coarser group that this table keeps; null where there is none.</summary>
    public Row? Find(GroupKey key) => _rows.GetValueOrDefault(KeyOf(key));

    /// <summary>Adds a row; the object is not kept.</summary>
    public void Add(Row row) => RowOf(row.Key).Add(row);

    /// <summary>Forgets all rows.</summary>
    public void Clear() => _rows.Clear();
}
