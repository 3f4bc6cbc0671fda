using Kvmscope.Core.Histories.Packing;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Histories;

/// <summary>
/// The last 24 hours of a trace, in bounded memory: 15 minutes interval by interval, then in steps of 10 seconds to the end of the first
/// hour, of a minute to the sixth, of 5 minutes after that. Where that is too much, it is kept less finely and not for a shorter time:
/// first what is older is by VM, reason and level; then by reason and level of the whole host. Only where even that is too much, the
/// oldest is forgotten.
/// <para>
/// An interval of 100 VMs with 8 vCPUs and 12 reasons each is 150 KB packed; by VM 30 KB, and for the host 1 KB. So 64 MB keep 4 minutes
/// of every vCPU, and 24 hours by VM. 1000 vCPUs with 25 reasons are 400 KB: more than a minute, and by VM as long as the number of VMs
/// allows: with 32 VMs a day, with 125 six minutes at full step.
/// </para>
/// <para>
/// One thread adds, others may read meanwhile; neither waits for long. Places are CLOCK_MONOTONIC, ns.
/// </para>
/// </summary>
public sealed class LiveHistory : IHistory
{
    /// <summary>How much memory a history takes, where nothing else is said.</summary>
    public const long DefaultBytes = 64L << 20;

    /// <summary>How many slow exits are kept, where nothing else is said.</summary>
    public const int DefaultSlow = 10_000;

    // What sums that are asked for again and again may take.
    private const int BlockShare = 6;

    private readonly Grouping _grouping;
    private readonly ExitParts _parts;
    private readonly long _budget;
    private readonly ChunkPool _pool = new();
    private readonly EntryStore _entries;
    private readonly EntryMaker _maker;
    private readonly Coarsening _coarsening;
    private readonly SlowRing _slow;
    private readonly BlockSums _blocks;
    private Interval? _newest;
    private VmIdentity[] _vms = [];
    private long _stepNs;

    /// <summary>Makes an empty one.</summary>
    /// <param name="grouping">How fine the intervals keep vCPUs apart.</param>
    /// <param name="parts">What they keep exits of a reason apart by.</param>
    /// <param name="stepNs">How long they are meant to be, ns.</param>
    /// <param name="budget">How many bytes it may take.</param>
    /// <param name="mostSlow">How many slow exits it keeps.</param>
    public LiveHistory(
        Grouping grouping, ExitParts parts, long stepNs, long budget = DefaultBytes, int mostSlow = DefaultSlow)
    {
        (_grouping, _parts, _stepNs, _budget) = (grouping, parts, stepNs, budget);
        _entries = new EntryStore(_pool);
        _maker = new EntryMaker(_pool, grouping == Grouping.Vcpu || parts != ExitParts.None);
        _coarsening = new Coarsening(_entries, _maker);
        _slow = new SlowRing(mostSlow);
        _blocks = new BlockSums(budget / BlockShare);
    }

    /// <inheritdoc/>
    public long From => _entries.Read(static all => all.Count == 0 ? 0 : all[0].From);

    /// <inheritdoc/>
    public long To => _entries.Read(static all => all.Count == 0 ? 0 : all[^1].To);

    /// <summary>How long the next intervals are meant to be, ns; those that are there stay as they are.</summary>
    public long StepNs
    {
        get => Interlocked.Read(ref _stepNs);
        set => Interlocked.Exchange(ref _stepNs, value);
    }

    /// <summary>About how much memory it takes, in bytes; of the newest interval the rows too.</summary>
    public long Bytes => _entries.Bytes + FixedBytes;

    /// <summary>How many intervals, and sums of them, it has.</summary>
    public int Entries => _entries.Read(static all => all.Count);

    private long FixedBytes => _maker.Bytes + _slow.Bytes + _blocks.Bytes + ((_newest?.Changes.Count ?? 0) * RowMemory.OfRow);

