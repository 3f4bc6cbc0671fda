using System.Collections.Immutable;
using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Recordings;

/// <summary>The exits of a recording that pass some filters, as a live trace with these filters would have answered.</summary>
internal sealed class RecordedExits
{
    private readonly Recording _recording;
    private readonly FilterRequest _filters;
    private readonly ImmutableHashSet<ulong> _reasons, _excludes;
    private readonly ImmutableHashSet<int> _vcpus;

    /// <summary>Resolves the filters.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="filters">As typed.</param>
    /// <exception cref="KvmscopeException">A reason that there is not, or what the recording does not keep apart (status 2).</exception>
    public RecordedExits(Recording recording, FilterRequest filters)
    {
        (_recording, _filters) = (recording, filters);
        _reasons = [.. filters.Reasons.Select(r => FilterResolver.Reason(r, recording.Header.Isa))];
        _excludes = [.. filters.Excludes.Select(r => FilterResolver.Reason(r, recording.Header.Isa))];
        if (!_reasons.IsEmpty && _excludes.IsSupersetOf(_reasons))
            throw UsageError.Of("--exclude leaves none of the reasons of --reason", "Leave out one of the two.");
        _vcpus = [.. filters.Vcpus];
        if (!_vcpus.IsEmpty) Require(Grouping.Vcpu, "--vcpu");
        if (filters.Vms.Count > 0) Require(Grouping.Vm, "--vm");
    }

    /// <summary>Whether no exit is left out by reason or level, by the recorder or here.</summary>
    public bool HasAll => _recording.Header.HasAllExits && _filters is { Reasons.Count: 0, Excludes.Count: 0, Level: null };

    /// <summary>The only level of which exits are there; null for both.</summary>
    public ExitLevel? Level => _filters.Level
        ?? (_recording.Header.Filters.Contains("--level l1") ? ExitLevel.L1 : _recording.Header.Filters.Contains("--level l2") ? ExitLevel.L2 : null);

    /// <summary>Says what is wrong where the recording does not keep apart what is asked for.</summary>
    public void Require(Grouping grouping, string what)
    {
        Grouping has = _recording.Header.Grouping;
        if (has >= grouping) return;
        throw UsageError.Of($"{what} needs a recording that keeps {(grouping == Grouping.Vcpu ? "vCPUs" : "VMs")} apart, and this one was made with --by {(has == Grouping.Vm ? "vm" : "host")}",
            $"Record with --by {(grouping == Grouping.Vcpu ? "vcpu" : "vm")}, or leave {what} out.");
    }

    /// <summary>The sum of some intervals.</summary>
    /// <param name="range">The intervals.</param>
    /// <param name="grouping">What is kept apart at least.</param>
    /// <param name="withQualifiers">Whether arguments are kept apart.</param>
    /// <exception cref="KvmscopeException">A VM or vCPU that was not there (2), or damage (1).</exception>
    public Interval Sum(IntervalRange range, Grouping grouping, bool withQualifiers)
    {
        if (_filters.Vms.Count > 0 && grouping < Grouping.Vm) grouping = Grouping.Vm;
        IntervalSum sum = _recording.Sum(range, grouping, withQualifiers, IsAll ? null : Passes);
        return sum.ToInterval(_filters.Vms.Count > 0 ? PassesVm : null);
    }

    /// <summary>The slow exits among them, in order.</summary>
    /// <param name="range">The intervals.</param>
    /// <param name="thresholdNs">How slow.</param>
    /// <param name="part">The part of the handling time that is meant; null is all of it.</param>
    public IEnumerable<SlowExit> Slow(IntervalRange range, ulong thresholdNs, TimePart? part) => _recording.Slow(range).Where(exit =>
        IsSlow(exit, thresholdNs, part) && PassesCode(exit.Code, exit.Level) && (_vcpus.IsEmpty || _vcpus.Contains(exit.Vcpu))
        && (_filters.Vms.Count == 0 || PassesVm(exit.Vm)));

    /// <summary>Says what is wrong where a VM or vCPU of the filters is in none of the intervals.</summary>
    /// <exception cref="KvmscopeException">It names those that there are (status 2).</exception>
    public void CheckNames(IntervalRange range)
    {
        CheckVms(range);
        CheckVcpus(range);
    }

