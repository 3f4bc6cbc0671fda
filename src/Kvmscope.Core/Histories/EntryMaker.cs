using Kvmscope.Core.Histories.Packing;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Histories;

/// <summary>Makes entries of intervals: packs them, and adds them up by VM and for the host. Not for several threads at once.</summary>
/// <param name="pool">Has memory.</param>
/// <param name="hasFiner">Whether intervals are finer than by VM, reason and level at all.</param>
internal sealed class EntryMaker(ChunkPool pool, bool hasFiner)
{
    // Where VMs have one vCPU each, adding them up saves nothing; whether that is still so is looked at rarely.
    private const int LookAgain = 600, LeastRows = 64;

    private readonly IntervalPacker _packer = new(pool);
    private readonly IntervalUnpacker _unpacker = new();
    private readonly IntervalFold _byHost = new(Grouping.Host);
    private IntervalFold _byVm = new(Grouping.Vm);
    private Dictionary<int, VmIdentity> _known = [];
    private VmIdentity[] _vms = [];
    private int _skip;

    /// <summary>What it holds besides the entries.</summary>
    internal long Bytes => _byVm.Bytes + _byHost.Bytes + pool.Bytes;

    /// <summary>The VMs of the next interval, each as the object that is there already: names are kept once.</summary>
    internal (VmIdentity[] Vms, int New) Share(IReadOnlyCollection<VmIdentity> vms)
    {
        if (vms.Count == _vms.Length && vms.SequenceEqual(_vms)) return (_vms, 0);
        int fresh = 0;
        var shared = new VmIdentity[vms.Count];
        int at = 0;
        foreach (VmIdentity vm in vms)
        {
            bool isKnown = _known.TryGetValue(vm.Ordinal, out VmIdentity? known) && known == vm;
            shared[at++] = isKnown ? known! : vm;
            if (!isKnown) fresh++;
        }
        var next = new Dictionary<int, VmIdentity>(shared.Length);
        foreach (VmIdentity vm in shared) next[vm.Ordinal] = vm;
        (_known, _vms) = (next, shared);
        return (shared, fresh);
    }

    /// <summary>Packs an interval.</summary>
    /// <param name="interval">The interval.</param>
    /// <param name="vms">Its VMs.</param>
    /// <param name="vmBytes">What these take, besides what other entries have.</param>
    /// <param name="finest">The finest form that it has.</param>
    /// <param name="stepNs">How long it was meant to be.</param>
    internal HistoryEntry Make(Interval interval, VmIdentity[] vms, long vmBytes, HistoryForm finest, long stepNs)
    {
        PackedInterval? exact = finest == HistoryForm.Exact ? _packer.Pack(interval) : null, byVm = null;
        bool folds = finest == HistoryForm.Vm || (finest == HistoryForm.Exact && hasFiner && --_skip < 0);
        if (folds)
        {
            interval = _byVm.Fold(interval);
            byVm = _packer.Pack(interval);
        }
        PackedInterval byHost = _packer.Pack(_byHost.Fold(interval));
        if (exact is not null && byVm is not null && byVm.Bytes > exact.Bytes * 3 / 4)
        {
            byVm.GiveBack(pool);
            byVm = null;
            if (exact.Rows > LeastRows) (_skip, _byVm) = (LookAgain, new IntervalFold(Grouping.Vm));
        }
        bool hasVms = finest > HistoryForm.Host;
        return new HistoryEntry(PackedInterval.HeadOf(interval), hasVms ? vms : [], hasVms ? vmBytes : 0, stepNs)
        {
            [HistoryForm.Exact] = exact,
            [HistoryForm.Vm] = byVm,
            [HistoryForm.Host] = byHost,
        };
    }

    /// <summary>The sum of consecutive entries, as fine as all of them are.</summary>
    internal HistoryEntry Merge(IReadOnlyList<HistoryEntry> entries, long stepNs)
    {
        HistoryForm form = entries.Min(entry => entry.Finest);
        var sum = new IntervalSum(Grouping.Vcpu);
        for (int i = 0; i < entries.Count; i++)
        {
            HistoryEntry entry = entries[i];
            // Of what is in between, what was open does not matter.
            PackedBytes? states = i == 0 || i == entries.Count - 1 ? entry.AtLeast(entry.Finest).States : null;
            _unpacker.AddTo(sum, entry.Head, form == HistoryForm.Host ? [] : entry.Vms, entry.AtLeast(form).Counters, states);
        }
        Interval merged = sum.ToInterval();
        long vmBytes = HistoryEntry.BytesOfList(merged.Vms.Count) + entries.Sum(entry => entry.VmBytes);
        return Make(merged, [.. merged.Vms], vmBytes, form, stepNs);
    }
}