    /// <summary>Adds the next interval, with its slow exits. Kept until <see cref="LetGo"/> or the next: do not change it.</summary>
    /// <exception cref="ArgumentException">It begins before the one before ended.</exception>
    public void Add(Interval interval)
    {
        if (interval.ToNs < interval.FromNs || (_entries.Count > 0 && interval.FromNs < _entries[_entries.Count - 1].To))
            throw new ArgumentException("intervals must follow each other", nameof(interval));
        (VmIdentity[] vms, int fresh) = _maker.Share(interval.Vms);
        long vmBytes = ReferenceEquals(_vms, vms) ? 0 : HistoryEntry.BytesOfList(vms.Length, fresh);
        _vms = vms;
        _slow.Add(interval, vms);
        interval = interval with { Vms = vms, Slow = [] };
        _entries.Add(_maker.Make(interval, vms, vmBytes, HistoryForm.Exact, StepNs));
        Volatile.Write(ref _newest, interval);
        _coarsening.Run();
        _blocks.Forget(interval.ToNs);
        _entries.Fit(Math.Max(0, _budget - FixedBytes));
        _slow.ForgetUntil(_entries[0].From);
    }

    /// <summary>
    /// Forgets the rows of the newest interval as they came, which those who want it at once are spared unpacking. Called before the next
    /// is read: then they are garbage when it comes, and are not copied to where long-lived objects are.
    /// </summary>
    public void LetGo() => Volatile.Write(ref _newest, null);

    /// <inheritdoc/>
    public HistoryDetail DetailAt(long place) => _entries.Read(all =>
    {
        if (all.Count == 0) return new HistoryDetail(StepNs, _grouping, _parts);
        HistoryEntry entry = all[Math.Min(all.Count - 1, Search(all, place, static (e, ns) => e.To < ns))];
        return entry.Finest switch
        {
            HistoryForm.Exact => new HistoryDetail(entry.StepNs, _grouping, _parts),
            HistoryForm.Vm => new HistoryDetail(entry.StepNs, Coarser(_grouping, Grouping.Vm), ExitParts.None),
            _ => new HistoryDetail(entry.StepNs, Grouping.Host, ExitParts.None),
        };
    });

    /// <inheritdoc/>
    public long EdgeBefore(long place) => _entries.Read(all =>
    {
        int at = Search(all, place, static (e, ns) => e.To < ns);
        return at > 0 ? all[at - 1].To : all.Count > 0 ? all[0].From : 0;
    });

    /// <inheritdoc/>
    public long EdgeAfter(long place) => _entries.Read(all =>
    {
        int at = Search(all, place, static (e, ns) => e.To <= ns);
        return at < all.Count ? all[at].To : all.Count > 0 ? all[^1].To : 0;
    });

    /// <inheritdoc/>
    public Interval? Sum(long from, long to, Grouping grouping, ExitParts parts, Action? check = null) =>
        Sum(from, to, ref grouping, ref parts);

    /// <summary>The form that has all that is asked for.</summary>
    internal HistoryForm FormFor(Grouping grouping, ExitParts parts) => (parts & _parts) != ExitParts.None || grouping > Grouping.Vm
        ? HistoryForm.Exact : grouping == Grouping.Vm ? HistoryForm.Vm : HistoryForm.Host;

    /// <summary>The place from which on everything is kept at least in this form.</summary>
    internal long FineFrom(HistoryForm form) => _entries.Read(all =>
    {
        int at = all.FindLastIndex(entry => entry.Finest < form) + 1;
        return at < all.Count ? all[at].From : all.Count > 0 ? all[^1].To : 0;
    });

    /// <summary>The place until which slow exits may have been forgotten.</summary>
    internal long SlowFrom => Math.Max(From, _slow.DroppedUntil);

