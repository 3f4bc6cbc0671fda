using Kvmscope.Core.Model;

namespace Kvmscope.Core.Analysis.Summaries;

/// <summary>
/// Numbers by the keys of rows. Rows of consecutive intervals come in nearly the same order, so each is looked for where it came last
/// time: after the one before it.
/// </summary>
internal sealed class RowMap
{
    /// <summary>What is found for a new key.</summary>
    internal const int Unknown = int.MinValue;

    // Rows without exits are left out, so the next one may be a few places further.
    private const int Ahead = 4;

    // Keys that come no more are kept until there are as many of them, and some.
    private const int MostGone = 1024;

    private readonly Dictionary<GroupKey, int> _places = [];
    private (GroupKey Key, int Number)[] _rows = [];
    private int _count, _next;

    /// <summary>How many keys have a number.</summary>
    internal int Count => _count;

    /// <summary>Goes to the first row of an interval.</summary>
    /// <param name="rows">How many it has.</param>
    internal void Begin(int rows)
    {
        _next = 0;
        _places.EnsureCapacity(rows);
        if (_rows.Length < rows) Array.Resize(ref _rows, rows + (rows / 4));
    }

    /// <summary>The number of a key; <see cref="Unknown"/> where it has none.</summary>
    internal int Find(in GroupKey key)
    {
        for (int at = _next, end = Math.Min(_count, at + Ahead); at < end; at++)
        {
            if (!_rows[at].Key.Equals(key)) continue;
            _next = at + 1;
            return _rows[at].Number;
        }
        if (!_places.TryGetValue(key, out int place)) return Unknown;
        _next = place + 1;
        return _rows[place].Number;
    }

    /// <summary>Gives a new key a number.</summary>
    internal void Add(in GroupKey key, int number)
    {
        _places.Add(key, _count);
        if (_count == _rows.Length) Array.Resize(ref _rows, _count * 2);
        _rows[_count++] = (key, number);
        _next = _count;
    }

    /// <summary>Whether many of the keys are of rows that are no longer there.</summary>
    /// <param name="rows">How many rows there are.</param>
    internal bool IsStale(int rows) => _count > (2 * rows) + MostGone;

    /// <summary>Forgets all.</summary>
    internal void Clear()
    {
        _places.Clear();
        _rows.AsSpan(0, _count).Clear();
        _count = _next = 0;
    }
}
