using System.Collections.Immutable;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Selections;

/// <summary>
/// Which exits are meant, by VM, vCPU, reason and level, as they were typed: in options, in a rule, in the arguments of a drop-in name, or
/// in the options of the command that made a recording. What is empty or null excludes nothing.
/// </summary>
public sealed record Selection
{
    /// <summary>VMs; <see cref="VmFilter"/> says what each of them means.</summary>
    public ImmutableArray<string> Vms { get; init; } = [];

    /// <summary>vCPU ids.</summary>
    public ImmutableArray<int> Vcpus { get; init; } = [];

    /// <summary>Names, numbers or patterns of exit reasons (<see cref="ReasonSelector"/>).</summary>
    public ImmutableArray<string> Reasons { get; init; } = [];

    /// <summary>Names, numbers or patterns of exit reasons that are not meant.</summary>
    public ImmutableArray<string> ExcludedReasons { get; init; } = [];

    /// <summary>The level; null for both.</summary>
    public ExitLevel? Level { get; init; }

    /// <summary>Whether no reason and no level is excluded; VMs and vCPUs may be.</summary>
    public bool HasAllExits => Reasons.IsEmpty && ExcludedReasons.IsEmpty && Level is null;

    /// <summary>The finest grouping that is read for an answer: where VMs are chosen, they must be kept apart until then.</summary>
    /// <param name="answer">How finely the answer keeps vCPUs apart.</param>
    public Grouping FinestFor(Grouping answer) => Vms.IsEmpty || answer > Grouping.Vm ? answer : Grouping.Vm;

    /// <summary>Looks up all but the VMs, which need to be known.</summary>
    /// <exception cref="KvmscopeException">The ISA does not have a reason, or all are excluded (status 2).</exception>
    public ExitFilter Resolve(Isa isa)
    {
        var filter = new ExitFilter
        {
            VcpuIds = [.. Vcpus.Distinct()],
            Codes = [.. Reasons.SelectMany(r => ReasonSelector.Codes(r, isa)).Distinct()],
            ExcludedCodes = [.. ExcludedReasons.SelectMany(r => ReasonSelector.Codes(r, isa)).Distinct()],
            Level = Level,
        };
        if (!filter.Codes.IsEmpty && filter.Codes.All(code => filter.ExcludedCodes.Contains(code)))
            throw new KvmscopeException(ExitStatus.Usage, "--exclude removes all reasons of --reason", "Remove one of the two options.");
        // A pattern that means all of them; what has no name would be left, which nobody means.
        return filter.ExcludedCodes.Length > 0 && filter.ExcludedCodes.Length >= IsaInfo.Of(isa).Reasons.Count && isa != Isa.None
            ? throw new KvmscopeException(ExitStatus.Usage, "--exclude removes all exit reasons", "Give a pattern that leaves some.")
            : filter;
    }

    /// <summary>
    /// The VMs that are meant, each with the vCPUs that are meant; a VM without such a vCPU is left out. Where not all VMs of a process are
    /// meant, those that are come one by one.
    /// </summary>
    /// <param name="machines">All VMs.</param>
    /// <param name="vms">What the VMs of this selection mean; null to look them up among all.</param>
    /// <exception cref="KvmscopeException">A number is the name of one VM and the pid of another (status 2).</exception>
    public IEnumerable<VirtualMachine> Traced(IReadOnlyCollection<VirtualMachine> machines, VmFilter? vms = null)
    {
        vms ??= VmFilter.Resolve(Vms, [.. machines.SelectMany(m => m.Vms)]);
        foreach (VirtualMachine machine in machines)
        {
            ImmutableArray<int> ids = Vcpus.IsEmpty ? machine.VcpuIds : [.. machine.VcpuIds.Where(id => Vcpus.Contains(id))];
            if (!Vcpus.IsEmpty && ids.IsEmpty) continue;
            VirtualMachine traced = machine with { VcpuIds = ids };
            if (machine.Vms.All(vms.Matches)) yield return traced;
            else foreach (KnownVm vm in machine.Vms.Where(vms.Matches)) yield return traced with { Name = vm.Name, VmCount = 1 };
        }
    }
}
