using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;

namespace Kvmscope.Host.Tracing;

/// <summary>
/// vCPUs that /proc showed when the trace began and that have not made an event yet: they have no slot, and are there nevertheless.
/// </summary>
internal sealed class KnownVcpus
{
    private readonly HashSet<(uint Tgid, int Vcpu)> _silent;
    private readonly Func<int, bool> _isAlive;

    /// <param name="machines">The VMs. Where a process has several, it is not known which vCPU belongs to which: they are left out.</param>
    /// <param name="filter">Which vCPUs are traced.</param>
    /// <param name="isAlive">Whether a process is alive.</param>
    internal KnownVcpus(IEnumerable<VirtualMachine> machines, ExitFilter filter, Func<int, bool> isAlive)
    {
        _isAlive = isAlive;
        _silent =
        [
            .. machines.Where(m => m.VmCount == 1 && (filter.Pids.IsEmpty || filter.Pids.Contains(m.Pid)))
                .SelectMany(m => m.VcpuIds.Where(filter.PassesVcpu).Select(id => ((uint)m.Pid, id))),
        ];
    }

    /// <summary>The vCPU has a slot now, or had one.</summary>
    internal void Seen(uint tgid, int vcpu)
    {
        if (_silent.Count > 0) _silent.Remove((tgid, vcpu));
    }

    /// <summary>Adds the state of those that are left.</summary>
    internal void Add(VmDirectory vms, Reading reading)
    {
        _silent.RemoveWhere(vcpu => !_isAlive((int)vcpu.Tgid));
        foreach ((uint tgid, int id) in _silent)
        {
            VmIdentity vm = vms.OfProcess(tgid);
            reading.Vms.TryAdd(vm.Ordinal, vm);
            reading.States.Add(new VcpuState(vm.Ordinal, id, VcpuPlace.Unknown, 0));
        }
    }
}