    /// <summary>The sum, and how fine it is.</summary>
    internal Interval? Sum(long from, long to, ref Grouping grouping, ref ExitParts parts)
    {
        HistoryForm wanted = FormFor(grouping, parts);
        // All that is there is all: what was lost is then known too, and not only what rows say.
        if ((parts & _parts) == _parts) parts = ExitParts.All;
        Selected selected = _entries.Select(all => SelectFrom(all, from, to, wanted));
        try
        {
            if (selected.Pieces.Length == 0) return null;
            if (selected.Newest is { } newest && grouping >= _grouping && parts == ExitParts.All) return newest;
            if (selected.Form < HistoryForm.Exact)
            {
                grouping = Coarser(grouping, selected.Form == HistoryForm.Vm ? Grouping.Vm : Grouping.Host);
                parts = _parts == ExitParts.None ? ExitParts.All : ExitParts.None;
            }
            // Where it keeps apart what they do, it has as many rows as the largest, or some more.
            var sum = new IntervalSum(grouping, parts, expected: FormFor(grouping, parts) == selected.Form ? selected.MostRows : 0);
            if (selected.Newest is { } only && selected.Form == HistoryForm.Exact) sum.Add(only);
            else
            {
                var unpacker = new IntervalUnpacker();
                foreach (HistoryPiece piece in _blocks.Fold(selected.Pieces, selected.Form, selected.Now))
                    unpacker.AddTo(sum, piece.Head, piece.Vms, piece.Counters, piece.States);
            }
            return sum.ToInterval();
        }
        finally
        {
            _entries.Done();
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<SlowExit> Slow(long from, long to, int most, Func<bool>? goesOn = null) => _slow.Between(from, to, most);

    /// <inheritdoc/>
    public DateTimeOffset TimeAt(long place) => _entries.Read(all => EntryClock.At(all, place));

    /// <inheritdoc/>
    public long? PlaceOf(DateTimeOffset time) => _entries.Read(all => EntryClock.PlaceOf(all, time));

    private static Grouping Coarser(Grouping a, Grouping b) => a < b ? a : b;

    private readonly record struct Selected(HistoryPiece[] Pieces, HistoryForm Form, int MostRows, Interval? Newest, long Now);

    private Selected SelectFrom(List<HistoryEntry> all, long from, long to, HistoryForm wanted)
    {
        int first = all.Count == 0 || from <= all[0].From ? 0 : Search(all, from, static (e, ns) => e.Middle < ns);
        int end = all.Count == 0 || to >= all[^1].To ? all.Count : Search(all, to, static (e, ns) => e.Middle < ns);
        if (first >= end) return new Selected([], wanted, 0, null, 0);
        HistoryForm finest = HistoryForm.Exact;
        for (int i = first; i < end; i++) finest = all[i].Finest < finest ? all[i].Finest : finest;
        // All of it is as coarse as its coarsest part: else rows of VMs would be beside those of their vCPUs.
        HistoryForm form = finest < wanted ? finest : wanted;
        var pieces = new HistoryPiece[end - first];
        int mostRows = 0;
        for (int i = first; i < end; i++)
        {
            HistoryEntry entry = all[i];
            // What was open between two intervals does not matter; before and after a gap it does.
            bool isEdge = i == first || i == end - 1 || entry.Head.IsAfterGap || all[i + 1].Head.IsAfterGap;
            PackedInterval packed = entry.AtLeast(form);
            mostRows = Math.Max(mostRows, packed.Rows);
            pieces[i - first] = new HistoryPiece(entry.Head, finest == HistoryForm.Host ? [] : entry.Vms, packed.Counters,
                isEdge ? entry.AtLeast(entry.Finest).States : null);
        }
        return new Selected(pieces, form, mostRows, first == all.Count - 1 ? NewestOf(all[first]) : null, all[^1].To);
    }

    private Interval? NewestOf(HistoryEntry entry) =>
        Volatile.Read(ref _newest) is { } newest && newest.ToNs == entry.To && newest.FromNs == entry.From ? newest : null;

    /// <summary>The first entry that is not before a place.</summary>
    internal static int Search(List<HistoryEntry> all, long place, Func<HistoryEntry, long, bool> isBefore)
    {
        int low = 0, high = all.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (isBefore(all[middle], place)) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
