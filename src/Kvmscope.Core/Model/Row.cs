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

/// <summary>
/// Rows by their keys. Rows of consecutive intervals come in nearly the same order, so each is first looked for after the one before it.
/// </summary>
/// <param name="grouping">How finely vCPUs are kept apart.</param>
/// <param name="parts">What exits of a reason are kept apart by.</param>
/// <param name="expected">How many rows it has room for from the start.</param>
public sealed class RowTable(Grouping grouping, ExitParts parts = ExitParts.All, int expected = 0)
{
    private readonly Dictionary<GroupKey, int> _places = new(expected);
    private readonly List<Row> _rows = new(expected);
    private readonly bool _keepsAll = grouping == Grouping.Vcpu && parts == ExitParts.All;
    private int _next;

    /// <summary>The rows so far, in the order in which they were made.</summary>
    public IReadOnlyList<Row> Rows => _rows;

    /// <summary>The key under which this table keeps a row.</summary>
    public GroupKey KeyOf(GroupKey key) => _keepsAll ? key : key.At(grouping).Keep(parts);

    /// <summary>The row of a group, or of the coarser group that this table keeps; made where there is none.</summary>
    public Row RowOf(GroupKey key)
    {
        key = KeyOf(key);
        // After the last row the first may come again.
        if (_next == _rows.Count) _next = 0;
        if (_next < _rows.Count && _rows[_next].Key.Equals(key)) return _rows[_next++];
        ref int place = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, key, out bool isKnown);
        if (!isKnown)
        {
            place = _rows.Count;
            _rows.Add(new Row(key));
        }
        _next = place + 1;
        return _rows[place];
    }

    /// <summary>The row of a group, or of the coarser group that this table keeps; null where there is none.</summary>
    public Row? Find(GroupKey key) => _places.TryGetValue(KeyOf(key), out int place) ? _rows[place] : null;

    /// <summary>Adds a row; the object is not kept.</summary>
    public void Add(Row row) => RowOf(row.Key).Add(row);

    /// <summary>Forgets all rows.</summary>
    public void Clear()
    {
        _places.Clear();
        _rows.Clear();
        _next = 0;
    }
}
