using Kvmscope.Core.Histories.Packing;

namespace Kvmscope.Core.Histories;

/// <summary>
/// The entries of a live history in order of time, within a number of bytes. One thread changes it; others read through
/// <see cref="Select"/>, and what they read stays as it is until they say that they have done.
/// </summary>
/// <param name="pool">Takes memory back.</param>
internal sealed class EntryStore(ChunkPool pool)
{
    // Of what the coarsest forms leave, the exact ones have more than half; each may take more as long as the others leave it.
    private const int ExactShare = 4, Shares = 7;

    private readonly Lock _lock = new();
    private readonly List<HistoryEntry> _entries = [];
    private readonly long[] _bytes = new long[3];
    private int _readers;

    internal int Count => _entries.Count;

    internal HistoryEntry this[int index] => _entries[index];

    /// <summary>What all entries take.</summary>
    internal long Bytes => _bytes.Sum();

    /// <summary>The index of the first entry that ends after a place; only for the thread that changes it.</summary>
    internal int IndexAfter(long place) => LiveHistory.Search(_entries, place, static (entry, ns) => entry.To <= ns);

    /// <summary>Some entries; only for the thread that changes it.</summary>
    internal List<HistoryEntry> Range(int first, int count) => _entries.GetRange(first, count);

    /// <summary>Looks at the entries; nothing changes meanwhile.</summary>
    internal T Read<T>(Func<List<HistoryEntry>, T> read)
    {
        lock (_lock) return read(_entries);
    }

    /// <summary>Looks at the entries for packed forms that are read afterwards; <see cref="Done"/> must follow.</summary>
    internal T Select<T>(Func<List<HistoryEntry>, T> select)
    {
        lock (_lock)
        {
            T selected = select(_entries);
            _readers++;
            return selected;
        }
    }

    /// <summary>What was selected is not read any more.</summary>
    internal void Done()
    {
        lock (_lock) _readers--;
    }

    internal void Add(HistoryEntry entry)
    {
        lock (_lock)
        {
            _entries.Add(entry);
            Account(entry, 1);
        }
    }

    /// <summary>Replaces some entries by their sum.</summary>
    internal void Replace(int first, int count, HistoryEntry sum)
    {
        lock (_lock)
        {
            Forget(first, count);
            _entries.Insert(first, sum);
            Account(sum, 1);
        }
    }

    /// <summary>Forgets the oldest entries.</summary>
    internal void RemoveOldest(int count)
    {
        if (count == 0) return;
        lock (_lock) Forget(0, count);
    }

    /// <summary>
    /// Makes room: forgets what is finest of the oldest entries, and entries only where the coarsest forms alone are too many. The newest
    /// entry stays as it is.
    /// </summary>
    /// <param name="room">How many bytes there are.</param>
    internal void Fit(long room)
    {
        lock (_lock)
        {
            while (Bytes > room)
            {
                long left = room - _bytes[(int)HistoryForm.Host];
                bool isExact = _bytes[(int)HistoryForm.Exact] > left * ExactShare / Shares;
                HistoryForm first = isExact ? HistoryForm.Exact : HistoryForm.Vm, second = isExact ? HistoryForm.Vm : HistoryForm.Exact;
                if (!TryDropOldest(first) && !TryDropOldest(second) && !TryDropOldest(HistoryForm.Host)) return;
            }
        }
    }

    private bool TryDropOldest(HistoryForm form)
    {
        int last = _entries.Count - 1;
        if (form == HistoryForm.Host)
        {
            if (last < 1) return false;
            Forget(0, 1);
            return true;
        }
        int at = _entries.FindIndex(e => e[form] is not null);
        if (at < 0 || at == last) return false;
        HistoryEntry entry = _entries[at];
        Account(entry, -1);
        GiveBack(entry.Drop(form));
        Account(entry, 1);
        return true;
    }

    private void Forget(int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            Account(_entries[i], -1);
            for (HistoryForm form = HistoryForm.Host; form <= HistoryForm.Exact; form++) GiveBack(_entries[i][form]);
        }
        _entries.RemoveRange(first, count);
    }

    private void Account(HistoryEntry entry, int sign)
    {
        for (HistoryForm form = HistoryForm.Host; form <= HistoryForm.Exact; form++) _bytes[(int)form] += sign * entry.BytesOf(form);
    }

    // Where somebody may be reading it, the collector takes it.
    private void GiveBack(PackedInterval? packed)
    {
        if (_readers == 0) packed?.GiveBack(pool);
    }
}