    private void CheckVms(IntervalRange range)
    {
        if (_filters.Vms.Count == 0) return;
        IReadOnlyCollection<VmIdentity> seen = _recording.Sum(range, Grouping.Host, withQualifiers: false, static _ => false).Vms;
        foreach (string name in _filters.Vms)
        {
            if (seen.Any(v => IsNamed(v, name)) || _recording.Header.Machines.Any(m => m.Name == name || m.Pid.ToString() == name)) continue;
            throw UsageError.Of($"no VM in the recording has the name or pid '{name}'",
                seen.Count > 0 ? $"There are: {string.Join(", ", seen.Select(v => $"{v.Name} ({v.Pid})"))}" : "It holds no VM's exits in that time.");
        }
    }

    private void CheckVcpus(IntervalRange range)
    {
        if (_vcpus.IsEmpty || _vcpus.IsSubsetOf(VcpusIn(range))) return;
        ImmutableSortedSet<int> known;
        try
        {
            // One that did nothing in that time is no mistake.
            known = VcpusIn(_recording.All);
        }
        catch (KvmscopeException)
        {
            // Damaged elsewhere: which vCPUs there are is not known.
            return;
        }
        // Of VMs without any exit no vCPU is known either.
        if (known.IsEmpty || _vcpus.IsSubsetOf(known)) return;
        string vms = _filters.Vms.Count > 0 ? $" of {NearNames.Join(_filters.Vms)}" : "";
        throw UsageError.Of($"no vCPU {_vcpus.Where(id => !known.Contains(id)).Min()}{vms} is in the recording", $"There are: {FilterResolver.Ranges(known)}");
    }

    // Those of the VMs that are asked for, by what they did and by how long they ran.
    private ImmutableSortedSet<int> VcpusIn(IntervalRange range)
    {
        var seen = new HashSet<(int Vm, int Vcpu)>();
        IntervalSum sum = _recording.Sum(range, Grouping.Vcpu, wants: key =>
        {
            seen.Add((key.Vm, key.Vcpu));
            return false;
        });
        foreach (OpenExits open in sum.ToInterval().OpenAfter) seen.Add((open.Key.Vm, open.Key.Vcpu));
        HashSet<int> vms = [.. sum.Vms.Where(vm => _filters.Vms.Count == 0 || PassesVm(vm)).Select(vm => vm.Ordinal)];
        return [.. seen.Where(s => vms.Contains(s.Vm)).Select(s => s.Vcpu)];
    }

    private bool IsAll => _reasons.IsEmpty && _excludes.IsEmpty && _vcpus.IsEmpty && _filters.Level is null;

    private bool Passes(GroupKey key) => (_vcpus.IsEmpty || _vcpus.Contains(key.Vcpu)) && (IsTime(key) || PassesCode(key.Code, key.Level));

    // Wall clocks are of no reason; where reasons are left out they are not shown.
    private static bool IsTime(GroupKey key) => key.Level == default;

    // What was slow to the kernel is: the parts of an event may be less than what it compared, as they add up to the duration.
    private bool IsSlow(in SlowExit exit, ulong thresholdNs, TimePart? part)
    {
        if (part == _recording.Header.SlowPart && thresholdNs <= _recording.Header.SlowNs) return true;
        return (part is { } one ? exit.Parts?[one] : exit.DurationNs) >= thresholdNs;
    }

    private bool PassesCode(ExitCode code, ExitLevel level) =>
        (_reasons.IsEmpty || _reasons.Contains(code.Code)) && !_excludes.Contains(code.Code) && (_filters.Level is null || _filters.Level == level);

    private bool PassesVm(VmIdentity vm) => _filters.Vms.Any(name => IsNamed(vm, name));

    // The second VM of a process is "name#2": the filter is by process, as for a trace.
    private static bool IsNamed(VmIdentity vm, string name) =>
        vm.Name == name || vm.Pid.ToString() == name || (vm.Name.StartsWith(name, StringComparison.Ordinal) && vm.Name.AsSpan(name.Length) is ['#', .. var rest] && int.TryParse(rest, out _));
}
