using System.Collections.Immutable;
using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;

namespace Kvmscope.Recordings;

/// <summary>The selected exits of a recording, the same as a live trace with this selection would have given.</summary>
internal sealed class RecordedExits
{
    // Of vCPUs.
    private const int MostSeen = 1 << 20;

    private readonly RecordingSet _recording;
    private readonly Selection _selection;
    private readonly ExitFilter _filter;
    private VmFilter _vms = VmFilter.All;

    // Of the last sum: the next one has about as many.
    private int _rows;

    /// <summary>Resolves everything except the VMs.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="selection">As typed.</param>
    /// <exception cref="KvmscopeException">An unknown reason, or something that the recording does not keep apart (status 2).</exception>
    public RecordedExits(RecordingSet recording, Selection selection)
    {
        (_recording, _selection) = (recording, selection);
        _filter = selection.Resolve(recording.Header.Isa);
        if (!selection.Vcpus.IsEmpty) Require(Grouping.Vcpu, "--vcpu");
        if (!selection.Vms.IsEmpty) Require(Grouping.Vm, "--vm");
    }

    /// <summary>Whether no exit is left out by reason or level, by the recorder or here.</summary>
    public bool HasAll => _recording.Header.HasAllExits && _selection.HasAllExits;

    /// <summary>The only level that has exits; null for both.</summary>
    public ExitLevel? Level => _selection.Level ?? _recording.Header.Selection.Level;

    /// <summary>The selected VMs of those that were traced when it began; their vCPUs are not recorded.</summary>
    public IReadOnlyCollection<VirtualMachine> Machines =>
        [.. _selection.Traced([.. _recording.Header.Machines.Select(AsMachine)], _vms)];

    private static VirtualMachine AsMachine(KnownVm vm) => new(vm.Pid, vm.Name, "", 1, []) { Labels = vm.Labels };

    /// <summary>Throws if the recording does not keep apart what is asked for.</summary>
    public void Require(Grouping grouping, string what)
    {
        Grouping has = _recording.Header.Grouping;
        if (has >= grouping) return;
        (string parts, string wanted) = grouping == Grouping.Vcpu ? ("vCPUs", "vcpu") : ("VMs", "vm");
        string made = has == Grouping.Vm ? "vm" : "host";
        throw UsageError.Of($"{what} needs a recording that keeps {parts} apart, and this one was made with --by {made}",
            $"Record with --by {wanted}, or leave {what} out.");
    }

    /// <summary>The sum of some intervals.</summary>
    /// <param name="range">The intervals.</param>
    /// <param name="grouping">What is kept apart at least.</param>
    /// <param name="parts">What exits of a reason are kept apart by.</param>
    /// <exception cref="KvmscopeException">A VM or vCPU that is not in the recording (2), or damage (1).</exception>
    public Interval Sum(IntervalRange range, Grouping grouping, ExitParts parts)
    {
        bool someVms = !_selection.Vms.IsEmpty;
        if (someVms && grouping < Grouping.Vm) grouping = Grouping.Vm;
        IntervalSum sum = _recording.Sum(range, grouping, parts, IsAll ? null : Passes, _rows);
        Interval interval = sum.ToInterval(someVms ? _vms.Matches : null);
        _rows = interval.Changes.Count;
        return interval;
    }

    /// <summary>The same for a history; after <see cref="Resolve"/>.</summary>
    public WantedExits Wanted => new(IsAll ? null : Passes, _selection.Vms.IsEmpty ? null : _vms.Matches, PassesSlow);

    /// <summary>The slow exits among them, in order.</summary>
    /// <param name="window">When they ended.</param>
    /// <param name="thresholdNs">The threshold.</param>
    /// <param name="part">The part of the handling time that is compared; null for all of it.</param>
    public IEnumerable<SlowExit> Slow(RecordedWindow window, ulong thresholdNs, TimePart? part) =>
        SlowIn(SlowRange(window), window).Select(slow => slow.Exit).Where(exit => IsSlow(exit, thresholdNs, part));

    /// <summary>The intervals that may have slow exits of a time: more than those that lie in it.</summary>
    public IntervalRange SlowRange(RecordedWindow window) => Around(_recording.Touching(window.From, window.To));

    /// <summary>The slow exits that some intervals have of a time, in order, with CLOCK_MONOTONIC when they ended.</summary>
    public IEnumerable<(SlowExit Exit, long Ns)> SlowIn(IntervalRange range, RecordedWindow window) =>
        _recording.SlowAt(range, window.From, window.To).Where(slow => PassesSlow(slow.Exit));

