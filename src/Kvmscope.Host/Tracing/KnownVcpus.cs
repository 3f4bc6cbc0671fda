using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;
using Kvmscope.Core.Sources;

namespace Kvmscope.Host.Tracing;

/// <summary>
/// vCPUs that /proc showed when the trace began and that have not made an event yet: they have no slot, and are there nevertheless.
/// </summary>
internal sealed class KnownVcpus
{
    private readonly Dictionary<uint, (VmIdentity Vm, HashSet<int> Ids)> _silent = [];
    private readonly Func<int, bool> _isAlive;

    /// <summary>Learns their VMs' names: later they may have ended.</summary>
    /// <param name="machines">The VMs. Where a process has several, it is not known which vCPU belongs to which: they are left out.</param>
    /// <param name="filter">Which vCPUs are traced.</param>
    /// <param name="isAlive">Whether a process is alive.</param>
    /// <param name="vms">The VMs of the trace, of which none was seen yet.</param>
    internal KnownVcpus(IEnumerable<VirtualMachine> machines, ExitFilter filter, Func<int, bool> isAlive, VmDirectory vms)
    {
        _isAlive = isAlive;
        foreach (VirtualMachine machine in machines)
        {
            if (machine.VmCount != 1 || (!filter.Pids.IsEmpty && !filter.Pids.Contains(machine.Pid))) continue;
            HashSet<int> ids = [.. machine.VcpuIds.Where(filter.PassesVcpu)];
            if (ids.Count > 0) _silent.Add((uint)machine.Pid, (vms.Of((uint)machine.Pid, 0), ids));
        }
    }

    /// <summary>The vCPU has a slot now, or had one.</summary>
    internal void Seen(uint tgid, int vcpu)
    {
        if (_silent.Count == 0 || !_silent.TryGetValue(tgid, out (VmIdentity, HashSet<int> Ids) machine)) return;
        machine.Ids.Remove(vcpu);
        if (machine.Ids.Count == 0) _silent.Remove(tgid);
    }

    /// <summary>The VM has ended, and with it those of its vCPUs that never made an event.</summary>
    internal void Forget(VmIdentity vm)
    {
        if (_silent.TryGetValue((uint)vm.Pid, out (VmIdentity Vm, HashSet<int>) machine) && machine.Vm.Ordinal == vm.Ordinal)
            _silent.Remove((uint)vm.Pid);
    }

    /// <summary>Adds those that are left; where their process has ended, for the last time and without a state.</summary>
    internal void Add(Reading reading)
    {
        foreach ((uint tgid, (VmIdentity vm, HashSet<int> ids)) in _silent)
        {
            bool isAlive = _isAlive((int)tgid);
            foreach (int id in ids)
            {
                reading.AddVcpu(vm, GroupKey.OfVcpu(vm.Ordinal, id));
                if (isAlive) reading.States.Add(new VcpuState(vm.Ordinal, id, VcpuPlace.Unknown, 0));
            }
            // Another process may get its number.
            if (!isAlive) _silent.Remove(tgid);
        }
    }
}