    private bool PassesSlow(SlowExit exit) =>
        _filter.PassesExit(exit.Code.Code, exit.Level) && _filter.PassesVcpu(exit.Vcpu) && _vms.Matches(exit.Vm);

    // An exit that ended at the edge of an interval may have been read with the one beside it.
    private IntervalRange Around(IntervalRange range)
    {
        int first = Math.Max(0, range.First - 1);
        return new IntervalRange(first, Math.Min(_recording.Intervals, range.End + 1) - first);
    }

    /// <summary>Looks up the selected VMs and vCPUs in some intervals; must be called first.</summary>
    /// <exception cref="KvmscopeException">One is not there, or its name is ambiguous (status 2).</exception>
    public void Resolve(IntervalRange range)
    {
        if (!_selection.Vms.IsEmpty) ResolveVms(range);
        CheckVcpus(range);
    }

    /// <summary>The VMs that have exits in some intervals, and those that were traced when the recording began.</summary>
    public IReadOnlyCollection<KnownVm> VmsIn(IntervalRange range) => Known(Seen(range));

    private IReadOnlyCollection<KnownVm> Known(IEnumerable<VmIdentity> seen) =>
        [.. seen.Select(KnownVm.Of), .. _recording.Header.Machines];

    private IReadOnlyCollection<VmIdentity> Seen(IntervalRange range) =>
        _recording.Sum(range, Grouping.Host, ExitParts.None, static _ => false).Vms;

    private void ResolveVms(IntervalRange range)
    {
        IReadOnlyCollection<VmIdentity> seen = Seen(range);
        _vms = VmFilter.Resolve(_selection.Vms, Known(seen));
        if (_vms.Unknown is { } name)
            throw UsageError.Absent(VmFilter.NoSuch(name, " in the recording"),
                seen.Count > 0
                    ? $"There are: {WordList.Some([.. seen.Select(v => $"{v.Name} ({v.Pid})")])}"
                    : "It holds no VM's exits in that time.");
    }

    private void CheckVcpus(IntervalRange range)
    {
        ImmutableArray<int> wanted = _filter.VcpuIds;
        if (wanted.IsEmpty || wanted.All(VcpusIn(range).Contains)) return;
        ImmutableSortedSet<int> known;
        try
        {
            // A vCPU without exits in that time is not an error.
            known = VcpusIn(_recording.All);
        }
        catch (KvmscopeException)
        {
            // Damaged elsewhere: it is not known which vCPUs exist.
            return;
        }
        // The vCPUs of VMs without any exit are not known.
        if (known.IsEmpty || wanted.All(known.Contains)) return;
        string vms = _selection.Vms.IsEmpty ? "" : $" of {WordList.Or(_selection.Vms)}";
        throw UsageError.Absent(
            $"no vCPU {wanted.Where(id => !known.Contains(id)).Min()}{vms} is in the recording",
            $"There are: {IdRanges.Format(known, ", ")}");
    }

    // The vCPUs of the selected VMs that have exits or wall clock.
    private ImmutableSortedSet<int> VcpusIn(IntervalRange range)
    {
        var seen = new HashSet<(int Vm, int Vcpu)>();
        IntervalSum sum = _recording.Sum(range, Grouping.Vcpu, wants: key =>
        {
            seen.Add((key.Vm, key.Vcpu));
            if (seen.Count > MostSeen) throw IntervalSum.TooMany(MostSeen);
            return false;
        });
        // This also asks for the keys of what is open.
        foreach (OpenExits open in sum.ToInterval().OpenAfter) seen.Add((open.Key.Vm, open.Key.Vcpu));
        HashSet<int> vms = [.. sum.Vms.Where(_vms.Matches).Select(vm => vm.Ordinal)];
        return [.. seen.Where(s => vms.Contains(s.Vm)).Select(s => s.Vcpu)];
    }

    private bool IsAll => _selection.HasAllExits && _selection.Vcpus.IsEmpty;

    private bool Passes(GroupKey key) => _filter.PassesVcpu(key.Vcpu) && (IsTime(key) || _filter.PassesExit(key.Code.Code, key.Level));

    // A wall clock has no reason; it is not shown if reasons are left out.
    private static bool IsTime(GroupKey key) => key.Level == default;

    // What was slow for the kernel is slow here: the parts of an event may be less than what it compared, because they add up to the
    // duration.
    private bool IsSlow(in SlowExit exit, ulong thresholdNs, TimePart? part)
    {
        if (part == _recording.Header.SlowPart && thresholdNs <= _recording.Header.SlowNs) return true;
        return (part is { } one ? exit.Parts?[one] : exit.DurationNs) >= thresholdNs;
    }
}
